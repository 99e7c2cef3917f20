"""When a company works, as it has entered it, and whether a moment lies within."""

import datetime
import re
from collections.abc import Mapping
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

HELSINKI = ZoneInfo("Europe/Helsinki")
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""In the order of `datetime.date.weekday`."""
MONDAY_TO_FRIDAY = DAYS[:5]
DAY_MINUTES = 24 * 60
TYPED = re.compile(r"(\d{1,2})(?:[.:](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[.:](\d{2}))?")
KEPT = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")

WorkingHours = Mapping[str, str]
"""Each working day with its hours as `08:00-16:00`; days without work are left out. Empty: no hours are set."""


def clean_hours(typed: str) -> str:
    """The hours of a day as they are kept, from `8–16`, `8.30-16` or `08:30 - 16:00`.

    Raises:
        ValueError: it is no such thing; the message is for the reader.
    """
    found = TYPED.fullmatch(typed.strip())
    if found is None:
        raise ValueError(
            _("“%(typed)s” is no working time. Write for example 8–16 or 8.30–16.") % {"typed": typed[:40]}
        )
    hour, minute, until_hour, until_minute = (int(part or 0) for part in found.groups())
    begins, ends = hour * 60 + minute, until_hour * 60 + until_minute
    if max(minute, until_minute) > 59 or ends > DAY_MINUTES:
        raise ValueError(_("“%(typed)s” is no working time: the day has 24 hours.") % {"typed": typed[:40]})
    if begins >= ends:
        raise ValueError(_("“%(typed)s” ends before it begins. Write for example 8–16.") % {"typed": typed[:40]})
    return f"{hour:02d}:{minute:02d}-{until_hour:02d}:{until_minute:02d}"


def hours_as_typed(kept: str) -> str:
    """`08:00-16:00` as people write it: `8–16`."""
    found = KEPT.fullmatch(kept)
    if found is None:
        return kept
    hour, minute, until_hour, until_minute = found.groups()
    return f"{_as_typed(hour, minute)}–{_as_typed(until_hour, until_minute)}"


def _as_typed(hour: str, minute: str) -> str:
    return str(int(hour)) if minute == "00" else f"{int(hour)}.{minute}"


def is_within(hours: WorkingHours, moment: datetime.datetime) -> bool:
    """Whether a moment lies within the hours, by the clock in Helsinki. Where none are set, every moment does."""
    if not hours:
        return True
    local = moment.astimezone(HELSINKI)
    found = KEPT.fullmatch(hours.get(DAYS[local.weekday()], ""))
    if found is None:
        return False
    hour, minute, until_hour, until_minute = map(int, found.groups())
    return hour * 60 + minute <= local.hour * 60 + local.minute < until_hour * 60 + until_minute


def works_on(hours: WorkingHours, day: datetime.date) -> bool:
    """Whether the company works on a day; Monday to Friday where it has not said. Public holidays are not known."""
    return DAYS[day.weekday()] in (hours or MONDAY_TO_FRIDAY)
