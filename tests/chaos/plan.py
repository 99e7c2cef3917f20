"""What is going to happen: which calls end, whose they are, and which of them are told more than once."""

import random
from dataclasses import dataclass

TOLD_AGAIN = 0.3
TOLD_AT_ONCE = 0.5
"""Of those told again, the share whose deliveries come at the same moment; the others come after the logging."""
COPIES_AT_ONCE = 3
CALLS_A_SECOND = 25.0
SHORTEST_SECONDS = 16.0
"""Long enough for a few disasters, however few calls there are."""


@dataclass(frozen=True)
class PlannedCall:
    """One call that will end.

    Attributes:
        rep, contact: who speaks with whom, by their places in lists of any length.
        at_once: how many deliveries tell of it at the same moment.
        told_later: whether it is told once more when it has long been logged, as another leg.
    """

    rep: int
    contact: int
    at_once: int
    told_later: bool


@dataclass(frozen=True)
class Plan:
    """The same seed makes the same plan."""

    seed: int
    calls: tuple[PlannedCall, ...]

    @property
    def seconds_between(self) -> float:
        """How long after one call the next one ends."""
        return max(SHORTEST_SECONDS, len(self.calls) / CALLS_A_SECOND) / len(self.calls)


def make_plan(*, seed: int, calls: int) -> Plan:
    chance = random.Random(seed)  # noqa: S311 - lots, not a secret
    return Plan(seed, tuple(_planned(chance) for _call in range(calls)))


def _planned(chance: random.Random) -> PlannedCall:
    is_told_again, is_at_once = chance.random() < TOLD_AGAIN, chance.random() < TOLD_AT_ONCE
    return PlannedCall(
        rep=chance.randrange(1_000_000),
        contact=chance.randrange(1_000_000),
        at_once=COPIES_AT_ONCE if is_told_again and is_at_once else 1,
        told_later=is_told_again and not is_at_once,
    )
