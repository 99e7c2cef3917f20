"""Every field of the activity, as Pipedrive has it in the end."""

import datetime
import html
import time

import pytest

from tests.portal.running_portal import Portal
from tests.portal.tenants import Person, Tenant, new_number, ready_tenant
from tests.sandbox.running_sandbox import Json

pytestmark = pytest.mark.processes

SECONDS_FOR_NEWS = 3
"""Until the portal has surely heard of both persons with one number; a call in between goes to the first."""
OWN_NUMBER = "+358941234567"
HELSINKI = datetime.timezone(datetime.timedelta(hours=2))


@pytest.fixture(scope="module")
def company(portal: Portal) -> tuple[Tenant, Person]:
    """A company that writes English, and its admin."""
    tenant, aino = ready_tenant(portal)
    aino.browser.change("settings/company/", language="en")
    return tenant, aino


def _logged(tenant: Tenant, rep: Person, contact: Json, **changes: object) -> tuple[Json, Json]:
    """Let a call end; return it and its activity."""
    call = rep.wait_for_call(tenant.ring(rep, **changes), "logged")
    activities = [each for each in tenant.activities_of(contact) if each["id"] == call["activity_id"]]
    assert len(activities) == 1
    return call, activities[0]


def _as_national(number: str) -> str:
    return "0" + number.removeprefix("+358")


def _with_spaces(number: str) -> str:
    national = _as_national(number)
    return f"{national[:3]} {national[3:6]} {national[6:]}"


def _with_zeros(number: str) -> str:
    return "00" + number.removeprefix("+")


@pytest.mark.parametrize(
    ("direction", "answered", "subject", "first_line"),
    [
        ("in", True, "Incoming call, 2 min 52 s", "Incoming call, answered"),
        ("in", False, "Missed call", "Incoming call, not answered"),
        ("out", True, "Outgoing call, 2 min 52 s", "Outgoing call, answered"),
        ("out", False, "Outgoing call, no answer", "Outgoing call, not answered"),
    ],
)
def test_each_kind_of_call_has_every_field(
    company: tuple[Tenant, Person], *, direction: str, answered: bool, subject: str, first_line: str
) -> None:
    tenant, aino = company
    contact = tenant.contact(number := new_number())
    ends = (number, OWN_NUMBER) if direction == "in" else (OWN_NUMBER, number)
    talk = 172 if answered else 0
    call, activity = _logged(
        tenant,
        aino,
        contact,
        direction=direction,
        answered=answered,
        result="answered" if answered else "missed",
        from_=ends[0],
        to=ends[1],
        started_at="2026-11-02T00:30:15+02:00",
        answered_at="2026-11-02T00:30:23+02:00" if answered else None,
        ended_at=...,
        talk_seconds=talk,
    )
    expected = {
        "subject": subject,
        "type": "call",
        "done": True,
        "owner_id": aino.pipedrive_user["id"],
        "participants": [{"person_id": contact["id"], "primary": True}],
        "org_id": None,
        "deal_id": None,
        "due_date": "2026-11-01",
        "due_time": "22:30:00",
        "duration": "00:03:00" if answered else "00:00:00",
        "busy": False,
        "is_deleted": False,
    }
    assert {name: activity[name] for name in expected} == expected
    assert activity["note"].split("<br>") == [
        first_line,
        f"From: {ends[0]}",
        f"To: {ends[1]}",
        "Talk time: 2 min 52 s (172 s)" if answered else "Talk time: 0 s",
        "Ring time: 8 s",
        f"Ref {call['id']}",
    ]


@pytest.mark.parametrize("spelled", [_as_national, _with_spaces, _with_zeros], ids=lambda each: each.__name__)
@pytest.mark.parametrize("whose", ["in the event", "at the contact"])
def test_a_number_is_known_in_every_spelling(company: tuple[Tenant, Person], spelled: object, whose: str) -> None:
    tenant, aino = company
    assert callable(spelled)
    number = new_number()
    typed = spelled(number)
    contact = tenant.contact(number if whose == "in the event" else typed)
    call, activity = _logged(tenant, aino, contact, from_=typed if whose == "in the event" else number)
    assert call["customer_number"] == number
    assert f"From: {number}" in activity["note"]
    assert call["person"] == {"id": contact["id"], "name": contact["name"]}


def test_the_persons_organisation_is_the_activitys(company: tuple[Tenant, Person]) -> None:
    tenant, aino = company
    organization = tenant.portal.sandbox.order("pipedrive/control/organizations", name="Kuusikon Puutarha Oy")
    contact = tenant.contact(number := new_number(), org_id=organization["id"])
    call, activity = _logged(tenant, aino, contact, from_=number)
    assert activity["org_id"] == organization["id"]
    assert call["organization"] == {"id": organization["id"], "name": "Kuusikon Puutarha Oy"}


@pytest.mark.parametrize(
    ("seconds", "duration"), [(1, "00:01:00"), (60, "00:01:00"), (61, "00:02:00"), (3599, "01:00:00")]
)
def test_the_duration_is_rounded_up_to_the_minute(company: tuple[Tenant, Person], seconds: int, duration: str) -> None:
    tenant, aino = company
    contact = tenant.contact(number := new_number())
    _call, activity = _logged(tenant, aino, contact, from_=number, talk_seconds=seconds)
    assert activity["duration"] == duration
    assert f"{seconds} s" in activity["note"], "the note has it exactly"


def test_a_time_without_offset_is_helsinkis(company: tuple[Tenant, Person]) -> None:
    tenant, aino = company
    contact = tenant.contact(number := new_number())
    started = (datetime.datetime.now(HELSINKI) - datetime.timedelta(days=1)).replace(microsecond=0)
    times = {"started_at": started.replace(tzinfo=None).isoformat(), "answered_at": ..., "ended_at": ...}
    call, activity = _logged(tenant, aino, contact, from_=number, **times)
    in_utc = started.astimezone(datetime.UTC)
    assert (activity["due_date"], activity["due_time"]) == (f"{in_utc:%Y-%m-%d}", f"{in_utc:%H:%M}:00")
    assert call["started_at"] == f"{in_utc:%Y-%m-%dT%H:%M:%SZ}"


def test_names_are_escaped_in_the_note(company: tuple[Tenant, Person]) -> None:
    tenant, aino = company
    number = new_number()
    name = '<b>Olli</b> & "Pojat"'
    tenant.contact(number, name)
    own = tenant.contact(number, "Päivi <script>", owner_id=aino.pipedrive_user["id"])
    time.sleep(SECONDS_FOR_NEWS)
    _call, activity = _logged(tenant, aino, own, from_=number)
    assert html.escape(name) in activity["note"]
    assert "<b>" not in activity["note"]


def test_the_activity_is_in_the_companys_language(portal: Portal) -> None:
    tenant, aino = ready_tenant(portal)
    aino.browser.change("settings/company/", language="fi")
    contact = tenant.contact(number := new_number())
    _call, activity = _logged(tenant, aino, contact, from_=number)
    assert "min 52 s" in activity["subject"]
    assert "Incoming" not in activity["subject"]
