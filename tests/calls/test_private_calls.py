"""A call that its rep marks private leaves nothing behind: no activity in Pipedrive, no number anywhere."""

import datetime
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Company, License, User
from calls.books import balance, days_up_to_today
from calls.crm_sync import record, take_step
from calls.models import Book, Call, WebhookDelivery
from calls.privacy import mark_private
from calls.resume import expire_overdue, resume_waiting, try_again
from calls.verdict import GIVE_UP_AFTER
from integrations.connections import disconnect
from integrations.models import MustalinjaAccount, PipedriveAccount
from tests.calls.events import deliver, ended_call
from tests.calls.steps import Connect, Place, activities, asked, due_now, fault, log, outcome, seconds_until_next
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
PRIVATE = ("skipped", "private_number")
POST_ACTIVITY = {"method": "POST", "path": "/activities"}
DELETE_ACTIVITY = {"method": "DELETE", "path": "/activities"}
NUMBER = "+358400124387"
TRACES = ("400124387", "0400 124387", "040 012 4387", "Mäkinen")


@pytest.fixture
def browser(bo: User, browser_of: Browser) -> Client:
    """Bo's browser, which prefers English."""
    client = browser_of(bo)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


@pytest.fixture
def logged(connected: Connect, bo: User, place: Place) -> Call:
    """A call of Bo's that is in Pipedrive."""
    connected(bo)
    call = log(place())
    assert outcome(call) == ("logged", "logged")
    return call


def make_private(client: Client, call: Call, **fields: str) -> Any:
    answer = client.post(f"/calls/{call.reference}/private/", fields)
    call.refresh_from_db()
    return answer


def shown(outside: Sandbox) -> list[dict[str, Any]]:
    return [each for each in activities(outside) if not each["is_deleted"]]


def traces_in_database() -> list[str]:
    """Where in the tables of calls and deliveries the other side is still to be read."""
    found = []
    with connection.cursor() as cursor:
        for model in (Call, WebhookDelivery):
            cursor.execute(f"SELECT * FROM {model._meta.db_table}")  # noqa: S608 - our own table
            for row in cursor.fetchall():
                texts = [
                    bytes(value).decode() if isinstance(value, memoryview | bytes) else str(value) for value in row
                ]
                found += [text for text in texts for trace in TRACES if trace in text]
    return found


class TestALoggedCall:
    def test_its_activity_is_deleted_and_its_number_forgotten(
        self, outside: Sandbox, browser: Client, logged: Call
    ) -> None:
        answer = make_private(browser, logged)
        assert answer["Location"] == f"/calls/{logged.reference}/"
        assert (outcome(logged), logged.customer_number) == (("pending", "queued"), "")
        assert traces_in_database() == []
        assert "being deleted from Pipedrive" in browser.get(answer["Location"]).content.decode()
        assert outcome(log(logged)) == PRIVATE
        assert shown(outside) == []
        assert (logged.activity_id, logged.activity_url, logged.person_id) == (None, "", None)
        assert "Nothing" not in browser.get(answer["Location"]).content.decode()

    def test_it_is_deleted_at_the_next_turn_when_pipedrive_is_away(
        self, outside: Sandbox, browser: Client, logged: Call
    ) -> None:
        make_private(browser, logged)
        fault(outside, **DELETE_ACTIVITY, status=503)
        assert outcome(log(logged)) == ("pending", "retrying")
        assert len(shown(outside)) == 1
        assert outcome(log(due_now(logged))) == PRIVATE
        assert shown(outside) == []

    def test_an_answer_that_gets_lost_is_no_harm(self, outside: Sandbox, browser: Client, logged: Call) -> None:
        make_private(browser, logged)
        fault(outside, **DELETE_ACTIVITY, drop=True, after=True)
        log(logged)
        assert outcome(log(due_now(logged))) == PRIVATE
        assert shown(outside) == []

    @pytest.mark.parametrize("status", [404, 410])
    def test_one_that_is_gone_already_is_none_to_delete(
        self, outside: Sandbox, browser: Client, logged: Call, status: int
    ) -> None:
        make_private(browser, logged)
        fault(outside, **DELETE_ACTIVITY, status=status, body={"success": False})
        assert outcome(log(logged)) == PRIVATE

    def test_where_the_rep_may_not_delete_activities_the_page_says_what_to_do(
        self, outside: Sandbox, browser: Client, logged: Call
    ) -> None:
        url = logged.activity_url
        make_private(browser, logged)
        fault(outside, **DELETE_ACTIVITY, status=403, body={"success": False, "error": "not allowed"})
        assert outcome(log(logged)) == ("failed", "pipedrive_refused")
        html = browser.get(f"/calls/{logged.reference}/").content.decode()
        assert "does not let us delete its activity" in html
        assert url in html
        make_private(browser, logged)
        assert outcome(log(logged)) == PRIVATE
        assert shown(outside) == []

    def test_it_is_deleted_whatever_else_stands_in_the_way_of_logging(
        self, outside: Sandbox, browser: Client, logged: Call
    ) -> None:
        Company.objects.update(suspended_at=timezone.now())
        License.objects.update(holder=None)
        make_private(browser, logged)
        assert outcome(log(logged)) == PRIVATE
        assert shown(outside) == []

    def test_it_waits_for_a_connection_however_long(
        self, outside: Sandbox, browser: Client, logged: Call, bo: User, connected: Connect
    ) -> None:
        disconnect(user=bo)
        Call.objects.update(started_at=timezone.now() - 2 * GIVE_UP_AFTER, tried_since=timezone.now())
        make_private(browser, logged)
        assert outcome(log(logged)) == ("waiting", "pipedrive_not_connected")
        expire_overdue()
        assert "when the user connects" in browser.get(f"/calls/{logged.reference}/").content.decode()
        connected(bo)
        resume_waiting()
        assert outcome(log(logged)) == PRIVATE
        assert shown(outside) == []

    def test_the_activity_of_another_account_with_the_same_id_is_left_alone(
        self, outside: Sandbox, browser: Client, logged: Call
    ) -> None:
        PipedriveAccount.objects.update(pipedrive_company_id=99)
        make_private(browser, logged)
        assert outcome(log(logged)) == ("failed", "pipedrive_refused")
        assert len(shown(outside)) == 1

    def test_one_that_an_earlier_version_has_made_is_known_by_its_link(
        self, outside: Sandbox, browser: Client, logged: Call
    ) -> None:
        Call.objects.update(pipedrive_company_id=None, activity_url="https://elsewhere.pipedrive.com/activities/1")
        make_private(browser, logged)
        assert outcome(log(logged)) == ("failed", "pipedrive_refused")
        assert len(shown(outside)) == 1

    def test_the_account_may_have_another_domain_by_then(
        self, outside: Sandbox, browser: Client, logged: Call, bo: User
    ) -> None:
        Call.objects.update(activity_url="https://its-old-name.pipedrive.com/activities/1")
        make_private(browser, logged)
        assert outcome(log(logged)) == PRIVATE
        assert shown(outside) == []

    def test_deleting_costs_three_tokens(self, outside: Sandbox, browser: Client, logged: Call) -> None:
        make_private(browser, logged)
        log(logged)
        assert asked(outside, "DELETE /activities") == 1
        (request,) = [each for each in outside.state("requests")["requests"] if each["method"] == "DELETE"]
        assert request["tokens"] == 3


class TestACallOnItsWay:
    @pytest.fixture(autouse=True)
    def _bo_is_connected(self, connected: Connect, bo: User) -> None:
        connected(bo)

    def test_one_that_waits_is_private_at_once(self, outside: Sandbox, browser: Client, place: Place) -> None:
        call = log(place(from_="+358400999888"))
        assert outcome(call) == ("waiting", "no_contact")
        make_private(browser, call)
        assert outcome(call) == PRIVATE
        assert activities(outside) == []

    def test_one_that_a_worker_has_claimed_is_not_sent(self, outside: Sandbox, browser: Client, place: Place) -> None:
        call = place()
        (claimed,) = Call.objects.claim([call.pk])
        make_private(browser, call)
        record([(claimed, take_step(claimed))])
        call.refresh_from_db()
        assert outcome(call) == PRIVATE
        assert activities(outside) == []

    @pytest.mark.parametrize("is_lost", [False, True])
    def test_one_that_is_being_sent_at_that_moment_is_deleted_afterwards(
        self, outside: Sandbox, bo: User, place: Place, *, is_lost: bool
    ) -> None:
        call = place()
        if is_lost:
            fault(outside, **POST_ACTIVITY, drop=True, after=True)
        (claimed,) = Call.objects.claim([call.pk])
        verdict = take_step(claimed)
        call.refresh_from_db()
        assert call.sending_since is not None
        mark_private(call, by=bo)
        record([(claimed, verdict)])
        assert len(activities(outside)) == 1
        call.refresh_from_db()
        assert call.status == "pending"
        for _look in range(3):
            log(due_now(call))
        assert outcome(call) == PRIVATE
        assert shown(outside) == []

    def test_one_whose_activity_was_never_made_is_looked_for_twice(
        self, outside: Sandbox, browser: Client, place: Place
    ) -> None:
        fault(outside, **POST_ACTIVITY, status=500)
        call = log(place())
        assert call.sending_since is not None
        make_private(browser, call)
        assert call.claimed_until is None
        assert seconds_until_next(call) > 10  # Pipedrive may still be at it
        log(due_now(call))
        assert outcome(call) == ("pending", "confirming")
        assert outcome(log(due_now(call))) == PRIVATE
        assert activities(outside) == []

    @pytest.mark.parametrize("again", [{}, {"number": "on"}])
    def test_marking_it_with_its_number_or_again_looks_no_sooner(
        self, outside: Sandbox, browser: Client, place: Place, again: dict[str, str]
    ) -> None:
        fault(outside, **POST_ACTIVITY, drop=True, after=True)
        call = log(place())
        assert call.sending_since is not None
        make_private(browser, call, number="on")
        assert call.steps.get(kind="private").times == 1
        make_private(browser, call, **again)
        assert seconds_until_next(call) > 10
        for _look in range(2):
            log(due_now(call))
        assert (outcome(call), shown(outside)) == (PRIVATE, [])

    def test_a_worker_that_was_slow_cannot_make_it_logged_again(self, outside: Sandbox, bo: User, place: Place) -> None:
        call = place()
        (claimed,) = Call.objects.claim([call.pk])
        verdict = take_step(claimed)
        Call.objects.update(claimed_until=timezone.now() - datetime.timedelta(seconds=1), sending_since=None)
        call.refresh_from_db()
        mark_private(call, by=bo)
        assert outcome(call) == PRIVATE
        record([(claimed, verdict)])
        assert outcome(log(call)) == PRIVATE
        assert shown(outside) == []

    def test_trying_it_again_leaves_it_private(self, outside: Sandbox, browser: Client, place: Place) -> None:
        call = place()
        make_private(browser, call)
        assert try_again(Call.objects.all()) == 0
        assert outcome(log(call)) == PRIVATE
        assert activities(outside) == []


class TestWhatOthersSee:
    def test_neither_boss_nor_support_reads_the_number_or_the_name(
        self, browser: Client, logged: Call, aino: User, staff: User, browser_of: Browser
    ) -> None:
        boss, support = browser_of(aino), browser_of(staff)
        call_page, delivery = f"/calls/{logged.reference}/", WebhookDelivery.objects.get()
        api, history = f"/api/v1/calls/{logged.reference}/", "/calls/"
        admin_pages = (f"/admin/calls/call/{logged.pk}/change/", f"/admin/calls/webhookdelivery/{delivery.pk}/change/")
        support.post(f"/admin/calls/call/{logged.pk}/reveal/", {"reason": "the rep asks"})
        assert any(trace in boss.get(call_page).content.decode() for trace in TRACES)
        assert any(trace in support.get(admin_pages[1]).content.decode() for trace in TRACES)
        make_private(browser, logged)
        for _step in range(2):
            pages = [boss.get(path) for path in (call_page, api, history)]
            pages += [support.get(path) for path in (*admin_pages, "/admin/calls/call/")]
            for page in pages:
                assert page.status_code == 200
                assert [trace for trace in TRACES if trace in page.content.decode()] == []
            log(logged)

    def test_the_json_api_names_nobody(self, browser: Client, logged: Call) -> None:
        make_private(browser, logged)
        told = browser.get(f"/api/v1/calls/{logged.reference}/").json()
        assert (told["customer_number"], told["person"], told["organization"]) == (None, None, None)
        log(logged)
        told = browser.get(f"/api/v1/calls/{logged.reference}/").json()
        assert (told["status"], told["reason"], told["activity_id"]) == ("skipped", "private_number", None)

    def test_only_the_rep_whose_call_it_is_may_mark_it(
        self, logged: Call, aino: User, cecilia: User, browser_of: Browser
    ) -> None:
        assert make_private(browser_of(aino), logged).status_code == 403
        assert make_private(browser_of(cecilia), logged).status_code == 404
        assert outcome(logged) == ("logged", "logged")
        assert 'action="/calls/' + logged.reference + '/private/"' not in (
            browser_of(aino).get(f"/calls/{logged.reference}/").content.decode()
        )

    def test_the_rep_has_a_button_and_is_told_that_there_is_no_way_back(self, browser: Client, logged: Call) -> None:
        html = browser.get(f"/calls/{logged.reference}/").content.decode()
        assert f'action="/calls/{logged.reference}/private/"' in html
        assert "cannot be undone" in html
        make_private(browser, logged)
        log(logged)
        assert (
            f'action="/calls/{logged.reference}/private/"'
            not in browser.get(logged.get_absolute_url()).content.decode()
        )


class TestDeliveries:
    def test_the_same_event_again_makes_no_second_call_and_leaves_no_number(
        self, browser: Client, mustalinja: MustalinjaAccount, bo: User
    ) -> None:
        event = ended_call(contact={"name": "Eero Mäkinen"}, to="+358941234567")
        deliver(mustalinja, event)
        call = Call.objects.get()
        make_private(browser, call)
        again = deliver(mustalinja, event)
        assert (again.status_code, again.json()["status"]) == (200, "duplicate")
        deliver(mustalinja, {**event, "event_id": "other", "leg_id": "l-2"})
        assert WebhookDelivery.objects.count() == 3
        assert traces_in_database() == []

    def test_what_is_kept_can_be_read_as_a_hidden_number(self, browser: Client, place: Place) -> None:
        call = place(direction="out", **{"from": "+358501112222", "to": NUMBER})
        make_private(browser, call)
        kept = json.loads(bytes(WebhookDelivery.objects.get().body))
        assert (kept["to"], kept["hidden"], kept["call_id"]) == ("anonymous", True, call.external_id)
        assert kept["user"]["email"] == "bo@esimerkki.example"
        assert traces_in_database() == []

    def test_the_books_balance(self, browser: Client, logged: Call) -> None:
        make_private(browser, logged)
        for _step in range(2):
            balance(days_up_to_today(1))
            book = Book.objects.get()
            assert (book.difference, book.received) == (0, 1)
            log(logged)

    def test_another_leg_of_a_private_call_leaves_no_number(
        self, browser: Client, mustalinja: MustalinjaAccount, bo: User
    ) -> None:
        event = ended_call()
        deliver(mustalinja, event)
        call = Call.objects.get()
        User.objects.filter(pk=bo.pk).update(email="bo.koti@esimerkki.example")
        deliver(mustalinja, {**event, "event_id": "other"})
        assert Call.objects.count() == 1
        other = {**event, "event_id": "third", "user": {"email": "bo.koti@esimerkki.example"}}
        User.objects.filter(pk=bo.pk).update(is_active=False)
        deliver(mustalinja, other)
        leg = Call.objects.exclude(pk=call.pk).get()
        User.objects.filter(pk=bo.pk).update(is_active=True)
        mark_private(call, by=bo)
        log(leg) if not Call.objects.filter(pk=leg.pk).exists() else record(
            [(each, take_step(each)) for each in Call.objects.claim([leg.pk])]
        )
        assert Call.objects.count() == 1
        assert traces_in_database() == []


class TestTheDatabase:
    @pytest.mark.parametrize(
        "changes",
        [
            {"customer_number": NUMBER},
            {"person_name": "Eero Mäkinen"},
            {"activity_id": 1},
            {"status": "skipped", "reason": "hidden_number"},
            {"status": "logged", "reason": "logged", "activity_id": 1},
        ],
    )
    def test_it_keeps_nothing_of_a_private_call(self, browser: Client, place: Place, changes: dict[str, Any]) -> None:
        call = place()
        make_private(browser, call)
        with pytest.raises(IntegrityError), transaction.atomic():
            Call.objects.filter(pk=call.pk).update(**changes)
