"""Whoever connects Pipedrive again has the calls that waited for it logged, the oldest first."""

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from calls.models import Call
from calls.resume import resume_waiting
from calls.tasks import resume_company
from integrations.models import PipedriveConnection
from tests.calls.steps import Connect, Place, activities, fault, log, outcome
from tests.integrations.test_uninstalling import uninstall, word
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db


def log_all_due() -> None:
    """What one worker does with the calls that are due, in the order in which they are to be taken."""
    due = Call.objects.due(timezone.now()).order_by("next_attempt_at", "started_at", "id")
    for call in list(due):
        log(call)


def test_they_go_on_oldest_first(outside: Sandbox, place: Place, connected: Connect, bo: User) -> None:
    connected(bo)
    outside.order("pipedrive/control/grants/kill", user_email=bo.email)
    outside.order("pipedrive/control/tokens/expire", user_email=bo.email)
    began = timezone.now().replace(microsecond=0) - datetime.timedelta(days=3)
    starts = [began + datetime.timedelta(hours=hours) for hours in (5, 1, 4, 2, 3)]
    for number, start in enumerate(starts):
        ended = start + datetime.timedelta(minutes=2)
        call = place(
            call_id=f"kept-{number}", started_at=start.isoformat(), answered_at=None, ended_at=ended.isoformat()
        )
        assert outcome(log(call)) == ("waiting", "pipedrive_reauthorize")
    assert PipedriveConnection.objects.get().state == "reauthorize"
    resume_waiting()
    assert not Call.objects.due(timezone.now()).exists()
    connected(bo)
    resume_company(Call.objects.values_list("company_id", flat=True)[0])
    log_all_due()
    logged = sorted(activities(outside), key=lambda activity: activity["id"])
    assert len(logged) == 5
    assert [(each["due_date"], each["due_time"][:5]) for each in logged] == [
        (start.strftime("%Y-%m-%d"), start.strftime("%H:%M")) for start in sorted(starts)
    ]


@pytest.fixture
def waiting(outside: Sandbox, place: Place, connected: Connect, aino: User, bo: User) -> list[Call]:
    """Calls of Bo's: one whose grant died, one whose account is closed, and one with a number that nobody has; and one
    of Aino's whose account is closed, too.
    """
    connected(bo)
    connected(aino)
    nobodys = log(place(from_="+358401112223"))
    fault(outside, method="POST", path="/activities", status=402)
    closed, ainos = log(place()), log(place(user={"email": aino.email}))
    PipedriveConnection.objects.update(state="connected")
    outside.order("pipedrive/control/grants/kill", user_email=bo.email)
    outside.order("pipedrive/control/tokens/expire", user_email=bo.email)
    return [log(place()), closed, nobodys, ainos]


@pytest.mark.parametrize("way", ["disconnect", "uninstall"])
def test_without_a_connection_they_wait_for_one_at_once(
    waiting: list[Call], bo: User, browser_of: Callable[[User], Client], way: str
) -> None:
    reasons = ["pipedrive_reauthorize", "pipedrive_account_closed", "no_contact", "pipedrive_account_closed"]
    assert [call.reason for call in waiting] == reasons
    if way == "disconnect":
        browser_of(bo).post("/integrations/pipedrive/disconnect/")
    else:
        uninstall(word(PipedriveConnection.objects.get(user=bo)))
    assert not PipedriveConnection.objects.filter(user=bo).exists()
    for call in waiting:
        call.refresh_from_db()
    assert [call.reason for call in waiting] == ["pipedrive_not_connected", "pipedrive_not_connected", *reasons[2:]]
    assert {call.status for call in waiting} == {"waiting"}


def test_a_word_of_an_earlier_uninstall_leaves_them(waiting: list[Call], bo: User) -> None:
    uninstall(word(PipedriveConnection.objects.get(user=bo), timestamp="2026-01-01T00:00:00Z"))
    waiting[0].refresh_from_db()
    assert outcome(waiting[0]) == ("waiting", "pipedrive_reauthorize")
