"""Logging calls without an index: everything is asked of Pipedrive for each call, with plain requests."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bench.stand_in import PlainPipedrive, StandIn

COUNTRIES = ("+358", "+46")
"""Of the invented numbers."""


@dataclass(frozen=True, kw_only=True)
class Ring:
    """A call as the naive ways get it.

    Attributes:
        number: in E.164.
        person_id: whose it truly is.
    """

    number: str
    person_id: int
    rep_email: str


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a way of logging came to.

    Attributes:
        tokens: by Pipedrive's own count.
        right, wrong: calls logged to the right person and to another one; the rest found nobody.
    """

    calls: int
    tokens: int
    right: int
    wrong: int

    @property
    def tokens_per_logged_call(self) -> float:
        logged = self.right + self.wrong
        return self.tokens / logged if logged else math.inf

    @property
    def recall(self) -> float:
        """Calls on the right person, in percent."""
        return 100 * self.right / self.calls


Way = Callable[[PlainPipedrive, Ring], int | None]
"""Logs a call and gives the person it chose; None when it found nobody."""


def three_searches(pipedrive: PlainPipedrive, ring: Ring) -> int | None:
    """Who is the rep, which types are there, three searches with three spellings, the person, the activity."""
    pipedrive.get("v1/users/find", term=ring.rep_email, search_by_email="1")
    pipedrive.get("v1/activityTypes")
    subscriber = without_country(ring.number)
    spellings = (ring.number, f"0{subscriber}", f"00{ring.number.removeprefix('+')}")
    hits = [hit for spelling in spellings for hit in _search(pipedrive, spelling)]
    return _log(pipedrive, hits)


def one_search(pipedrive: PlainPipedrive, ring: Ring) -> int | None:
    """One search for the digits that all spellings share, the person, the activity."""
    return _log(pipedrive, _search(pipedrive, without_country(ring.number)))


def without_country(number: str) -> str:
    """The digits that come after the country code."""
    country = next(each for each in COUNTRIES if number.startswith(each))
    return number.removeprefix(country)


def log_all(way: Way, rings: Sequence[Ring], *, pipedrive: PlainPipedrive, stand_in: StandIn) -> Outcome:
    """Log calls one after another, and count."""
    stand_in.count_anew()
    chosen = [way(pipedrive, ring) for ring in rings]
    right = sum(found == ring.person_id for found, ring in zip(chosen, rings, strict=True))
    nobody = chosen.count(None)
    tokens = int(stand_in.counts()["tokens"])
    return Outcome(calls=len(rings), tokens=tokens, right=right, wrong=len(rings) - right - nobody)


def _search(pipedrive: PlainPipedrive, term: str) -> list[int]:
    answer = pipedrive.get("v2/persons/search", term=term, fields="phone").json()
    return [int(hit["item"]["id"]) for hit in answer["data"]["items"]]


def _log(pipedrive: PlainPipedrive, hits: Sequence[int]) -> int | None:
    """Log to the first hit."""
    if not hits:
        return None
    pipedrive.get(f"v2/persons/{hits[0]}")
    activity = {"subject": "Call", "type": "call", "done": True}
    pipedrive.post("v2/activities", {**activity, "participants": [{"person_id": hits[0], "primary": True}]})
    return hits[0]
