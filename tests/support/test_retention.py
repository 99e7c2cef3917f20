"""What has been kept long enough goes, in batches, with a report; what must survive does."""

import datetime
from typing import Any

import pytest
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.utils import timezone
from django_q.models import OrmQ, Task
from pytest_django import Settings

from accounts.audit import record
from accounts.audit_entry import Action, AuditEntry
from accounts.models import User
from calls.books import CHECKED_DAYS, balance, days_up_to_today, out_of_balance
from calls.models import Book, Call, CallStep, PastCall, WebhookDelivery
from integrations.models import MustalinjaAccount
from support.admin import KIND_NAMES
from support.retention import KINDS, end_what_is_over
from support.retention_report import RetentionReport
from support.tasks import END_WHAT_IS_OVER, end_what_is_kept
from tests.calls.events import deliver, ended_call

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
TWO_YEARS = 24 * 30.44 * DAY


def a_call(account: MustalinjaAccount, *, age: datetime.timedelta, **changes: Any) -> Call:
    """A call that began and was received so long ago, with its delivery."""
    then = timezone.now() - age
    deliver(account, ended_call(started_at=then.isoformat(), answered_at=..., ended_at=..., **changes))
    call: Call = Call.objects.latest("pk")
    Call.objects.filter(pk=call.pk).update(received_at=then)
    call.deliveries.update(received_at=then)
    return call


def test_every_kind_has_words() -> None:
    assert {kind.name for kind in KINDS} == set(KIND_NAMES)


def test_a_body_is_kept_for_30_days_and_its_row_as_long_as_the_books_count_it(mustalinja: MustalinjaAccount) -> None:
    young, old, oldest = (a_call(mustalinja, age=age * DAY) for age in (29.9, 30.1, CHECKED_DAYS + 1.1))
    report = end_what_is_over()
    assert report.removed == {"bodies": 2, "deliveries": 1}
    assert b"call.ended" in bytes(young.deliveries.get().body)
    assert bytes(old.deliveries.get().body) == b""
    assert not oldest.deliveries.exists()
    assert Call.objects.count() == 3
    assert end_what_is_over().removed == {}


def test_the_books_raise_no_alarm(mustalinja: MustalinjaAccount) -> None:
    for age in (0.0, 29.9, 30.1, CHECKED_DAYS - 0.9, CHECKED_DAYS + 1.1):
        a_call(mustalinja, age=age * DAY)
    balance(days_up_to_today(CHECKED_DAYS))
    before = sum(Book.objects.values_list("received", flat=True))
    end_what_is_over()
    balance(days_up_to_today(CHECKED_DAYS))
    assert not out_of_balance().exists()
    assert sum(Book.objects.values_list("received", flat=True)) == before >= 4


def test_a_call_goes_after_24_months_with_all_that_tells_of_it(mustalinja: MustalinjaAccount) -> None:
    young, old = (a_call(mustalinja, age=TWO_YEARS + days * DAY) for days in (-1, 1))
    Book.objects.create(company=mustalinja.company, day=old.received_at.date(), received=1, logged=1)
    for call in (young, old):
        CallStep.objects.create(call=call, kind=CallStep.Kind.CHOSEN)
    end_what_is_over()
    assert Call.objects.get() == young
    assert CallStep.objects.get().call == young
    assert Book.objects.get().logged == 1


def test_a_removed_call_that_is_delivered_again_is_a_duplicate(mustalinja: MustalinjaAccount) -> None:
    event = ended_call(started_at=(timezone.now() - TWO_YEARS - DAY).isoformat(), answered_at=..., ended_at=...)
    deliver(mustalinja, event)
    Call.objects.update(received_at=timezone.now() - TWO_YEARS - DAY)
    end_what_is_over()
    assert not Call.objects.exists()
    answer = deliver(mustalinja, {**event, "event_id": "another"})
    assert answer.status_code in (200, 202)
    assert answer.json()["status"] == "duplicate"
    assert not Call.objects.exists()
    assert WebhookDelivery.objects.latest("pk").outcome == WebhookDelivery.Outcome.DUPLICATE
    assert event["call_id"] not in PastCall.objects.get().digest


def test_an_old_call_that_was_never_here_is_taken_in(mustalinja: MustalinjaAccount) -> None:
    old = ended_call(started_at=(timezone.now() - TWO_YEARS - DAY).isoformat(), answered_at=..., ended_at=...)
    assert deliver(mustalinja, old).json()["status"] == "accepted"
    assert Call.objects.exists()


def test_an_unreadable_body_is_known_again_after_it_was_emptied(mustalinja: MustalinjaAccount) -> None:
    deliver(mustalinja, b'{"event": "call.ended", "odd": 1}')
    delivery = WebhookDelivery.objects.get()
    WebhookDelivery.objects.update(received_at=timezone.now() - 31 * DAY)
    end_what_is_over()
    delivery.refresh_from_db()
    assert (bytes(delivery.body), delivery.problem, len(delivery.original)) == (b"", "", 64)


def test_entries_of_both_logs_go_after_two_years(staff: User) -> None:
    for days in (-1, 1):
        then = timezone.now() - TWO_YEARS - days * DAY
        entry = record(action=Action.OWN_SETTINGS, actor=staff)
        AuditEntry.objects.bulk_create([AuditEntry(at=then, action=entry.action)])
        LogEntry.objects.create(user=staff, action_flag=1, action_time=then)
    assert end_what_is_over().removed == {"audit": 1, "admin_log": 1}
    assert AuditEntry.objects.count() == 3


def test_failed_tasks_and_ended_sessions_go(db: None) -> None:
    for age in (1, 31):
        then = timezone.now() - age * DAY
        Task.objects.create(id=f"{age}", name=f"{age}", func="math.floor", started=then, stopped=then, success=False)
        Session.objects.create(session_key=f"{age}", session_data="", expire_date=then + 10 * DAY)
    assert end_what_is_over().removed == {"tasks": 1, "sessions": 1}


def test_it_stops_when_its_time_is_up(mustalinja: MustalinjaAccount) -> None:
    for _call in range(3):
        a_call(mustalinja, age=31 * DAY)
    report = end_what_is_over(seconds=0, at_once=1)
    assert (report.is_finished, report.removed) == (False, {"bodies": 1})
    report = end_what_is_over(at_once=1)
    assert (report.is_finished, report.removed) == (True, {"bodies": 2})


def test_the_next_run_goes_on_at_once(mustalinja: MustalinjaAccount) -> None:
    a_call(mustalinja, age=31 * DAY)
    end_what_is_kept(seconds=0)
    assert not RetentionReport.objects.get().is_finished
    assert [each.func() for each in OrmQ.objects.all()].count(END_WHAT_IS_OVER) == 1
    end_what_is_kept()
    assert [each.func() for each in OrmQ.objects.all()].count(END_WHAT_IS_OVER) == 1


def test_how_long_is_a_setting(mustalinja: MustalinjaAccount, settings: Settings) -> None:
    call = a_call(mustalinja, age=8 * DAY)
    settings.KEEP_DELIVERIES_DAYS = 7
    end_what_is_over()
    assert bytes(call.deliveries.get().body) == b""


def test_calls_are_kept_longer_than_the_books_look_back() -> None:
    assert settings.KEEP_CALLS_MONTHS * 30 > CHECKED_DAYS
