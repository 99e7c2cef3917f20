"""Times, durations and numbers in templates; each time is a `<time>`, which programs can read, too."""

import datetime

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from accounts.readable import clock_words, count_words, day_words, duration_words, moment_words

register = template.Library()
TIME = '<time class="number" datetime="{}">{}</time>'

register.filter("count", count_words)
register.filter("duration", duration_words)


@register.filter
def moment(at: datetime.datetime) -> SafeString:
    """A date with a time."""
    return format_html(TIME, localtime(at).isoformat(), moment_words(at))


@register.filter
def clock(at: datetime.datetime) -> SafeString:
    """A time of the day, to the second."""
    return format_html(TIME, localtime(at).isoformat(), clock_words(at))


@register.filter
def day(on: datetime.date) -> SafeString:
    """A date; of a moment, the day on which it falls here."""
    local = localtime(on).date() if isinstance(on, datetime.datetime) else on
    return format_html(TIME, local.isoformat(), day_words(local))
