"""The books: what was received is what is there, for each company and day."""

import datetime
import json
import logging
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from accounts.models import User
from calls.books import CHECKED_DAYS, books_of, bounds, days_up_to_today, out_of_balance
from calls.intake import read_delivery
from calls.models import Book, Call, WebhookDelivery
from calls.tasks import balance_all, balance_lately
from integrations.models import MustalinjaAccount, PipedriveConnection
from integrations.mustalinja.signature import new_secret
from tests.calls.events import deliver, ended_call
from tests.calls.steps import Connect, Place, log
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
HELSINKI = ZoneInfo("Europe/Helsinki")
COLUMNS = ("received", "pending", "logged", "waiting", "skipped", "failed", "difference")


def columns(book: Book | None) -> dict[str, int]:
    """The columns of a kept book that are not zero."""
    return {name: count for name in COLUMNS if (count := getattr(book, name, 0))}


def kept(days_ago: int = 0) -> dict[str, int]:
    """What is kept of the only company's day."""
    return columns(Book.objects.filter(day=days_up_to_today(days_ago + 1)[-1]).first())


def counted() -> dict[str, int]:
    """What the hourly job makes of today."""
    balance_lately()
    return kept()


def receive_earlier(days: int) -> None:
    """Let everything have been received so many days ago at the same time of day, summer time or not."""
    for thing in [*Call.objects.all(), *WebhookDelivery.objects.all()]:
        thing.received_at = thing.received_at.astimezone(HELSINKI) - datetime.timedelta(days=days)
        thing.save(update_fields=["received_at"])


def test_every_status_has_its_column(outside: Sandbox, connected: Connect, bo: User, place: Place) -> None:
    connected(bo)
    log(place())
    log(place(from_="+358400999888"))
    log(place(from_="anonymous", hidden=True))
    Call.objects.filter(pk=place().pk).update(status="failed", reason="error", next_attempt_at=None)
    place()
    place()
    assert counted() == {"received": 6, "pending": 2, "logged": 1, "waiting": 1, "skipped": 1, "failed": 1}


def test_repeated_events_and_events_that_make_no_call_are_not_received_calls(mustalinja: MustalinjaAccount) -> None:
    event = ended_call()
    for _time in range(3):
        deliver(mustalinja, event)
    deliver(mustalinja, ended_call(event="call.answered"))
    deliver(mustalinja, {**event, "event_id": "another leg", "leg_id": "2"})
    assert WebhookDelivery.objects.count() == 5
    assert counted() == {"received": 1, "pending": 1}


def test_a_lost_call_shows_as_a_difference_and_in_the_log(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    place()
    place().delete()
    with caplog.at_level(logging.ERROR):
        assert counted() == {"received": 2, "pending": 1, "difference": 1}
    assert "2 calls received, 1 accounted for" in caplog.text
    assert out_of_balance().count() == 1


def test_a_call_that_nobody_delivered_shows_as_a_difference(place: Place) -> None:
    call = place()
    call.pk, call.reference, call.external_id = None, "ANOTHERONE23", "made-up"
    call.save()
    assert counted() == {"received": 1, "pending": 2, "difference": -1}


def test_a_difference_of_which_nothing_is_left_is_no_alarm_any_more(place: Place) -> None:
    place().delete()
    assert counted() == {"received": 1, "difference": 1}
    WebhookDelivery.objects.all().delete()
    assert counted() == {}
    assert not out_of_balance().exists()


def test_two_rows_that_turn_out_to_be_one_call_of_one_rep_count_once(
    outside: Sandbox, connected: Connect, bo: User, mustalinja: MustalinjaAccount, place: Place
) -> None:
    call_id = place().external_id
    other = place(call_id=call_id, user={"email": "bo.toinen@esimerkki.example"})
    assert counted() == {"received": 2, "pending": 2}
    PipedriveConnection.objects.filter(pk=connected(bo).pk).update(email=other.rep_email)
    with pytest.raises(Call.DoesNotExist):
        log(other)
    assert counted() == {"received": 1, "pending": 1}
    call = Call.objects.get()
    assert sorted(call.deliveries.values_list("outcome", flat=True)) == ["accepted", "duplicate"]


def test_a_quarantined_delivery_counts_once_it_is_understood(mustalinja: MustalinjaAccount) -> None:
    deliver(mustalinja, b"{")
    assert counted() == {}
    delivery = WebhookDelivery.objects.get()
    delivery.body = json.dumps(ended_call()).encode()
    read_delivery(delivery)
    assert counted() == {"received": 1, "pending": 1}


def test_a_company_is_not_mixed_up_with_another(place: Place, cecilia: User) -> None:
    theirs = MustalinjaAccount.objects.create(company=company_of(cecilia), secret=new_secret())
    for _time in range(2):
        deliver(theirs, ended_call())
    company = place().company
    balance_lately()
    assert columns(Book.objects.get(company=company)) == {"received": 1, "pending": 1}
    assert columns(Book.objects.get(company=company_of(cecilia))) == {"received": 2, "pending": 2}


def test_a_day_begins_at_midnight_in_helsinki_and_has_25_hours_when_summer_time_ends() -> None:
    begins, ends = bounds(datetime.date(2026, 10, 25))
    assert begins == datetime.datetime(2026, 10, 24, 21, 0, tzinfo=datetime.UTC)
    assert ends == datetime.datetime(2026, 10, 25, 22, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize(("offset", "found"), [(datetime.timedelta(0), 1), (datetime.timedelta(microseconds=-1), 0)])
def test_a_call_received_at_midnight_is_the_new_days(place: Place, offset: datetime.timedelta, found: int) -> None:
    place()
    at = bounds(days_up_to_today(1)[0])[0] + offset
    for model in (Call, WebhookDelivery):
        model._default_manager.update(received_at=at)
    balance_lately()
    assert kept().get("received", 0) == found
    assert kept(days_ago=1).get("received", 0) == 1 - found


def test_the_day_is_of_the_receipt_and_not_of_the_call(place: Place) -> None:
    place(started_at=(timezone.now() - datetime.timedelta(days=3)).isoformat(), answered_at=..., ended_at=...)
    assert counted() == {"received": 1, "pending": 1}


def test_the_hourly_job_counts_today_and_yesterday_and_the_daily_one_all_checked_days(place: Place) -> None:
    place()
    receive_earlier(2)
    balance_lately()
    assert kept(days_ago=2) == {}
    balance_all()
    assert kept(days_ago=2) == {"received": 1, "pending": 1}


def test_deleting_calls_of_a_closed_day_is_no_alarm_and_leaves_its_row(place: Place) -> None:
    place()
    receive_earlier(CHECKED_DAYS - 1)
    balance_all()
    assert kept(days_ago=CHECKED_DAYS - 1) == {"received": 1, "pending": 1}
    receive_earlier(1)
    Book.objects.update(day=days_up_to_today(CHECKED_DAYS + 1)[-1])
    Call.objects.all().delete()
    balance_all()
    assert kept(days_ago=CHECKED_DAYS) == {"received": 1, "pending": 1}
    assert not out_of_balance().exists()


def test_the_page_counts_today_as_it_is_now_and_earlier_days_as_they_were_kept(aino: User, place: Place) -> None:
    place()
    receive_earlier(1)
    balance_all()
    place()
    today, yesterday = books_of(company_of(aino))
    assert (columns(today), columns(yesterday)) == ({"received": 1, "pending": 1}, {"received": 1, "pending": 1})
    assert (today.day, yesterday.day) == tuple(days_up_to_today(2))
    assert today.day == timezone.now().astimezone(HELSINKI).date()
