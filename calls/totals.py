"""What the calls of a filter come to: how many by status, by day and by hour of the day.

Bounded: the newest two thousand calls of the filter are counted, however many there are. A database that counted all
of a company's 100,000 calls would take longer than it takes to show fifty of them.
"""

import datetime
from collections import Counter
from dataclasses import dataclass, field

from django.db.models import CharField, Count, Q, QuerySet
from django.db.models.functions import Cast, Substr
from django.utils import timezone

from calls.models import Call
from calls.reasons import Status

COUNTED_AT_MOST = 2_000
DAYS_SHOWN = 31
HOUR = Substr(Cast("started_at", CharField()), 1, 13)
"""`2026-11-02 07` of a start in UTC: on both databases the quickest to make, and as text the quickest to read."""


@dataclass
class Totals:
    """The newest calls of a filter, counted.

    Attributes:
        count: of the counted calls.
        has_more: whether there are older ones that are not counted.
        statuses: how many are in each status.
        days: by day in Helsinki, how many were answered and how many were not.
        hours: the same by hour of the day, 0 to 23.
    """

    count: int = 0
    has_more: bool = False
    statuses: Counter[str] = field(default_factory=Counter)
    days: Counter[tuple[datetime.date, bool]] = field(default_factory=Counter)
    hours: Counter[tuple[int, bool]] = field(default_factory=Counter)

    @property
    def by_status(self) -> list[tuple[Status, int]]:
        """The statuses that calls are in, the order being the most usual one."""
        order = (Status.LOGGED, Status.WAITING, Status.PENDING, Status.SKIPPED, Status.FAILED)
        return [(status, self.statuses[status]) for status in order if self.statuses[status]]

    def days_shown(self) -> list[datetime.date]:
        """Every day from the first to the last counted call, the last 31 of them. Of a day of which only the later
        calls are counted nothing is shown.
        """
        if not self.days:
            return []
        first, last = (edge(day for day, _answered in self.days) for edge in (min, max))
        if self.has_more and first < last:
            first += datetime.timedelta(days=1)
        first = max(first, last - datetime.timedelta(days=DAYS_SHOWN - 1))
        return [first + datetime.timedelta(days=later) for later in range((last - first).days + 1)]


def statuses_of(calls: "QuerySet[Call]") -> dict[str, int]:
    """How many of the newest calls are in each status, as `totals_of` counts them, but counted by the database: this is
    asked every few seconds.
    """
    counts = {status.value: Count("status", filter=Q(status=status)) for status in Status}
    newest = calls.order_by("-started_at", "-id").values("status")[: COUNTED_AT_MOST + 1]
    return {status: count for status, count in newest.aggregate(**counts).items() if count}


def totals_of(calls: "QuerySet[Call]") -> Totals:
    """Count the newest calls, in one query."""
    newest = calls.order_by("-started_at", "-id").values_list("status", "answered", HOUR)
    groups = Counter(newest[: COUNTED_AT_MOST + 1])
    totals = Totals(count=groups.total(), has_more=groups.total() > COUNTED_AT_MOST)
    zone = timezone.get_default_timezone()
    for (status, answered, hour), count in groups.items():
        began = datetime.datetime.fromisoformat(f"{hour}:00+00:00").astimezone(zone)
        totals.statuses[status] += count
        totals.days[began.date(), answered] += count
        totals.hours[began.hour, answered] += count
    return totals
