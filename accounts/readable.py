"""Times, durations and numbers as people write them in the reader's language: the one place for them.

Times are in the portal's time zone (Europe/Helsinki).
"""

import datetime

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import pgettext


def moment_words(at: datetime.datetime) -> str:
    """`22.11.2026 klo 15.24`, `22 Nov 2026, 15:24`."""
    return date_format(localtime(at), pgettext("date and time", "j M Y, H:i"))


def time_words(at: datetime.datetime) -> str:
    """The time of the day: `15.24`, `15:24`."""
    return date_format(localtime(at), pgettext("time", "H:i"))


def clock_words(at: datetime.datetime) -> str:
    """The time of the day to the second: `15.24.07`, `15:24:07`."""
    return date_format(localtime(at), pgettext("time of the day", "H:i:s"))


def day_words(on: datetime.date) -> str:
    """`22.11.2026`, `22 Nov 2026`."""
    return date_format(on, pgettext("date", "j M Y"))


def duration_words(seconds: int) -> str:
    """`1 h 0 min 5 s`, `2 min 52 s`, `7 s`: the same in Finnish and English."""
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes} min {seconds} s"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def count_words(number: int) -> str:
    """Thousands apart: `12 345` in Finnish, with a space that does not break, and `12,345` in English."""
    return intcomma(number)
