"""The company's calls by day: what was received and what has become of it."""

from typing import Any, cast

from django.views.generic import TemplateView

from accounts.access import EveryonesCallsMixin
from accounts.models import Company
from calls.books import CHECKED_DAYS, books_of
from calls.models import Book
from calls.reasons import Status

COLUMNS = (Status.LOGGED, Status.WAITING, Status.SKIPPED, Status.FAILED, Status.PENDING)


class CallsByDayView(EveryonesCallsMixin, TemplateView):
    """One row a day; for who may see everyone's calls, since it counts colleagues'."""

    template_name = "calls/days.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        books = books_of(cast("Company", self.person.company))
        return super().get_context_data(
            days=[{"book": book, "numbers": _numbers(book)} for book in books],
            is_balanced=all(book.is_balanced for book in books),
            checked_days=CHECKED_DAYS,
            columns=COLUMNS,
            **kwargs,
        )


def _numbers(book: Book) -> list[tuple[Status, int]]:
    """Each status with its number, in the order of the columns."""
    return [(status, getattr(book, status.value)) for status in COLUMNS]
