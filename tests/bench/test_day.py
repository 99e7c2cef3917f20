"""The day that is played is the one that was promised, the same each time."""

from collections import Counter

from bench.day import EARLY_BY, Plan, Step, arrival, day

PLAN = Plan()
DAY = day(PLAN)
CALLS = [(place, call) for place, step in enumerate(DAY) for call in step.calls]
CREATED = {caller: place for place, step in enumerate(DAY) for caller in step.newcomers}


def test_a_day_is_the_same_for_the_same_seed_and_another_for_another() -> None:
    assert day(PLAN) == DAY
    assert day(Plan(seed=2)) != DAY


def test_calls_and_newcomers_are_spread_evenly() -> None:
    assert len(CALLS) == 1_000
    assert {len(step.calls) for step in DAY} == {20}
    assert sorted(CREATED) == list(range(5_000, 5_250))
    assert {len(step.newcomers) for step in DAY} == {5}


def test_one_call_in_twenty_is_a_newcomers() -> None:
    newcomers = [call.caller for _place, call in CALLS if call.caller >= PLAN.known]
    assert len(newcomers) == len(set(newcomers)) == 50


def test_early_callers_call_before_they_are_there_and_the_others_after() -> None:
    early = [(place, call.caller) for place, call in CALLS if call.is_early]
    late = [(place, call.caller) for place, call in CALLS if call.caller >= PLAN.known and not call.is_early]
    assert len(early) == 20
    assert all(place == CREATED[caller] - EARLY_BY for place, caller in early)
    assert all(place > CREATED[caller] for place, caller in late)


def test_a_newcomer_is_created_when_the_plan_says() -> None:
    assert all(place == arrival(PLAN, caller - PLAN.known) for caller, place in CREATED.items())


def test_callers_follow_zipfs_law() -> None:
    plan = Plan(calls=50_000, newcomers=50, newcomer_calls=1, early_calls=1)
    often = Counter(call.caller for step in day(plan) for call in step.calls).most_common()
    harmonic = sum(1 / rank for rank in range(1, plan.known + 1))
    expected = [plan.calls / harmonic / rank for rank in (1, 2, 10)]
    for rank, wanted in zip((1, 2, 10), expected, strict=True):
        assert abs(often[rank - 1][1] - wanted) < 0.15 * wanted


def test_a_step_without_newcomers_is_a_step() -> None:
    few = day(Plan(known=10, calls=20, newcomers=10, newcomer_calls=2, early_calls=1, steps=20))
    assert all(isinstance(step, Step) and len(step.calls) == 1 for step in few)
