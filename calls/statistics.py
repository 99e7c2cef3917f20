"""What the calls of the last weeks come to: for a rep, and for the company.

Two questions are asked of the database, however many weeks and people there are: sums by person and week, and for each
missed call when somebody called back. Both read the calls of eight weeks alone, by the index of company and time.
"""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from statistics import median

from django.db.models import Aggregate, Case, Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.utils import timezone

from calls.models import Call
from calls.reasons import Status

WEEKS = 8
HOUR = 3_600
RETURNED_WITHIN = datetime.timedelta(days=7)
"""A call that goes out later is about something else."""
MISSED = Q(direction=Call.Direction.IN, answered=False)


@dataclass(kw_only=True)
class Numbers:
    """What some calls come to.

    Attributes:
        loggable: those that belong in Pipedrive: no rule skipped them.
        missed: incoming and not answered, from a number that can be called back.
        waits: seconds from each missed call to the first call back to that number, by whichever colleague, within a
            week.
        same_day: how many of these came on the day of the missed call.
    """

    calls: int = 0
    answered: int = 0
    talk_seconds: int = 0
    logged: int = 0
    loggable: int = 0
    missed: int = 0
    same_day: int = 0
    waits: list[float] = field(default_factory=list)

    def __iadd__(self, other: "Numbers") -> "Numbers":
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self

    @property
    def answered_share(self) -> float | None:
        return share(self.answered, self.calls)

    @property
    def logged_share(self) -> float | None:
        return share(self.logged, self.loggable)

    @property
    def returned_within_an_hour(self) -> int:
        return sum(wait <= HOUR for wait in self.waits)

    @property
    def within_an_hour(self) -> float | None:
        """Of the missed calls."""
        return share(self.returned_within_an_hour, self.missed)

    @property
    def same_day_share(self) -> float | None:
        """Of the missed calls."""
        return share(self.same_day, self.missed)

    @property
    def usual_wait(self) -> float | None:
        """The median in seconds, of the calls that were returned."""
        return median(self.waits) if self.waits else None


def share(part: int, whole: int) -> float | None:
    """In percent; None where there is nothing to take a part of."""
    return 100 * part / whole if whole else None


@dataclass(frozen=True, kw_only=True)
class Week:
    """A week in Helsinki, by its Monday."""

    monday: datetime.date

    @property
    def sunday(self) -> datetime.date:
        return self.monday + datetime.timedelta(days=6)


@dataclass(kw_only=True)
class Statistics:
    """The last weeks, the current one last.

    Attributes:
        by_rep: the numbers of each week, by the rep's email; None for calls of nobody who is registered.
        so_far: the part of last week that this week has reached by now: what this week can be held against.
    """

    weeks: list[Week]
    by_rep: dict[str | None, list[Numbers]]
    so_far: Numbers

    @property
    def by_week(self) -> list[Numbers]:
        """Of all reps together."""
        sums = [Numbers() for _week in self.weeks]
        for numbers in self.by_rep.values():
            for total, each in zip(sums, numbers, strict=True):
                total += each  # noqa: PLW2901 - adds in place
        return sums

    @property
    def reps(self) -> list[tuple[str | None, Numbers]]:
        """Each rep with all weeks together, who calls most first."""
        sums = [(rep, total(numbers)) for rep, numbers in self.by_rep.items()]
        return sorted(sums, key=lambda each: (-each[1].calls, each[0] is None, each[0]))


def total(numbers: list[Numbers]) -> Numbers:
    whole = Numbers()
    for each in numbers:
        whole += each
    return whole


class _Periods:
    """The beginnings of the weeks, and of the rest of last week that this week has not reached yet."""

    def __init__(self, now: datetime.datetime) -> None:
        local = timezone.localtime(now, timezone.get_default_timezone())
        monday = local.date() - datetime.timedelta(days=local.weekday())
        self.weeks = [Week(monday=monday - datetime.timedelta(weeks=back)) for back in reversed(range(WEEKS))]
        begins = [datetime.datetime.combine(week.monday, datetime.time(), local.tzinfo) for week in self.weeks]
        week_ago = datetime.datetime.combine(local.date() - datetime.timedelta(weeks=1), local.time(), local.tzinfo)
        self.begins = [*begins[:-1], week_ago, begins[-1]]
        self.so_far, self.rest_of_last, self.current = WEEKS - 2, WEEKS - 1, WEEKS

    def of(self, moment: datetime.datetime) -> int:
        return sum(begin <= moment for begin in self.begins) - 1

    def week_of(self, period: int) -> int:
        return period - (period >= self.rest_of_last)

    def as_column(self) -> Case:
        latest_first = reversed(list(enumerate(self.begins)))
        return Case(
            *(When(started_at__gte=begin, then=Value(period)) for period, begin in latest_first),
            output_field=IntegerField(),
        )


def statistics_of(calls: "QuerySet[Call]", *, now: datetime.datetime) -> Statistics:
    """The statistics of the calls that somebody may see."""
    periods = _Periods(now)
    recent = calls.filter(started_at__gte=periods.begins[0], started_at__lte=now).order_by()
    by_period: defaultdict[tuple[str | None, int], Numbers] = defaultdict(Numbers)
    for rep, period, numbers in _sums(recent, periods):
        by_period[rep, period] += numbers
    for rep, missed, returned in _missed(recent):
        _count_return(by_period[rep, periods.of(missed)], missed, returned)
    statistics = Statistics(weeks=periods.weeks, by_rep={}, so_far=Numbers())
    for (rep, period), numbers in by_period.items():
        weeks = statistics.by_rep.setdefault(rep, [Numbers() for _week in periods.weeks])
        weeks[periods.week_of(period)] += numbers
        if period == periods.so_far:
            statistics.so_far += numbers
    return statistics


def _sums(calls: "QuerySet[Call]", periods: _Periods) -> Iterator[tuple[str | None, int, Numbers]]:
    """Rep, period and numbers."""
    sums: dict[str, Aggregate] = {
        "count": Count("pk"),
        "answered_count": Count("pk", filter=Q(answered=True)),
        "talk": Sum("talk_seconds"),
        "logged_count": Count("pk", filter=Q(status=Status.LOGGED)),
        "loggable": Count("pk", filter=~Q(status=Status.SKIPPED)),
    }
    groups = calls.annotate(period=periods.as_column()).values("rep__email", "period").annotate(**sums)
    for rep, period, count, answered, talk, logged, loggable in groups.values_list("rep__email", "period", *sums):
        numbers = Numbers(calls=count, answered=answered, talk_seconds=talk, logged=logged, loggable=loggable)
        yield rep, period, numbers


def _missed(
    calls: "QuerySet[Call]",
) -> Iterable[tuple[str | None, datetime.datetime, datetime.datetime | None]]:
    """Rep, start and the start of the first call back, of each missed call whose number is known."""
    back = Call.objects.filter(
        company=OuterRef("company"),
        customer_number=OuterRef("customer_number"),
        direction=Call.Direction.OUT,
        started_at__gt=OuterRef("started_at"),
    ).order_by("started_at", "id")
    missed = calls.filter(MISSED).exclude(customer_number="")
    return missed.values_list("rep__email", "started_at", Subquery(back.values("started_at")[:1]))


def _count_return(numbers: Numbers, missed: datetime.datetime, returned: datetime.datetime | None) -> None:
    numbers.missed += 1
    if returned is None or returned - missed > RETURNED_WITHIN:
        return
    zone = timezone.get_default_timezone()
    numbers.waits.append((returned - missed).total_seconds())
    numbers.same_day += missed.astimezone(zone).date() == returned.astimezone(zone).date()
