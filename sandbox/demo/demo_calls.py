"""The calls of the demonstration: who rings whom, and what is to become of it."""

import secrets
from dataclasses import dataclass, field
from functools import partial

from sandbox.demo.browser import Browser
from sandbox.demo.people import AINO, BO
from sandbox.demo.processes import Processes
from sandbox.demo.stand_ins import StandIns
from sandbox.json_body import Json

DANIEL = "daniel@esimerkki.example"
"""Has a telephone but no account in the portal."""
WAIT_SECONDS = 60.0


@dataclass(frozen=True)
class DemoCall:
    """One call as Mustalinja is to place it, and where it is to end.

    Attributes:
        person: whose timeline in Pipedrive is to show it; None where it is not to be logged.
    """

    story: str
    order: Json
    status: str = "logged"
    reason: str = "logged"
    person: str | None = None
    deliveries: int = 1


def _call(email: str, direction: str, number: str, **more: object) -> Json:
    return {"user_email": email, "direction": direction, "number": number, **more}


_in = partial(_call, direction="in")
_out = partial(_call, direction="out")

DEMO_CALLS = [
    DemoCall("Eero rings Aino, answered", _in(AINO.email, number="+358400124387"), person="Eero Mäkinen"),
    DemoCall(
        "Helmi rings Bo, missed",
        _in(BO.email, number="+358400124388", answered=False, ring_seconds=21),
        person="Helmi Koskela",
    ),
    DemoCall(
        "Bo rings Ilmari, dialled 0400124389",
        _out(BO.email, number="0400124389", talk_seconds=47),
        person="Ilmari Saarinen",
    ),
    DemoCall(
        "Aino rings Sanna, no answer", _out(AINO.email, number="+358400124393", answered=False), person="Sanna Jokinen"
    ),
    DemoCall(
        "Katri rings Bo, in Pipedrive as +358 40 012 4390",
        _in(BO.email, number="+358400124390", talk_seconds=612),
        person="Katri Lehtonen",
    ),
    DemoCall(
        "Bo rings Astrid in Sweden, told twice by Mustalinja",
        _out(BO.email, number="+46701234567"),
        person="Astrid Nyström",
        deliveries=2,
    ),
    DemoCall(
        "A number that nobody in Pipedrive has rings Aino",
        _in(AINO.email, number="+358400124399"),
        status="waiting",
        reason="no_contact",
    ),
    DemoCall(
        "A hidden number rings Bo", _in(BO.email, number="", hidden=True), status="skipped", reason="hidden_number"
    ),
    DemoCall(
        "Toivo rings Daniel, who has no account here",
        _in(DANIEL, number="+358400124394"),
        status="waiting",
        reason="unknown_rep",
    ),
]


@dataclass
class PlacedCall:
    """A demo call under way: Mustalinja's id of it, what the portal says of it, and what is wrong with that."""

    call: DemoCall
    call_id: str
    seen: Json = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)

    @property
    def has_arrived(self) -> bool:
        """Whether the portal shows the status that was to be."""
        return (self.seen.get("status"), self.seen.get("reason")) == (self.call.status, self.call.reason)


def place_all(stand_ins: StandIns) -> list[PlacedCall]:
    """Place every call. The ids are new in each run, since the portal keeps those of earlier ones."""
    run = secrets.token_hex(3)
    placed = [PlacedCall(call, f"demo-{run}-{number}") for number, call in enumerate(DEMO_CALLS, start=1)]
    for each in placed:
        stand_ins.place_call({**each.call.order, "overrides": {"call_id": each.call_id}})
        for _ in range(each.call.deliveries - 1):
            stand_ins.deliver_again(each.call_id)
    return placed


def watch(placed: list[PlacedCall], admin: Browser, stand_ins: StandIns, processes: Processes) -> None:
    """Wait, within bounds, for every call to end as it is to; then note what differs."""

    def all_arrived() -> bool:
        _look(placed, admin)
        accepted = stand_ins.accepted_deliveries()
        return all(each.has_arrived and accepted[each.call_id] == each.call.deliveries for each in placed)

    processes.wait_until(all_arrived, seconds=WAIT_SECONDS)
    accepted = stand_ins.accepted_deliveries()
    state = stand_ins.pipedrive("activities", "persons")
    for each in placed:
        each.differences = _differences(each, accepted[each.call_id], state)


def _look(placed: list[PlacedCall], admin: Browser) -> None:
    answer = admin.json("/api/v1/calls/") or {"results": []}
    found = {call["external_id"]: call for call in answer["results"]}
    for each in placed:
        each.seen = found.get(each.call_id, {})


def _differences(placed: PlacedCall, accepted: int, state: Json) -> list[str]:
    """What is not as it was to be: at Mustalinja's end, in the portal, in Pipedrive."""
    call, seen = placed.call, placed.seen
    differences = []
    if accepted != call.deliveries:
        differences.append(f"the event was accepted {accepted} times instead of {call.deliveries}")
    if not seen:
        return [*differences, "the portal does not show the call"]
    if not placed.has_arrived:
        differences.append(f"it is {seen['status']}/{seen['reason']} instead of {call.status}/{call.reason}")
    return differences + _activity_differences(call, seen, state)


def _activity_differences(call: DemoCall, seen: Json, state: Json) -> list[str]:
    activities = [each for each in state["activities"] if seen["id"] in (each["note"] or "")]
    wanted = 0 if call.person is None else 1
    if len(activities) != wanted:
        return [f"Pipedrive has {len(activities)} activities of it instead of {wanted}"]
    names = {person["id"]: person["name"] for person in state["persons"]}
    on = [names.get(link["person_id"]) for activity in activities for link in activity["participants"]]
    return [] if on == [call.person] * wanted else [f"the activity is on {on} instead of {call.person}"]
