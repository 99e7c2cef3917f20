"""Which of a rep's activities is the planned call: each condition by itself, and what Pipedrive is asked for."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from calls.planned_call_step import complete_what_was_planned
from integrations.models import PipedriveConnection
from tests.calls.settings_steps import patch
from tests.calls.steps import Connect, Place, activities, asked, fault
from tests.calls.test_planned_calls import DAY, EERO, Calendar, call_eero, states, work
from tests.sandbox.running_sandbox import Sandbox

SOMEBODY = 999_999
LIST = {"method": "GET", "path": "v2/activities$"}
WRONG: dict[str, dict[str, Any]] = {
    "done already": {"done": True},
    "deleted": {"is_deleted": True},
    "a colleague's": {"owner_id": SOMEBODY},
    "with another person": {"person_id": SOMEBODY},
    "of another type": {"type": "meeting"},
    "on the day before": {"due_date": "2026-11-23"},
    "on the day after": {"due_date": "2026-11-25"},
    "on no day": {"due_date": None, "due_time": None},
    "a logged call": {"note": "Incoming call<br>Ref ABCDEFGHJKMN"},
    "a task to call back": {"note": "Missed call<br>Ref F-ABCDEFGHJKMN"},
}


@pytest.fixture(autouse=True)
def _the_company_wants_it(admin: Client, connected: Connect, bo: User) -> None:
    connected(bo)
    patch(admin, language="en", planned_calls="complete")


@pytest.fixture
def calendar(outside: Sandbox, bo: User) -> Calendar:
    return Calendar(outside, bo.email)


def as_listed(outside: Sandbox, activity_id: int, **changes: Any) -> dict[str, Any]:
    activity = next(each for each in activities(outside) if each["id"] == activity_id)
    return activity | {"person_id": outside.person(EERO)["id"], "is_deleted": False} | changes


def answer_with(outside: Sandbox, order: dict[str, str], data: Any) -> None:
    """Whatever is asked for, Pipedrive answers with this once."""
    fault(outside, **order, status=200, body={"success": True, "data": data})


def test_what_is_asked_for_is_the_reps_open_activities_with_the_person(
    outside: Sandbox, place: Place, calendar: Calendar
) -> None:
    call = call_eero(place)
    complete_what_was_planned()
    (query,) = [
        each["query"]
        for each in outside.state("requests")["requests"]
        if each["method"] == "GET" and each["path"].endswith("v2/activities")
    ]
    owner = PipedriveConnection.objects.get().pipedrive_user_id
    wanted = {"person_id": str(call.person_id), "owner_id": str(owner), "done": "false"}
    assert {name: query[name] for name in wanted} == wanted


@pytest.mark.parametrize("changes", [{}, *WRONG.values()], ids=["the plan", *WRONG])
def test_whatever_pipedrive_lists_only_the_plan_is_marked(
    outside: Sandbox, place: Place, calendar: Calendar, changes: dict[str, Any]
) -> None:
    planned = calendar.plan()
    call_eero(place)
    answer_with(outside, LIST, [as_listed(outside, planned, **changes)])
    complete_what_was_planned()
    assert (calendar.done(planned), states()) == (([False], []) if changes else ([True], ["closed"]))


@pytest.mark.parametrize(
    "changes", [{}, *[each for each in WRONG.values() if "done" not in each]], ids=["the plan", *list(WRONG)[1:]]
)
def test_what_it_has_become_by_the_next_step_counts(
    outside: Sandbox, place: Place, calendar: Calendar, changes: dict[str, Any]
) -> None:
    planned = calendar.plan()
    call_eero(place)
    fault(outside, method="PATCH", path="v2/activities/", status=503)
    complete_what_was_planned()
    assert states() == ["closing"]
    one = {"method": "GET", "path": f"v2/activities/{planned}$"}
    answer_with(outside, one, as_listed(outside, planned, **changes))
    work()
    assert (calendar.done(planned), states()) == (([False], ["left"]) if changes else ([True], ["closed"]))


def test_done_by_the_rep_meanwhile_it_is_not_marked_again(outside: Sandbox, place: Place, calendar: Calendar) -> None:
    planned = calendar.plan()
    call_eero(place)
    fault(outside, method="PATCH", path="v2/activities/", status=503)
    complete_what_was_planned()
    calendar.ask("PATCH", f"v2/activities/{planned}", {"done": True})
    before = asked(outside, "PATCH v2/activities")
    work()
    assert (states(), asked(outside, "PATCH v2/activities")) == (["closed"], before)


def test_the_calls_own_activity_is_none_though_its_reference_is_gone(
    outside: Sandbox, admin: Client, place: Place, calendar: Calendar
) -> None:
    patch(admin, rules={"in_answered": "open"})
    call = call_eero(place)
    assert call.activity_id is not None
    calendar.ask("PATCH", f"v2/activities/{call.activity_id}", {"note": "He wants an offer", "due_date": DAY})
    complete_what_was_planned()
    assert (calendar.done(call.activity_id), states()) == ([False], [])
