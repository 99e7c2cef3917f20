"""The days that a mail looks back on: yesterday, or last week, in Helsinki."""

import datetime
from dataclasses import dataclass

from django.utils import timezone

from accounts.letters import MORNING


@dataclass(frozen=True, kw_only=True)
class Period:
    """Whole days, both ends included.

    Attributes:
        name: tells it from any other, such as `2026-11-27` or `2026-W48`.
    """

    name: str
    first: datetime.date
    last: datetime.date

    @property
    def bounds(self) -> tuple[datetime.datetime, datetime.datetime]:
        """The beginning, and the end that is not part of it any more."""
        return _midnight(self.first), _midnight(self.last + datetime.timedelta(days=1))


def yesterday(now: datetime.datetime) -> Period | None:
    """The day before; None while it is too early in the morning to write about it."""
    here = timezone.localtime(now)
    if here.time() < MORNING:
        return None
    day = here.date() - datetime.timedelta(days=1)
    return Period(name=day.isoformat(), first=day, last=day)


def last_week(now: datetime.datetime) -> Period | None:
    """Monday to Sunday of the week before; None until Monday morning is there."""
    here = timezone.localtime(now)
    if here.weekday() == 0 and here.time() < MORNING:
        return None
    monday = here.date() - datetime.timedelta(days=here.weekday() + 7)
    year, week, _day = monday.isocalendar()
    return Period(name=f"{year}-W{week:02}", first=monday, last=monday + datetime.timedelta(days=6))


def _midnight(day: datetime.date) -> datetime.datetime:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
