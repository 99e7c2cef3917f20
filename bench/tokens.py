"""Benchmark `tokens`: Pipedrive's tokens per logged call on a customer's day, beside asking Pipedrive for each call."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.customer import Customer, customer, errors_in_logs
from bench.day import Plan, day
from bench.measures import AtLeast, AtMost, Beside, Measure
from bench.naive import Outcome, Ring, log_all, one_search, three_searches
from bench.play import Playing, playing
from sandbox.demo.people import AINO, BO
from sandbox.demo.report import say
from sandbox.json_body import Json

PLAN = Plan()
DAILY_TOKENS = 60_000
"""Of the stand-in's company: two seats of the smallest plan."""
TOKENS_AT_MOST = 6.0
SWEEP_SECONDS = 60.0
NAIVE_CALLS = 100
WAYS = (("three searches a call", three_searches), ("one search a call", one_search))
DANIEL = "daniel@esimerkki.example"
"""Has connected nothing: no request of the portal's comes with his token."""


@dataclass(frozen=True, kw_only=True)
class Ours:
    """What became of the day in the portal and in Pipedrive.

    Attributes:
        counts: Pipedrive's own count of requests and tokens.
        upkeep: tokens of a whole day's upkeep, by what for, beyond what the run took.
        logged: calls that the portal calls logged.
        right, wrong: of these, those whose activity has the caller as its person, and the rest.
        spare: activities of which there is no call, or a second one.
    """

    counts: Json
    upkeep: dict[str, float]
    logged: int
    right: int
    wrong: int
    spare: int

    @property
    def tokens_in_run(self) -> float:
        return float(self.counts["tokens"])

    @property
    def tokens_per_logged_call(self) -> float:
        return (self.tokens_in_run + sum(self.upkeep.values())) / self.logged if self.logged else math.inf


@dataclass(frozen=True)
class Naive:
    """What a naive way came to, as it stands beside ours in the table."""

    name: str
    outcome: Outcome

    @property
    def tokens(self) -> Beside:
        return Beside(self.outcome.tokens_per_logged_call, self.name)

    @property
    def recall(self) -> Beside:
        return Beside(self.outcome.recall, self.name)

    @property
    def wrong(self) -> Beside:
        return Beside(self.outcome.wrong, f"{self.name}, of {self.outcome.calls}:")


def run(folder: Path) -> list[Measure]:
    """Play the day to the portal, then to the naive ways."""
    with customer(folder) as running:
        played, ours = _ours(running)
        naive = _naive(running, played)
        troubles = running.troubles()
    return [*_measures(ours, played, naive), errors_in_logs(troubles)]


def _ours(running: Customer) -> tuple[Playing, Ours]:
    """The day as the portal does it. Everything counts, from the first request on."""
    stand_in = running.stand_in
    first_id = stand_in.add_persons(PLAN.known)
    known = [each for each in stand_in.persons(2 * PLAN.known) if each.person_id >= first_id]
    stand_in.count_anew()
    admin = running.settle_in(AINO, BO)
    running.wait_for_first_sweep(seconds=SWEEP_SECONDS)
    say(f"{PLAN.calls:,} calls of a day, {PLAN.newcomers} new persons meanwhile ...")
    played = playing(running, admin, PLAN, known)
    played.play(day(PLAN))
    counts = stand_in.counts()
    upkeep = running.inside("bench.upkeep", "upkeep_of_a_day", persons=len(played.known), daily_tokens=DAILY_TOKENS)
    _say_counts(counts, upkeep)
    return played, _judged(played, counts, upkeep)


def _judged(played: Playing, counts: Json, upkeep: dict[str, float]) -> Ours:
    """Hold what Pipedrive has against what is true."""
    activities = {each["id"]: each for each in played.customer.stand_in.pipedrive("activities")["activities"]}
    logged = [call for call in played.calls() if call["status"] == "logged"]
    found = {call["external_id"]: activities.get(call["activity_id"]) for call in logged}
    right = sum(
        activity is not None and activity["person_id"] == played.truth(call_id) for call_id, activity in found.items()
    )
    return Ours(
        counts=counts,
        upkeep=upkeep,
        logged=len(logged),
        right=right,
        wrong=len(found) - right,
        spare=len(activities) - len(found),
    )


def _naive(running: Customer, played: Playing) -> list[Naive]:
    """Every tenth call of the day, the naive ways, first with a kind search and then with a strict one: how Pipedrive
    matches numbers is not documented. By now all persons are there, which is in their favour.
    """
    running.stand_in.lift_limits()
    rings, pipedrive = list(_rings(played)), running.plain_pipedrive(DANIEL)
    say(f"{len(rings)} of the calls, searched for in Pipedrive each ...")
    kind = [Naive(name, log_all(way, rings, pipedrive=pipedrive, stand_in=running.stand_in)) for name, way in WAYS]
    running.stand_in.match_as_typed()
    strict = [
        Naive(f"{name}, strict", log_all(way, rings, pipedrive=pipedrive, stand_in=running.stand_in))
        for name, way in WAYS
    ]
    return [*kind, *strict]


def _rings(played: Playing) -> Iterator[Ring]:
    for call_id in list(played.ended)[:: len(played.ended) // NAIVE_CALLS]:
        number = played.ended[call_id].number
        yield Ring(number=number, person_id=played.truth(call_id), rep_email=AINO.email)


def _say_counts(counts: Json, upkeep: dict[str, float]) -> None:
    say("Requests and tokens by Pipedrive's own count:")
    for name, count in counts["operations"].items():
        say(f"  {name:<36} {count['requests']:>6} {count['tokens']:>8}  {count['statuses']}")
    say("Added for a whole day: " + ", ".join(f"{name} {tokens:.0f}" for name, tokens in upkeep.items()))


def _measures(ours: Ours, played: Playing, naive: list[Naive]) -> list[Measure]:
    calls = len(played.ended)
    tokens, recall = ours.tokens_per_logged_call, 100 * ours.right / calls
    return [
        Measure(what="tokens per logged call", value=tokens, digits=2, against=AtMost(TOKENS_AT_MOST)),
        Measure(what="  of these, measured in the run", value=ours.tokens_in_run / calls, digits=2),
        Measure(what="  of these, a whole day's upkeep", value=sum(ours.upkeep.values()) / calls, digits=2),
        *(Measure(what="  the same", value=tokens, digits=2, against=each.tokens) for each in naive[: len(WAYS)]),
        Measure(what="calls logged", value=ours.logged, against=AtLeast(calls)),
        Measure(what="calls on the right person", value=recall, unit="%", digits=1, against=AtLeast(100)),
        *(Measure(what="  the same", value=recall, unit="%", digits=1, against=each.recall) for each in naive),
        Measure(what="calls on a wrong person", value=ours.wrong, against=AtMost(0)),
        *(Measure(what="  the same", value=ours.wrong, against=each.wrong) for each in naive[: len(WAYS)]),
        Measure(what="calls that waited for a person to come", value=played.waited, against=AtLeast(PLAN.early_calls)),
        Measure(what="activities too many", value=ours.spare, against=AtMost(0)),
    ]
