"""Pulling missing calls from Mustalinja's list, over real HTTP: none lost, none twice, whatever the list says."""

import datetime
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import Company, User
from calls.backfill import PAGES_AT_MOST, RESTARTS_AT_MOST, pull_calls
from calls.models import Call, WebhookDelivery
from integrations.backfills import Backfill
from integrations.missing_calls import ask_for_calls
from integrations.models import MustalinjaAccount
from tests.calls.backfill_steps import asked_queries, go_on, let_the_wait_be_over, list_fault, lose_webhooks, pull
from tests.calls.events import deliver, ended_call
from tests.calls.steps import Connect, activities, log, outcome
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

PAGE = 100
Problem = Backfill.Problem


@pytest.fixture
def linked(mustalinja: MustalinjaAccount, bo: User) -> MustalinjaAccount:
    """A company that has been linked for longer than anything is looked back."""
    long_ago = timezone.now() - datetime.timedelta(days=60)
    MustalinjaAccount.objects.update(created_at=long_ago)
    mustalinja.refresh_from_db()
    return mustalinja


def ids(calls: list[dict[str, Any]]) -> list[str]:
    return [call["call_id"] for call in calls]


def stored_ids() -> list[str]:
    return list(Call.objects.order_by("id").values_list("external_id", flat=True))


class TestRecovering:
    def test_a_call_whose_webhook_was_lost_is_logged(
        self, outside: Sandbox, linked: MustalinjaAccount, bo: User, connected: Connect
    ) -> None:
        connected(bo)
        placed = lose_webhooks(outside)
        done = pull(linked)
        assert (done.problem, done.seen, done.recovered, done.pages) == ("", 1, 1, 1)
        call = Call.objects.get()
        assert [call.external_id, call.rep] == [placed[0]["call_id"], bo]
        assert any(entry.task["func"].startswith("calls.tasks.log_call") for entry in OrmQ.objects.all())
        assert outcome(log(call)) == ("logged", "logged")
        assert len(activities(outside)) == 1

    def test_its_body_is_kept_raw_and_said_to_be_pulled(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        placed = lose_webhooks(outside)
        pull(linked)
        kept = WebhookDelivery.objects.get()
        assert (kept.source, kept.outcome, kept.event_id) == ("backfill", "accepted", placed[0]["event_id"])
        assert kept.call == Call.objects.get()
        assert placed[0]["call_id"].encode() in bytes(kept.body)

    def test_a_call_that_a_webhook_has_brought_leaves_no_trace(
        self, outside: Sandbox, linked: MustalinjaAccount
    ) -> None:
        deliver(linked, lose_webhooks(outside)[0])
        done = pull(linked)
        assert (done.seen, done.recovered) == (1, 0)
        assert WebhookDelivery.objects.get().source == "webhook"
        assert Call.objects.count() == 1

    def test_a_webhook_that_comes_after_all_is_a_duplicate(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        placed = lose_webhooks(outside)
        pull(linked)
        assert deliver(linked, placed[0]).json()["status"] == "duplicate"
        assert Call.objects.count() == 1

    @pytest.mark.parametrize(
        "changes",
        [{"leg_id": "2"}, {"user": {"id": "u-8"}}, {"user": {"id": "u-8", "email": "BO@esimerkki.example"}}],
        ids=str,
    )
    def test_another_leg_of_a_known_call_leaves_no_trace(
        self, outside: Sandbox, linked: MustalinjaAccount, changes: dict[str, Any]
    ) -> None:
        """Also where the list does not name the rep by the email that the webhook had."""
        body = lose_webhooks(outside)[0] | changes
        deliver(linked, body)
        list_fault(outside, status=200, body={"calls": [body, body], "next_cursor": None})
        assert pull(linked).recovered == 0
        assert (Call.objects.count(), WebhookDelivery.objects.count()) == (1, 1)

    def test_another_reps_leg_is_a_call_of_its_own(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        body = lose_webhooks(outside)[0]
        deliver(linked, body)
        lose_webhooks(outside, user_email="aino@esimerkki.example", overrides={"call_id": body["call_id"]})
        assert pull(linked).recovered == 1
        assert Call.objects.count() == 2

    def test_all_pages_are_read_oldest_first(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        placed = lose_webhooks(outside, 2 * PAGE + 50)
        done = pull(linked)
        assert (done.pages, done.seen, done.recovered) == (3, 250, 250)
        assert stored_ids() == ids(placed)

    def test_pulling_again_writes_nothing(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        lose_webhooks(outside, 3)
        lose_webhooks(outside, 2, omit=["call_id"])
        pull(linked)
        assert WebhookDelivery.objects.count() == 5
        with CaptureQueriesContext(connection) as queries:
            again = pull(linked)
        assert (again.seen, again.recovered, again.quarantined) == (5, 0, 0)
        written = [each["sql"] for each in queries if re.match(r"(INSERT|UPDATE|DELETE)\b.*\bcalls_", each["sql"])]
        assert written == []

    def test_a_suspended_companys_calls_are_kept_and_wait(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        Company.objects.update(suspended_at=timezone.now())
        lose_webhooks(outside)
        pull(linked)
        assert outcome(log(Call.objects.get())) == ("waiting", "company_suspended")

    def test_one_companys_credentials_never_bring_anothers_calls(
        self, outside: Sandbox, linked: MustalinjaAccount, cecilia: User
    ) -> None:
        lose_webhooks(outside)
        other = MustalinjaAccount.objects.create(
            company=company_of(cecilia), api_key="other-key", api_secret="other-secret", secret="whsec_AA=="
        )
        assert pull(other).seen == 0
        assert not Call.objects.exists()


class TestOddLists:
    @pytest.mark.parametrize("odd", [7, None, "call", [], {}, {"call_id": "c"}, {"event": "sms.received"}], ids=str)
    def test_an_unreadable_item_is_quarantined_and_the_others_go_on(
        self, outside: Sandbox, linked: MustalinjaAccount, odd: Any
    ) -> None:
        calls = [ended_call(), odd, ended_call()]
        list_fault(outside, status=200, body={"calls": calls, "next_cursor": None})
        done = pull(linked)
        assert (done.problem, done.recovered, done.quarantined) == ("", 2, 1)
        kept = WebhookDelivery.objects.get(outcome="quarantined")
        assert (kept.source, bool(kept.problem), kept.call) == ("backfill", True, None)

    def test_an_unreadable_item_that_a_webhook_has_brought_is_not_kept_twice(
        self, outside: Sandbox, linked: MustalinjaAccount
    ) -> None:
        body = ended_call(call_id=...)
        deliver(linked, body)
        list_fault(outside, status=200, body={"calls": [body], "next_cursor": None})
        assert pull(linked).quarantined == 0
        assert WebhookDelivery.objects.count() == 1

    def test_events_that_make_no_call_are_passed_over(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        list_fault(outside, status=200, body={"calls": [ended_call(event="call.started")], "next_cursor": None})
        assert (pull(linked).problem, WebhookDelivery.objects.count()) == ("", 0)

    def test_a_body_that_our_own_code_stumbles_over_is_kept_and_the_others_go_on(
        self, outside: Sandbox, linked: MustalinjaAccount
    ) -> None:
        """Here the database refuses what the parser has let through."""
        with calls_refused("c-refused"):
            calls = [ended_call(), ended_call(call_id="c-refused"), ended_call()]
            list_fault(outside, status=200, body={"calls": calls, "next_cursor": None})
            done = pull(linked)
        assert (done.problem, done.recovered, done.quarantined) == ("", 2, 1)
        assert "a fault in the connector" in WebhookDelivery.objects.get(outcome="quarantined").problem

    @pytest.mark.parametrize(
        "answer",
        [
            {"body": []},
            {"body": {}},
            {"body": {"calls": {}}},
            {"body": "no json"},
            {"html": True},
            {"body": {"calls": [], "next_cursor": {"page": 2}}},
            {"body": {"calls": [], "next_cursor": "x" * 5000}},
        ],
        ids=str,
    )
    def test_what_is_no_list_is_asked_for_again(
        self, outside: Sandbox, linked: MustalinjaAccount, answer: dict[str, Any]
    ) -> None:
        lose_webhooks(outside)
        list_fault(outside, status=200, **answer)
        waiting = pull(linked)
        assert (waiting.ended_at, waiting.problem) == (None, Problem.UNAVAILABLE)
        let_the_wait_be_over(waiting)
        assert (go_on(waiting).problem, Call.objects.count()) == ("", 1)

    def test_a_place_that_is_not_taken_any_more_begins_the_list_anew(
        self, outside: Sandbox, linked: MustalinjaAccount
    ) -> None:
        placed = lose_webhooks(outside, PAGE + 20)
        list_fault(outside, status=200, body={"calls": placed[:PAGE], "next_cursor": "old"})
        list_fault(outside, status=400)
        done = pull(linked)
        assert (done.problem, done.restarts, done.recovered) == ("", 1, PAGE + 20)
        assert stored_ids() == ids(placed)

    def test_places_that_are_refused_again_and_again_end_the_pull(
        self, outside: Sandbox, linked: MustalinjaAccount
    ) -> None:
        for _restart in range(RESTARTS_AT_MOST + 1):
            list_fault(outside, status=200, body={"calls": [], "next_cursor": "old"})
            list_fault(outside, status=410)
        assert pull(linked).problem == Problem.REFUSED
        assert len(asked_queries(outside)) == 2 * (RESTARTS_AT_MOST + 1)

    def test_a_page_that_leads_to_itself_ends_the_pull(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        list_fault(outside, status=200, times=10, body={"calls": [ended_call()], "next_cursor": 7})
        done = pull(linked)
        assert (done.problem, done.recovered) == (Problem.ENDLESS, 1)
        assert len(asked_queries(outside)) == 2

    def test_a_list_without_an_end_is_left(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        backfill = ask_for_calls(linked, Backfill.Cause.NIGHTLY)
        Backfill.objects.update(pages=PAGES_AT_MOST - 2)
        for number in range(5):
            list_fault(outside, status=200, body={"calls": [ended_call()], "next_cursor": f"p{number}"})
        assert backfill is not None
        done = go_on(backfill)
        assert (done.problem, done.pages, done.recovered) == (Problem.ENDLESS, PAGES_AT_MOST, 2)

    def test_calls_from_before_the_company_was_linked_are_not_taken_in(
        self, outside: Sandbox, mustalinja: MustalinjaAccount, bo: User
    ) -> None:
        """Not even from a Mustalinja that does not heed `since`."""
        lose_webhooks(outside)
        list_fault(outside, status=200, body={"calls": [ended_call()], "next_cursor": None})
        done = pull(mustalinja)
        assert (done.seen, done.recovered, Call.objects.count()) == (1, 0, 0)
        assert pull(mustalinja).seen == 0
        since = datetime.datetime.fromisoformat(asked_queries(outside)[-1]["since"])
        assert since >= mustalinja.created_at.replace(microsecond=0)

    def test_a_call_that_ended_in_the_second_of_linking_is_taken_in(
        self, outside: Sandbox, mustalinja: MustalinjaAccount, bo: User
    ) -> None:
        """Mustalinja's times have whole seconds."""
        linked_at = mustalinja.created_at.replace(microsecond=900_000)
        MustalinjaAccount.objects.update(created_at=linked_at)
        mustalinja.refresh_from_db()
        ended = linked_at.replace(microsecond=0)
        times = {"started_at": (ended - datetime.timedelta(minutes=1)).isoformat(), "ended_at": ended.isoformat()}
        list_fault(outside, status=200, body={"calls": [ended_call(**times, answered_at=None)], "next_cursor": None})
        assert pull(mustalinja).recovered == 1


class TestTrouble:
    def test_wrong_credentials_end_the_pull_and_show(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        MustalinjaAccount.objects.update(api_secret="wrong")
        assert pull(linked).problem == Problem.CREDENTIALS
        linked.refresh_from_db()
        assert linked.credentials_accepted is False

    def test_a_mustalinja_without_a_list_ends_the_pull(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        list_fault(outside, status=404)
        done = pull(linked)
        assert (done.problem, done.ended_at is None) == (Problem.NO_LIST, False)
        assert "404" in done.detail

    def test_a_refused_request_ends_the_pull(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        list_fault(outside, status=400)
        assert pull(linked).problem == Problem.REFUSED

    @pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 503}, {"drop": True}, {"status": 302}], ids=str)
    def test_an_outage_is_waited_out_and_the_same_place_goes_on(
        self, outside: Sandbox, linked: MustalinjaAccount, trouble: dict[str, Any]
    ) -> None:
        placed = lose_webhooks(outside, PAGE + 20)
        list_fault(outside, status=200, body={"calls": placed[:PAGE], "next_cursor": "kept"})
        list_fault(outside, **trouble)
        waiting = pull(linked)
        assert (waiting.ended_at, waiting.problem, waiting.recovered) == (None, Problem.UNAVAILABLE, PAGE)
        assert waiting.next_step_at > timezone.now() + datetime.timedelta(seconds=20)
        let_the_wait_be_over(waiting)
        list_fault(outside, status=200, body={"calls": placed[PAGE:], "next_cursor": None})
        assert (go_on(waiting).problem, stored_ids()) == ("", ids(placed))
        assert [query.get("cursor") for query in asked_queries(outside)] == [None, "kept", "kept"]

    def test_outages_are_waited_out_longer_and_longer(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        list_fault(outside, status=500, times=3)
        waits = []
        for _try in range(3):
            waiting = pull(linked)
            waits.append((waiting.next_step_at - timezone.now()).total_seconds())
        assert waits == [pytest.approx(seconds, abs=5) for seconds in (30, 60, 120)]

    def test_a_429_is_obeyed_also_when_somebody_presses_the_button(
        self, outside: Sandbox, linked: MustalinjaAccount
    ) -> None:
        list_fault(outside, status=429, headers={"Retry-After": "600"})
        assert pull(linked).problem == Problem.BUSY
        waiting = pull(linked)
        assert (waiting.next_step_at - timezone.now()).total_seconds() > 590
        assert len(asked_queries(outside)) == 1

    def test_the_place_never_runs_past_calls_that_could_not_be_stored(
        self, outside: Sandbox, linked: MustalinjaAccount
    ) -> None:
        placed = lose_webhooks(outside, PAGE + 20)
        with no_delivery_can_be_written():
            waiting = pull(linked)
        assert (waiting.problem, waiting.cursor, waiting.recovered) == (Problem.FAULT, "", 0)
        let_the_wait_be_over(waiting)
        assert (go_on(waiting).problem, stored_ids()) == ("", ids(placed))


class TestOneAtATime:
    def test_while_a_worker_pulls_no_other_does(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        backfill = ask_for_calls(linked, Backfill.Cause.NIGHTLY)
        assert backfill is not None
        Backfill.objects.update(working_until=timezone.now() + datetime.timedelta(seconds=60))
        pull_calls(backfill.pk)
        assert asked_queries(outside) == []

    def test_a_dead_workers_pull_goes_on_from_its_place(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        placed = lose_webhooks(outside, PAGE + 20)
        page = outside.http.get(f"{outside.url}/mustalinja/v1/calls", auth=("demo-key", "demo-secret")).json()
        list_fault(outside, status=200, body=page)
        list_fault(outside, status=500)
        half = pull(linked)
        assert half.cursor == page["next_cursor"]
        let_the_wait_be_over(half)
        Backfill.objects.update(working_until=timezone.now() - datetime.timedelta(seconds=1))
        assert (go_on(half).problem, stored_ids()) == ("", ids(placed))
        assert asked_queries(outside)[-1]["cursor"] == page["next_cursor"]
        assert len(asked_queries(outside)) == 4

    def test_a_pull_that_is_over_asks_for_nothing(self, outside: Sandbox, linked: MustalinjaAccount) -> None:
        done = pull(linked)
        pull_calls(done.pk)
        assert len(asked_queries(outside)) == 1


@contextmanager
def no_delivery_can_be_written() -> Iterator[None]:
    """The table is not as the code expects it."""
    rename = "ALTER TABLE calls_webhookdelivery RENAME COLUMN {} TO {}"
    with connection.cursor() as cursor:
        cursor.execute(rename.format("outcome", "away"))
        yield
        cursor.execute(rename.format("away", "outcome"))


@contextmanager
def calls_refused(external_id: str) -> Iterator[None]:
    """The database refuses one call."""
    with connection.cursor() as cursor:
        for statement in _refusing(external_id):
            cursor.execute(statement)
        yield


def _refusing(external_id: str) -> list[str]:
    condition = f"NEW.external_id = '{external_id}'"
    if connection.vendor == "sqlite":
        refuse = "SELECT RAISE(ABORT, 'refused')"
        return [f"CREATE TRIGGER refuse BEFORE INSERT ON calls_call WHEN {condition} BEGIN {refuse}; END"]
    function = "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation; END $$"
    trigger = f"CREATE TRIGGER refuse BEFORE INSERT ON calls_call FOR EACH ROW WHEN ({condition})"
    return [function, f"{trigger} EXECUTE FUNCTION refuse()"]
