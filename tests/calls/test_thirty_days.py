"""How long calls wait, and how long they are retried."""

import datetime

import pytest
from django.utils import timezone

from accounts.models import User
from calls.models import Call
from calls.resume import expire_overdue
from calls.verdict import GIVE_UP_AFTER
from tests.calls.steps import Connect, Place, fault, log, outcome
from tests.sandbox.running_sandbox import Sandbox


class TestThirtyDays:
    def test_an_old_call_that_can_be_logged_is_logged(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        assert outcome(log(place(started_at="2026-03-01T09:00:00+02:00"))) == ("logged", "logged")

    def test_a_call_waits_for_thirty_days_from_the_call(self, outside: Sandbox, bo: User, place: Place) -> None:
        call = log(place())
        Call.objects.update(started_at=timezone.now() - datetime.timedelta(days=30, seconds=-60))
        expire_overdue()
        call.refresh_from_db()
        assert outcome(call) == ("waiting", "pipedrive_not_connected")
        Call.objects.update(started_at=timezone.now() - datetime.timedelta(days=30, seconds=1))
        expire_overdue()
        call.refresh_from_db()
        assert outcome(call) == ("failed", "expired")

    def test_an_old_call_that_would_have_to_wait_is_given_up(self, outside: Sandbox, bo: User, place: Place) -> None:
        call = log(place(started_at="2026-03-01T09:00:00+02:00"))
        assert (outcome(call), call.detail) == (("failed", "expired"), "pipedrive_not_connected")

    def test_an_old_call_is_retried_after_trouble_at_pipedrive(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        fault(outside, path="activityTypes", status=500)
        assert outcome(log(place(started_at="2026-03-01T09:00:00+02:00"))) == ("pending", "retrying")


class TestWhatSupportReads:
    """A call that was given up says what it had come to last, with Pipedrive's own words."""

    @pytest.mark.parametrize(("status", "reason"), [(500, "retrying"), (429, "rate_limited")])
    def test_after_a_month_of_trying(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place, status: int, reason: str
    ) -> None:
        connected(bo)
        fault(outside, path="activityTypes", status=status, body={"success": False, "error": "we are sorry"})
        call = place()
        Call.objects.update(tried_since=timezone.now() - GIVE_UP_AFTER)
        call = log(call)
        assert (outcome(call), call.next_attempt_at) == (("failed", "expired"), None)
        assert call.detail.startswith(f"{reason}: ")
        assert "we are sorry" in call.detail

    def test_after_a_month_of_waiting(self, outside: Sandbox, connected: Connect, bo: User, place: Place) -> None:
        connected(bo)
        fault(outside, path="activityTypes", status=402, body={"success": False, "error": "not paid"})
        call = log(place())
        Call.objects.update(started_at=timezone.now() - GIVE_UP_AFTER)
        expire_overdue()
        call.refresh_from_db()
        assert outcome(call) == ("failed", "expired")
        assert call.detail.startswith("pipedrive_account_closed: ")
        assert "not paid" in call.detail

    def test_also_where_pipedrive_said_nothing(self, outside: Sandbox, bo: User, place: Place) -> None:
        call = log(place())
        Call.objects.update(started_at=timezone.now() - GIVE_UP_AFTER)
        expire_overdue()
        call.refresh_from_db()
        assert (outcome(call), call.detail) == (("failed", "expired"), "pipedrive_not_connected")
