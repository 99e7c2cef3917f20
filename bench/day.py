"""A day of calls, the same for the same seed: callers by Zipf's law, and newcomers whom other people add meanwhile."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

EARLY_BY = 2
"""So many steps before a newcomer is there, the early ones call."""


@dataclass(frozen=True)
class PlannedCall:
    """One call.

    Attributes:
        caller: 0 to `known` - 1 are there from the start, higher ones are newcomers in the order in which they come.
        is_early: the caller is not in Pipedrive yet.
    """

    caller: int
    is_early: bool = False


@dataclass(frozen=True)
class Step:
    """A part of the day: these calls end, then these newcomers are created."""

    calls: tuple[PlannedCall, ...]
    newcomers: tuple[int, ...]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a day is to be.

    Attributes:
        calls: in the whole day, those of newcomers among them.
        newcomer_calls: each is another newcomer's.
        early_calls: of the newcomers' calls, those that come before the newcomer is there.
        steps: parts of the day, with the same number of calls and of newcomers each.
    """

    known: int = 5_000
    calls: int = 1_000
    newcomers: int = 250
    newcomer_calls: int = 50
    early_calls: int = 20
    steps: int = 50
    seed: int = 1


def day(plan: Plan) -> list[Step]:
    """Make the day."""
    chance = random.Random(plan.seed)  # noqa: S311 - a choice of people, not a secret
    planned: list[list[PlannedCall]] = [[] for _step in range(plan.steps)]
    for step, call in _newcomer_calls(plan, chance):
        planned[step].append(call)
    each = plan.calls // plan.steps
    ranked = _by_rank(plan, chance)
    for calls in planned:
        calls += [PlannedCall(next(ranked)) for _free in range(each - len(calls))]
        chance.shuffle(calls)
    arrivals = [arrival(plan, place) for place in range(plan.newcomers)]
    return [
        Step(tuple(calls), tuple(plan.known + place for place, at in enumerate(arrivals) if at == step))
        for step, calls in enumerate(planned)
    ]


def arrival(plan: Plan, place: int) -> int:
    """The step at whose end a newcomer is created: they come evenly through the day."""
    return place * plan.steps // plan.newcomers


def _newcomer_calls(plan: Plan, chance: random.Random) -> list[tuple[int, PlannedCall]]:
    """The calls of newcomers with their steps, no more in a step than it has calls."""
    able = [place for place in range(plan.newcomers) if EARLY_BY <= arrival(plan, place) < plan.steps - 1]
    chosen = chance.sample(able, plan.newcomer_calls)
    found, in_step = list[tuple[int, PlannedCall]](), Counter[int]()
    for number, place in enumerate(chosen):
        is_early, there = number < plan.early_calls, arrival(plan, place)
        steps = [there - EARLY_BY] if is_early else list(range(there + 1, plan.steps))
        step = min(chance.sample(steps, min(3, len(steps))), key=lambda each: in_step[each])
        in_step[step] += 1
        found.append((step, PlannedCall(plan.known + place, is_early)))
    return found


def _by_rank(plan: Plan, chance: random.Random) -> Iterator[int]:
    """Callers by Zipf's law: the one of rank r calls in proportion to 1/r. Who has which rank is left to chance."""
    people = list(range(plan.known))
    chance.shuffle(people)
    weights = list(accumulate(1 / rank for rank in range(1, plan.known + 1)))
    while True:
        yield chance.choices(people, cum_weights=weights)[0]
