"""Books that balance: received = pending + logged + waiting + skipped + failed, for each company and day.

What was received is counted by the deliveries that made a call, the rest by the calls. Neither side is made from the
other, so the sum says something: a call that is missing, or that nobody delivered, shows as a difference.

A day is that of the receipt, in Helsinki: both rows have that time from the intake, so a day that is over only changes
its statuses, and its sum when a quarantined delivery of it is parsed again.
"""

import datetime
import logging
from collections.abc import Collection, Iterable

from django.db.models import Count, Q, QuerySet, Value
from django.utils import timezone

from accounts.models import Company
from calls.models import Book, WebhookDelivery
from calls.reasons import Status
from integrations.mustalinja.webhook import CALL_ENDED

logger = logging.getLogger(__name__)

CHECKED_DAYS = 35
"""Today included. A call waits for 30 days at most, so older days hardly change any more: they keep the row they have.
Whoever deletes calls that are older need not think of the books; with a younger one its deliveries must go, too.
"""
RECEIVED = "received"
WRITTEN_AT_ONCE = 500
MADE_A_CALL = Q(outcome=WebhookDelivery.Outcome.ACCEPTED, event=CALL_ENDED)
"""A delivery of which a call was made: what counts as received."""
LOST = MADE_A_CALL & Q(call=None)
"""One whose call is not there any more."""


def days_up_to_today(count: int) -> list[datetime.date]:
    """So many days in Helsinki, today first."""
    today = timezone.localdate(timezone=timezone.get_default_timezone())
    return [today - datetime.timedelta(days=back) for back in range(count)]


def bounds(day: datetime.date) -> tuple[datetime.datetime, datetime.datetime]:
    """When a day in Helsinki begins and when the next one does; 23 to 25 hours lie between."""
    zone = timezone.get_default_timezone()
    next_day = day + datetime.timedelta(days=1)
    return (
        datetime.datetime.combine(day, datetime.time(), zone),
        datetime.datetime.combine(next_day, datetime.time(), zone),
    )


def balance(days: Iterable[datetime.date]) -> None:
    """Count these days for all companies and keep what was counted; a difference is logged as an error."""
    for day in days:
        books = _count(day)
        doubtful = {company_id for company_id, book in books.items() if not book.is_balanced}
        # What did not balance the last time is looked at even when nothing is left of it.
        kept = Book.objects.filter(day=day).exclude(difference=0)
        doubtful |= set(kept.values_list("company_id", flat=True)) - books.keys()
        if doubtful:
            books |= _count(day, company_ids=doubtful)
        _keep(list(books.values()))


def books_of(company: Company) -> list[Book]:
    """The checked days of a company, the latest first: today as it is now, earlier ones as they were last counted."""
    today, *_between, first = days_up_to_today(CHECKED_DAYS)
    kept = Book.objects.filter(company=company, day__gte=first, day__lt=today).order_by("-day")
    return [_count_now(company, today), *kept]


def out_of_balance() -> "QuerySet[Book]":
    """The checked days that do not balance, of all companies: the alarm."""
    return Book.objects.filter(day__gte=days_up_to_today(CHECKED_DAYS)[-1]).exclude(difference=0)


def _count_now(company: Company, day: datetime.date) -> Book:
    """A day of one company, counted a second time when it does not balance, and not kept."""
    book = _count(day, company_ids=[company.pk])[company.pk]
    return book if book.is_balanced else _count(day, company_ids=[company.pk])[company.pk]


def _count(day: datetime.date, *, company_ids: Collection[int] | None = None) -> dict[int, Book]:
    """What there is of a day: of these companies, or of each that has something.

    It is one statement, so it sees one moment on SQLite and on PostgreSQL: a call that comes in meanwhile is counted
    with its delivery or not at all, since the intake commits them together.
    """
    now = timezone.now()
    books = {pk: Book(company_id=pk, day=day, checked_at=now) for pk in company_ids or ()}
    companies = Company.objects.order_by()
    if company_ids is not None:
        companies = companies.filter(pk__in=company_ids)
    begins, ends = bounds(day)
    received = _received(companies, begins=begins, ends=ends)
    for company_id, column, count in received.union(_by_status(companies, begins=begins, ends=ends), all=True):
        book = books.setdefault(company_id, Book(company_id=company_id, day=day, checked_at=now))
        setattr(book, column, count)
    return books


# Both go from the companies to their rows, so that SQLite uses the indexes of company and time and reads the day, not
# the table. PostgreSQL chooses by its statistics.


def _received(
    companies: "QuerySet[Company]", *, begins: datetime.datetime, ends: datetime.datetime
) -> "QuerySet[Company, tuple[int, str, int]]":
    return (
        companies.filter(
            deliveries__outcome=WebhookDelivery.Outcome.ACCEPTED,
            deliveries__event=CALL_ENDED,
            deliveries__received_at__gte=begins,
            deliveries__received_at__lt=ends,
        )
        .values("pk")
        .annotate(column=Value(RECEIVED), count=Count("deliveries"))
        .values_list("pk", "column", "count")
    )


def _by_status(
    companies: "QuerySet[Company]", *, begins: datetime.datetime, ends: datetime.datetime
) -> "QuerySet[Company, tuple[int, str, int]]":
    return (
        companies.filter(calls__received_at__gte=begins, calls__received_at__lt=ends)
        .values("pk", "calls__status")
        .annotate(count=Count("calls"))
        .values_list("pk", "calls__status", "count")
    )


def _keep(books: list[Book]) -> None:
    for book in books:
        if not book.is_balanced:
            numbers = (book.company_id, book.day, book.received, book.accounted_for)
            logger.error("company %s, %s: %d calls received, %d accounted for", *numbers)
    Book.objects.bulk_create(
        books,
        batch_size=WRITTEN_AT_ONCE,
        update_conflicts=True,
        unique_fields=["company", "day"],
        update_fields=[RECEIVED, *Status.values, "checked_at"],
    )
