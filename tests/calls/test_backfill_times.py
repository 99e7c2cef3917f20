"""When missing calls are pulled from Mustalinja, and how far back."""

import datetime
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import Company, User
from integrations.backfills import Backfill, Reachability
from integrations.missing_calls import (
    OVERLAP,
    WOKEN_AT_ONCE,
    ask_for_calls,
    ask_for_calls_now,
    last_minute_of_night,
    wake_due,
)
from integrations.models import MustalinjaAccount
from integrations.mustalinja_link import save_credentials
from integrations.reachability import has_come_back
from integrations.tasks import forget, keep_calls_complete
from tests.calls.backfill_steps import asked_queries, go_on, list_fault, lose_webhooks, pull
from tests.calls.events import deliver, ended_call
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

Cause = Backfill.Cause
MINUTE = datetime.timedelta(minutes=1)
DAY = datetime.timedelta(days=1)
SOON = datetime.timedelta(seconds=20)
HELSINKI = ZoneInfo("Europe/Helsinki")


@pytest.fixture
def linked(mustalinja: MustalinjaAccount, outside: Sandbox) -> MustalinjaAccount:
    """A company that has been linked for longer than anything is looked back, and was pulled last night."""
    MustalinjaAccount.objects.update(created_at=timezone.now() - 60 * DAY)
    mustalinja.refresh_from_db()
    a_complete_pull(mustalinja, began_at=timezone.now() - datetime.timedelta(hours=2), cause=Cause.NIGHTLY)
    Backfill.objects.update(asked_at=timezone.now())
    return mustalinja


def a_complete_pull(account: MustalinjaAccount, *, began_at: datetime.datetime, cause: Cause) -> Backfill:
    return Backfill.objects.create(
        company=account.company, cause=cause, asked_at=began_at, began_at=began_at, ended_at=began_at, since=began_at
    )


def asked_for(account: MustalinjaAccount, cause: Cause) -> Backfill:
    asked = ask_for_calls(account, cause)
    assert asked is not None
    return asked


def causes() -> list[str]:
    """Why pulls were asked for that are not over yet."""
    return list(Backfill.objects.unfinished().values_list("cause", flat=True))


def pulls_queued() -> int:
    return sum(entry.task["func"] == "calls.backfill.pull_calls" for entry in OrmQ.objects.all())


class Portal:
    """A public address that answers or does not."""

    is_up = True

    def go_away(self) -> None:
        self.is_up = False

    def come_back(self) -> None:
        self.is_up = True


@pytest.fixture
def public_address(settings: Settings) -> Iterator[Portal]:
    """What stands at SITE_URL."""
    portal = Portal()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if portal.is_up and self.path == "/health/live" else 502)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name http.server gives
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        settings.SITE_URL = f"http://127.0.0.1:{server.server_port}"
        yield portal
        server.shutdown()


class TestAfterAnInterruption:
    @pytest.fixture(autouse=True)
    def seen_a_minute_ago(self, public_address: Portal, linked: MustalinjaAccount) -> None:
        Reachability.objects.create(pk=1, seen_at=timezone.now() - MINUTE)

    def test_a_portal_that_was_there_all_the_time_asks_for_nothing(self) -> None:
        for _look in range(3):
            keep_calls_complete()
        assert causes() == []

    def test_what_did_not_answer_and_answers_again_was_away(self, public_address: Portal) -> None:
        public_address.go_away()
        keep_calls_complete()
        assert causes() == []
        public_address.come_back()
        keep_calls_complete()
        assert causes() == [Cause.INTERRUPTION]

    def test_it_is_said_once_to_have_come_back(self, public_address: Portal) -> None:
        public_address.go_away()
        has_come_back()
        public_address.come_back()
        assert [has_come_back() for _look in range(3)] == [True, False, False]

    def test_where_nobody_could_look_for_five_minutes_the_portal_was_away(self) -> None:
        Reachability.objects.update(seen_at=timezone.now() - 6 * MINUTE)
        keep_calls_complete()
        assert causes() == [Cause.INTERRUPTION]

    def test_who_has_never_been_seen_has_not_come_back(self) -> None:
        Reachability.objects.all().delete()
        assert not has_come_back()

    def test_an_address_that_nobody_can_reach_from_inside_asks_for_nothing(self, public_address: Portal) -> None:
        public_address.go_away()
        for _look in range(3):
            keep_calls_complete()
        assert causes() == []

    def test_calls_of_the_interruption_are_recovered(
        self, outside: Sandbox, bo: User, public_address: Portal, linked: MustalinjaAccount
    ) -> None:
        lose_webhooks(outside, 3, minutes_ago=30)
        public_address.go_away()
        keep_calls_complete()
        public_address.come_back()
        keep_calls_complete()
        assert go_on(Backfill.objects.unfinished().get()).recovered == 3


class TestAfterRefusals:
    @pytest.fixture(autouse=True)
    def refused(self, linked: MustalinjaAccount) -> None:
        MustalinjaAccount.objects.update(last_refused_at=timezone.now())

    def test_what_was_refused_is_fetched_at_once(self) -> None:
        keep_calls_complete()
        assert causes() == [Cause.REFUSAL]

    def test_a_webhook_that_is_refused_on_the_way_in_is_fetched(self, linked: MustalinjaAccount) -> None:
        MustalinjaAccount.objects.update(last_refused_at=None)
        keep_calls_complete()
        assert causes() == []
        assert deliver(linked, ended_call(), **{"webhook-signature": "v1,wrong"}).status_code == 401
        keep_calls_complete()
        assert causes() == [Cause.REFUSAL]

    @pytest.mark.parametrize(("minutes_ago", "expected"), [(59, []), (61, [Cause.REFUSAL])])
    def test_every_hour_while_events_are_refused(
        self, linked: MustalinjaAccount, minutes_ago: int, expected: list[Cause]
    ) -> None:
        a_complete_pull(linked, began_at=timezone.now() - minutes_ago * MINUTE, cause=Cause.REFUSAL)
        MustalinjaAccount.objects.update(last_refused_at=timezone.now() + MINUTE)
        keep_calls_complete()
        assert causes() == expected

    def test_once_for_each_refusal(self) -> None:
        MustalinjaAccount.objects.update(last_refused_at=timezone.now() - 180 * MINUTE)
        keep_calls_complete()
        assert causes() == []


class TestEveryNight:
    def test_once(self, linked: MustalinjaAccount) -> None:
        Backfill.objects.update(asked_at=timezone.now() - 2 * DAY)
        keep_calls_complete()
        keep_calls_complete()
        assert causes() == [Cause.NIGHTLY]
        go_on(Backfill.objects.unfinished().get())
        keep_calls_complete()
        assert causes() == []

    def test_also_after_a_pull_of_another_cause(self, linked: MustalinjaAccount) -> None:
        Backfill.objects.update(asked_at=timezone.now() - 2 * DAY)
        pull(linked, Cause.INTERRUPTION)
        keep_calls_complete()
        assert causes() == [Cause.NIGHTLY]

    def test_not_on_the_day_of_linking(self, linked: MustalinjaAccount) -> None:
        Backfill.objects.all().delete()
        MustalinjaAccount.objects.update(created_at=timezone.now())
        keep_calls_complete()
        assert causes() == []

    def test_companies_have_different_minutes_between_one_and_five(self) -> None:
        now = datetime.datetime(2026, 11, 22, 12, 0, tzinfo=datetime.UTC)
        minutes = [last_minute_of_night(MustalinjaAccount(pk=pk), now=now).astimezone(HELSINKI) for pk in range(300)]
        assert len(set(minutes)) == 240
        assert {minute.date() for minute in minutes} == {datetime.date(2026, 11, 22)}
        assert {minute.hour for minute in minutes} == {1, 2, 3, 4}

    @pytest.mark.parametrize("day", [datetime.date(2026, 3, 29), datetime.date(2026, 10, 25)])
    def test_each_night_has_its_minute_when_the_clocks_change(self, day: datetime.date) -> None:
        account = MustalinjaAccount(pk=150)
        begin = datetime.datetime.combine(day, datetime.time(0), HELSINKI).astimezone(datetime.UTC)
        seen = {last_minute_of_night(account, now=begin + minute * MINUTE) for minute in range(24 * 60)}
        assert len(seen) == 2

    def test_it_has_not_come_before_its_minute(self) -> None:
        before = datetime.datetime(2026, 11, 22, 0, 59, tzinfo=HELSINKI)
        assert last_minute_of_night(MustalinjaAccount(pk=0), now=before).date() == datetime.date(2026, 11, 21)


class TestHowFarBack:
    def test_to_the_last_complete_pull_with_an_overlap(self, linked: MustalinjaAccount) -> None:
        last = Backfill.objects.get()
        assert last.began_at is not None
        assert asked_for(linked, Cause.INTERRUPTION).since == last.began_at - OVERLAP

    def test_pulls_that_failed_leave_no_gap(self, linked: MustalinjaAccount, outside: Sandbox) -> None:
        long_ago = timezone.now() - 10 * DAY
        Backfill.objects.update(began_at=long_ago)
        list_fault(outside, status=404)
        assert pull(linked, Cause.NIGHTLY).problem == "no_list"
        assert asked_for(linked, Cause.INTERRUPTION).since == long_ago - OVERLAP

    @pytest.mark.parametrize(("cause", "days"), [(Cause.NIGHTLY, 3), (Cause.ADMIN, 30), (Cause.SUPPORT, 30)])
    def test_at_least(self, linked: MustalinjaAccount, cause: Cause, days: int) -> None:
        assert abs(asked_for(linked, cause).since - (timezone.now() - days * DAY)) < SOON

    def test_never_before_the_second_in_which_the_company_was_linked(self, linked: MustalinjaAccount) -> None:
        linked.created_at = timezone.now() - DAY
        assert asked_for(linked, Cause.ADMIN).since == linked.created_at.replace(microsecond=0)

    def test_never_more_than_thirty_days(self, linked: MustalinjaAccount) -> None:
        Backfill.objects.all().delete()
        assert abs(asked_for(linked, Cause.INTERRUPTION).since - (timezone.now() - 30 * DAY)) < SOON

    def test_who_wants_more_than_an_unfinished_pull_makes_it_begin_anew(
        self, linked: MustalinjaAccount, outside: Sandbox, bo: User
    ) -> None:
        """One pull for both, and the place in the shorter list is not taken for one in the longer."""
        lose_webhooks(outside, 2, minutes_ago=20 * 24 * 60)
        lose_webhooks(outside, 2, minutes_ago=60)
        first = asked_for(linked, Cause.INTERRUPTION)
        Backfill.objects.filter(pk=first.pk).update(cursor="place", pages=1)
        second = asked_for(linked, Cause.ADMIN)
        assert (second.pk, second.cursor, second.cause) == (first.pk, "", Cause.ADMIN)
        assert go_on(second).recovered == 4

    def test_who_wants_less_changes_nothing(self, linked: MustalinjaAccount) -> None:
        first = asked_for(linked, Cause.ADMIN)
        Backfill.objects.filter(pk=first.pk).update(cursor="place")
        second = asked_for(linked, Cause.INTERRUPTION)
        assert (second.pk, second.cursor, second.since) == (first.pk, "place", first.since)


class TestAsking:
    def test_new_credentials_are_tried_with_the_list_at_once(self, outside: Sandbox, aino: User) -> None:
        save_credentials(company=company_of(aino), api_key="demo-key", api_secret="demo-secret")
        assert causes() == [Cause.LINKED]
        assert pulls_queued() == 1
        assert (go_on(Backfill.objects.get()).problem, len(asked_queries(outside))) == ("", 1)

    def test_the_admins_button_queues_a_pull(
        self, linked: MustalinjaAccount, aino: User, browser_of: Callable[[User], Client]
    ) -> None:
        answer = browser_of(aino).post("/integrations/mustalinja/missing-calls/")
        assert answer["Location"] == "/integrations/mustalinja/"
        assert (causes(), pulls_queued()) == ([Cause.ADMIN], 1)

    def test_the_button_pressed_twice_queues_one(self, linked: MustalinjaAccount) -> None:
        ask_for_calls_now(linked, Cause.ADMIN)
        ask_for_calls_now(linked, Cause.ADMIN)
        assert (Backfill.objects.unfinished().count(), pulls_queued()) == (1, 1)

    def test_support_asks_in_the_admin(
        self, linked: MustalinjaAccount, staff: User, browser_of: Callable[[User], Client]
    ) -> None:
        form = {"action": "fetch_missing_calls", "_selected_action": [linked.pk]}
        browser_of(staff).post("/admin/integrations/mustalinjaaccount/", form)
        assert (causes(), pulls_queued()) == ([Cause.SUPPORT], 1)

    def test_many_companies_are_begun_little_by_little(self, linked: MustalinjaAccount) -> None:
        names = [f"Yritys {number} Oy" for number in range(WOKEN_AT_ONCE + 20)]
        companies = Company.objects.bulk_create(Company(name=name) for name in names)
        now = timezone.now()
        pulls = [Backfill(company=company, cause=Cause.INTERRUPTION, since=now) for company in companies]
        Backfill.objects.bulk_create(pulls)
        wake_due()
        assert pulls_queued() == WOKEN_AT_ONCE
        for _minute in range(2):
            wake_due()
        assert pulls_queued() == len(companies), "each once, while it is queued"
        Backfill.objects.update(nudged_at=now - 2 * MINUTE)
        wake_due()
        assert pulls_queued() == len(companies) + WOKEN_AT_ONCE, "a nudge may be lost"

    def test_without_an_address_of_mustalinjas_nothing_is_asked(
        self, linked: MustalinjaAccount, settings: Settings
    ) -> None:
        settings.MUSTALINJA_API_URL = ""
        Backfill.objects.all().delete()
        keep_calls_complete()
        assert ask_for_calls(linked, Cause.ADMIN) is None
        assert not Backfill.objects.exists()
        assert not Reachability.objects.exists()

    def test_pulls_are_forgotten_after_ninety_days(self, linked: MustalinjaAccount) -> None:
        a_complete_pull(linked, began_at=timezone.now() - 91 * DAY, cause=Cause.NIGHTLY)
        kept = a_complete_pull(linked, began_at=timezone.now() - 89 * DAY, cause=Cause.ADMIN)
        forget()
        assert set(Backfill.objects.values_list("cause", flat=True)) == {Cause.NIGHTLY, Cause.ADMIN}
        assert Backfill.objects.filter(pk=kept.pk).exists()
        assert Backfill.objects.count() == 2
