"""The call history as JSON: its fields, its filters, its pages, and who sees what."""

import datetime
from collections import Counter
from collections.abc import Iterable

import pytest

from tests.portal.running_portal import Portal
from tests.portal.tenants import SECONDS_TO_LOG, Person, Tenant, new_number, ready_tenant
from tests.sandbox.running_sandbox import Json, wait_until

pytestmark = pytest.mark.processes

FIELDS = (
    *("id", "external_id", "direction", "answered", "result", "customer_number", "own_number", "started_at"),
    *("ring_seconds", "talk_seconds", "rep", "status", "reason", "explanation", "person", "organization"),
    *("activity_id", "activity_url"),
)
FIRST_START = datetime.datetime(2026, 11, 2, 8, 0, tzinfo=datetime.UTC)

ENDED = {"logged": 4, "skipped": 1, "waiting": 1}
"""Of the six calls one has a hidden number, and one the number of nobody."""


class Cast:
    """Aino owns the company, Bo is on her team, Cecilia belongs to another company and must see nothing of them."""

    def __init__(self, portal: Portal) -> None:
        self.tenant, self.aino = ready_tenant(portal, seats=2)
        self.bo = self.tenant.join("bo")
        self.bo.connect()
        self.cecilia = Tenant(portal, seats=1).join("cecilia")
        self.number = new_number()
        self.contact = self.tenant.contact(self.number)
        self.ids = self._ring()

    def _ring(self) -> dict[str, str]:
        """Let six calls end, an hour apart; return Mustalinja's id of each."""
        known = {"from_": self.number}
        out = {"from_": "+358941234567", "to": self.number, "direction": "out"}
        missed = {"answered": False, "result": "missed", "talk_seconds": 0}
        ring = self._ring_one
        return {
            "answered": ring(0, self.aino, **known),
            "missed": ring(1, self.aino, **known, **missed),
            "hidden": ring(2, self.aino, hidden=True, from_="anonymous"),
            "bo out": ring(3, self.bo, **out),
            "bo nobody": ring(4, self.bo),
            "bo unanswered": ring(5, self.bo, **out, **missed),
        }

    def _ring_one(self, hours: int, rep: Person, **changes: object) -> str:
        started = (FIRST_START + datetime.timedelta(hours=hours)).isoformat()
        return self.tenant.ring(rep, started_at=started, answered_at=..., ended_at=..., **changes)

    def named(self, calls: Iterable[Json]) -> list[str]:
        """Return our names of calls, in their order."""
        names = {call_id: name for name, call_id in self.ids.items()}
        return [names[call["external_id"]] for call in calls]


@pytest.fixture(scope="module")
def cast(portal: Portal) -> Cast:
    """The cast, once nothing is on its way any more: a call that is faster than the word of its contact waits."""
    cast = Cast(portal)
    wait_until(lambda: Counter(call["status"] for call in cast.aino.browser.calls()) == ENDED, SECONDS_TO_LOG)
    return cast


def test_a_logged_call_has_every_field(cast: Cast) -> None:
    call = cast.aino.browser.call(cast.ids["answered"])
    assert call is not None
    activity = cast.tenant.activities_of(cast.contact)
    assert call.keys() >= set(FIELDS)
    expected = {
        "direction": "in",
        "answered": True,
        "result": "answered",
        "customer_number": cast.number,
        "own_number": "+358941234567",
        "started_at": "2026-11-02T08:00:00Z",
        "ring_seconds": 8,
        "talk_seconds": 172,
        "rep": cast.aino.email,
        "status": "logged",
        "reason": "logged",
        "person": {"id": cast.contact["id"], "name": "Eero Mäkinen"},
        "organization": None,
    }
    assert {name: call[name] for name in expected} == expected
    assert call["explanation"].startswith("The call is logged")
    assert call["activity_id"] in [each["id"] for each in activity]
    assert call["activity_url"].startswith(f"{cast.tenant.portal.sandbox.url}/pipedrive/activities/")
    assert call["activity_url"].endswith(f"/{call['activity_id']}")
    assert cast.aino.browser.get(call["activity_url"]).status == 200


def test_a_hidden_number_is_null_and_the_call_skipped(cast: Cast) -> None:
    call = cast.aino.browser.call(cast.ids["hidden"])
    assert call is not None
    nothing = ("customer_number", "person", "organization", "activity_id", "activity_url")
    assert [call[name] for name in nothing] == [None] * len(nothing)
    assert (call["status"], call["reason"]) == ("skipped", "hidden_number")


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({}, ["bo unanswered", "bo nobody", "bo out", "hidden", "missed", "answered"]),
        ({"status": "logged"}, ["bo unanswered", "bo out", "missed", "answered"]),
        ({"status": "waiting"}, ["bo nobody"]),
        ({"reason": "no_contact"}, ["bo nobody"]),
        ({"reason": "hidden_number"}, ["hidden"]),
        ({"direction": "out"}, ["bo unanswered", "bo out"]),
        ({"answered": "false"}, ["bo unanswered", "missed"]),
        ({"answered": "true", "direction": "in", "status": "logged"}, ["answered"]),
        ({"since": "2026-11-02T10:00:00Z", "until": "2026-11-02T12:00:00Z"}, ["bo out", "hidden"]),
        ({"since": "2026-11-02T14:00:00+02:00"}, ["bo unanswered", "bo nobody"]),
    ],
    ids=str,
)
def test_the_admin_filters_the_companys_calls(cast: Cast, filters: dict[str, str], names: list[str]) -> None:
    assert cast.named(cast.aino.browser.calls(**filters)) == names


def test_the_admin_filters_by_rep(cast: Cast) -> None:
    calls = cast.aino.browser.calls(rep=cast.bo.email)
    assert cast.named(calls) == ["bo unanswered", "bo nobody", "bo out"]
    assert cast.aino.browser.calls(rep=cast.cecilia.email) == []


def test_a_number_is_found_in_every_spelling(cast: Cast) -> None:
    national = "0" + cast.number.removeprefix("+358")
    spaced = f"{national[:3]} {national[3:6]} {national[6:]}"
    for spelled in (cast.number, national, spaced, "00" + cast.number[1:], f"({national[:3]}) {national[3:]}"):
        names = cast.named(cast.aino.browser.calls(number=spelled))
        assert names == ["bo unanswered", "bo out", "missed", "answered"], spelled
    assert cast.aino.browser.calls(number="040 999 9999") == []


@pytest.mark.parametrize("filters", [{"status": "lost"}, {"since": "yesterday"}, {"direction": "up"}], ids=str)
def test_a_filter_that_makes_no_sense_is_400(cast: Cast, filters: dict[str, str]) -> None:
    assert cast.aino.browser.api("calls/", query=filters).status_code == 400


def test_pages_follow_each_other_without_gap_or_overlap(cast: Cast) -> None:
    seen: list[str] = []
    address: str | None = "calls/?page_size=2"
    pages = []
    while address is not None:
        page = cast.aino.browser.api(address).json()
        seen += cast.named(page["results"])
        pages.append(page)
        address = page["next"]
    assert seen == ["bo unanswered", "bo nobody", "bo out", "hidden", "missed", "answered"]
    assert [page["previous"] is None for page in pages] == [True, False, False]
    back = cast.aino.browser.api(pages[1]["previous"]).json()
    assert cast.named(back["results"]) == ["bo unanswered", "bo nobody"]


def test_a_rep_sees_only_his_own_calls(cast: Cast) -> None:
    assert cast.named(cast.bo.browser.calls()) == ["bo unanswered", "bo nobody", "bo out"]
    assert cast.bo.browser.calls(rep=cast.aino.email) == []
    hers = cast.aino.browser.call(cast.ids["answered"])
    assert hers is not None
    assert cast.bo.browser.api(f"calls/{hers['id']}/").status_code == 404
    alone = cast.aino.browser.api(f"calls/{hers['id']}/").json()
    assert {name: alone[name] for name in hers} == hers
    assert alone["steps"]
    assert cast.bo.browser.get(f"/calls/{hers['id']}/").status == 404


def test_another_company_sees_nothing(cast: Cast) -> None:
    assert cast.cecilia.browser.calls() == []
    assert not cast.cecilia.browser.get("/calls/").says("Eero Mäkinen")
    for call in cast.aino.browser.calls():
        assert cast.cecilia.browser.api(f"calls/{call['id']}/").status_code == 404
        assert cast.cecilia.browser.get(f"/calls/{call['id']}/").status == 404


def test_without_login_there_is_no_history(cast: Cast, portal: Portal) -> None:
    assert portal.browser().api("calls/").status_code in (401, 403)
    assert portal.browser().get("/calls/").path == "/accounts/login/"


def test_the_page_shows_and_filters_the_same_calls(cast: Cast) -> None:
    page = cast.aino.browser.get("/calls/")
    assert page.status == 200
    assert page.says("Eero Mäkinen")
    assert page.says("6 calls")
    filtered = cast.aino.browser.get("/calls/", status="waiting")
    assert filtered.says("1 call")
    assert not filtered.says("Eero Mäkinen")
    assert cast.aino.browser.get("/calls/", since="not a day").status == 200
