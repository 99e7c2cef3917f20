"""The arrows between the states of a call that no other test shows, and that the table of arrows is the whole truth.

The table is in docs/architecture.md, "The states of a call".
"""

import ast
import datetime
import re
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from accounts.models import Company, User
from calls.crm_sync import record, take_step
from calls.models import CLAIM_LASTS, Call, LoggingPolicy
from calls.reasons import REASONS_OF, Reason
from calls.resume import expire_overdue, resume_waiting, try_again
from calls.verdict import GIVE_UP_AFTER, fail
from integrations.connections import disconnect
from integrations.models import ContactIndex, MustalinjaAccount, PipedriveAccount, PipedriveConnection
from tests.calls.dying import Death, run
from tests.calls.steps import (
    Connect,
    Place,
    activities,
    asked,
    due_now,
    fault,
    log,
    outcome,
    read_changes_now,
    seconds_until_next,
)
from tests.docs.pages import page
from tests.sandbox.running_sandbox import Sandbox
from tests.sandbox_process import free_port

POST_ACTIVITY = {"method": "POST", "path": "/activities"}
TESTS = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _bo_is_connected(connected: Connect, bo: User) -> None:
    connected(bo)


@pytest.fixture
def ready(place: Place) -> Call:
    """A call whose next request is the one that creates the activity: everything else is known already."""
    log(place())
    return place()


def must_search() -> None:
    """Let the persons not be read yet, so that a new call asks Pipedrive who has its number."""
    ContactIndex.objects.update(swept_at=None, begun_at=timezone.now() - datetime.timedelta(hours=1))


class TestClaimed:
    def test_a_claim_that_time_has_ended_sends_nothing_and_says_nothing(self, outside: Sandbox, ready: Call) -> None:
        (claimed,) = Call.objects.claim([ready.pk])
        Call.objects.filter(pk=ready.pk).update(claimed_until=timezone.now() - datetime.timedelta(seconds=1))
        assert take_step(claimed) is None
        assert asked(outside, "POST /activities") == 1

    def test_nor_does_one_that_went_to_another_worker(self, outside: Sandbox, ready: Call) -> None:
        (claimed,) = Call.objects.claim([ready.pk])
        Call.objects.filter(pk=ready.pk).update(claimed_until=timezone.now() + CLAIM_LASTS)
        assert take_step(claimed) is None
        assert asked(outside, "POST /activities") == 1

    def test_its_verdict_is_not_written_either(self, ready: Call) -> None:
        (claimed,) = Call.objects.claim([ready.pk])
        Call.objects.filter(pk=ready.pk).update(claimed_until=timezone.now() + CLAIM_LASTS)
        record([(claimed, fail(Reason.ERROR, detail="too late"))])
        ready.refresh_from_db()
        assert (outcome(ready), ready.detail) == (("pending", "queued"), "")

    def test_except_that_the_activity_exists(self, outside: Sandbox, ready: Call) -> None:
        (claimed,) = Call.objects.claim([ready.pk])
        verdict = take_step(claimed)
        Call.objects.filter(pk=ready.pk).update(claimed_until=timezone.now() + CLAIM_LASTS)
        record([(claimed, verdict)])
        ready.refresh_from_db()
        assert (outcome(ready), ready.claimed_until) == (("logged", "logged"), None)

    def test_another_leg_of_a_call_that_the_rep_has_already_is_gone(
        self, outside: Sandbox, connected: Connect, mustalinja: MustalinjaAccount, bo: User, place: Place
    ) -> None:
        User.objects.filter(pk=bo.pk).update(email="bo.koti@esimerkki.example")
        disconnect(user=bo)
        first = place(call_id="c-1", user={"email": "bo.koti@esimerkki.example"})
        second = place(call_id="c-1", user={"email": "bo@esimerkki.example"})
        assert (first.rep, second.rep) == (bo, None)
        connected(bo)
        record([(call, take_step(call)) for call in Call.objects.claim([second.pk])])
        assert Call.objects.get() == first
        assert first.deliveries.count() == 2

    def test_a_database_that_is_away_is_no_fault_of_our_own(self, ready: Call) -> None:
        def is_away(_execute: Any, _sql: str, _params: Any, _many: bool, _context: Any) -> Any:  # noqa: FBT001
            raise OperationalError("server closed the connection unexpectedly")

        (claimed,) = Call.objects.claim([ready.pk])
        with connection.execute_wrapper(is_away):
            verdict = take_step(claimed)
        record([(claimed, verdict)])
        ready.refresh_from_db()
        assert (outcome(ready), ready.crashes) == (("pending", "retrying"), 0)

    def test_a_question_that_is_refused_is_an_end(self, outside: Sandbox, ready: Call) -> None:
        must_search()
        fault(outside, path="persons/search", status=403, body={"success": False, "error": "not for you"})
        call = log(ready)
        assert outcome(call) == ("failed", "pipedrive_refused")
        assert "not for you" in call.detail

    def test_a_contact_that_comes_while_nobody_is_found_is_not_waited_for(
        self, outside: Sandbox, bo: User, place: Place
    ) -> None:
        (claimed,) = Call.objects.claim([place(from_="+358400999888").pk])
        verdict = take_step(claimed)
        outside.order("pipedrive/control/persons", name="Uusi Asiakas", phones=["0400 999 888"])
        read_changes_now(bo.pipedrive_connection)
        record([(claimed, verdict)])
        claimed.refresh_from_db()
        assert outcome(claimed) == ("pending", "queued")
        assert outcome(log(claimed)) == ("logged", "logged")


class TestSending:
    @pytest.mark.django_db(transaction=True)
    def test_the_attempt_is_committed_before_the_request_leaves(self, outside: Sandbox, ready: Call) -> None:
        assert not run(lambda: log(ready), Death(1, is_carried_out=True, since='SET "sending_since"'))
        ready.refresh_from_db()
        assert ready.sending_since is not None
        assert len(activities(outside)) == 1, "the one of the call before"

    def test_a_connection_that_does_not_come_about_made_nothing(self, ready: Call) -> None:
        PipedriveConnection.objects.update(api_url=f"http://127.0.0.1:{free_port()}")
        call = log(ready)
        assert (outcome(call), call.sending_since) == (("pending", "retrying"), None)

    def test_a_grant_that_dies_then_made_nothing(self, outside: Sandbox, bo: User, ready: Call) -> None:
        outside.order("pipedrive/control/grants/kill", user_email=bo.email)
        call = log(ready)
        assert (outcome(call), call.sending_since) == (("waiting", "pipedrive_reauthorize"), None)

    def test_a_type_that_is_missing_then_made_nothing(self, outside: Sandbox, ready: Call) -> None:
        outside.order("pipedrive/control/activity-types", key_string="call", active_flag=False)
        call = log(ready)
        assert (outcome(call), call.sending_since) == (("waiting", "activity_type_missing"), None)
        assert asked(outside, "POST /activities") == 2

    def test_an_account_that_is_closed_made_nothing(self, outside: Sandbox, ready: Call) -> None:
        fault(outside, **POST_ACTIVITY, status=402)
        call = log(ready)
        assert (outcome(call), call.sending_since) == (("waiting", "pipedrive_account_closed"), None)


class TestConfirming:
    @pytest.fixture
    def confirming(self, outside: Sandbox, ready: Call) -> Call:
        fault(outside, **POST_ACTIVITY, after=True, drop=True)
        call = log(ready)
        assert outcome(call) == ("pending", "confirming")
        return due_now(call)

    @pytest.mark.parametrize("left_alone", [PipedriveAccount, PipedriveConnection])
    def test_while_pipedrive_is_left_alone_it_is_not_looked_for(
        self, outside: Sandbox, confirming: Call, left_alone: type[PipedriveAccount | PipedriveConnection]
    ) -> None:
        left_alone.objects.update(paused_until=timezone.now() + datetime.timedelta(seconds=30))
        call = log(confirming)
        assert (outcome(call), asked(outside, "GET /activities")) == (("pending", "confirming"), 0)
        assert 25 < seconds_until_next(call) <= 30

    def test_a_look_that_is_told_to_wait_waits(self, outside: Sandbox, confirming: Call) -> None:
        fault(outside, method="GET", path="/activities", status=429, headers={"Retry-After": "40"})
        call = log(confirming)
        assert outcome(call) == ("pending", "rate_limited")
        assert call.sending_since is not None
        PipedriveConnection.objects.update(paused_until=None)
        assert outcome(log(due_now(call))) == ("logged", "logged")
        assert len(activities(outside)) == 2

    def test_a_refusal_after_two_looks_in_vain_is_an_end(self, outside: Sandbox, ready: Call) -> None:
        fault(outside, **POST_ACTIVITY, status=500)
        call = log(due_now(log(ready)))
        assert (outcome(call), call.looked) == (("pending", "confirming"), 1)
        must_search()
        fault(outside, path="persons/search", status=403, body={"success": False, "error": "not for you"}, times=3)
        assert outcome(log(due_now(call))) == ("failed", "pipedrive_refused")

    def test_a_cause_to_wait_comes_first_and_the_look_after_it(
        self, outside: Sandbox, connected: Connect, bo: User, confirming: Call
    ) -> None:
        disconnect(user=bo)
        call = log(confirming)
        assert outcome(call) == ("waiting", "pipedrive_not_connected")
        assert call.sending_since is not None
        connected(bo)
        resume_waiting()
        assert outcome(log(call)) == ("logged", "logged")
        assert len(activities(outside)) == 2

    def test_after_a_month_of_waiting_it_has_failed_and_support_has_it_looked_for_first(
        self, outside: Sandbox, connected: Connect, bo: User, confirming: Call
    ) -> None:
        disconnect(user=bo)
        call = log(confirming)
        Call.objects.filter(pk=call.pk).update(started_at=timezone.now() - GIVE_UP_AFTER)
        expire_overdue()
        call.refresh_from_db()
        assert outcome(call) == ("failed", "expired")
        connected(bo)
        try_again(Call.objects.all())
        assert outcome(log(call)) == ("logged", "logged")
        assert len(activities(outside)) == 2


class TestTryAgain:
    def test_a_skipped_call_goes_by_the_rules_of_now(self, outside: Sandbox, ready: Call) -> None:
        policy = LoggingPolicy.objects.create(company=ready.company, in_answered="none")
        assert outcome(log(ready)) == ("skipped", "rule")
        policy.delete()
        assert try_again(Call.objects.filter(pk=ready.pk)) == 1
        assert outcome(log(ready)) == ("logged", "logged")

    def test_a_waiting_call_whose_cause_is_not_gone_waits_again(self, ready: Call) -> None:
        Company.objects.update(suspended_at=timezone.now())
        log(ready)
        try_again(Call.objects.filter(pk=ready.pk))
        assert outcome(log(ready)) == ("waiting", "company_suspended")


def arrows() -> list[list[str]]:
    """The rows of the table: from, cause, to, where, tests."""
    section = page("docs/architecture.md").text.partition("### Every arrow")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (.+) \|$", section, re.MULTILINE)
    return [[cell.strip() for cell in row.split(" | ")] for row in rows[2:]]


def test_each_arrow_of_the_table_names_a_test_that_there_is() -> None:
    tests = {
        f"{path.stem}::{node.name}"
        for path in TESTS.rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef)
    }
    assert len(arrows()) > 40
    for arrow in arrows():
        named = re.findall(r"`([\w:]+)`", arrow[4])
        assert named, arrow
        assert set(named) <= tests, arrow


def test_the_table_leads_to_every_state_and_from_every_state_that_is_no_end() -> None:
    states = {(status.value, reason.value) for status, reasons in REASONS_OF.items() for reason in reasons}
    words = {reason for _status, reason in states} | set(REASONS_OF)
    left, reached = (set(re.findall(r"`(\w+)`", " ".join(arrow[column] for arrow in arrows()))) for column in (0, 2))
    assert reached & words == {reason for _status, reason in states}
    ends = {"logged", "private_number"}
    assert {reason for _status, reason in states} - ends <= left
