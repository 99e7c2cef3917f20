"""The history's two charts: calls by day and by hour of the day, answered and not."""

import datetime

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.readable import day_words
from calls.charts import Chart, Value, bar_chart
from calls.totals import Totals

Numbers = tuple[int, int]


def charts_of(totals: Totals) -> list[Chart]:
    """By day and by hour; none where there are no calls."""
    if not totals.count:
        return []
    legend = [capfirst(_("answered")), capfirst(_("not answered"))]
    days = [_day(day, (totals.days[day, True], totals.days[day, False])) for day in totals.days_shown()]
    hours = [_hour(hour, (totals.hours[hour, True], totals.hours[hour, False])) for hour in range(24)]
    return [
        bar_chart(key="days", title=_("Calls by day"), first_column=_("Day"), legend=legend, values=days),
        bar_chart(
            key="hours", title=_("Calls by hour of the day"), first_column=_("Hour"), legend=legend, values=hours
        ),
    ]


def _day(day: datetime.date, numbers: Numbers) -> Value:
    return Value(
        label=date_format(day, pgettext("date on an axis", "j M")),
        name=day_words(day),
        parts=numbers,
        cells=(str(numbers[0]), str(numbers[1])),
    )


def _hour(hour: int, numbers: Numbers) -> Value:
    name = _("%(from)d–%(until)d o'clock") % {"from": hour, "until": hour + 1}
    return Value(label=str(hour), name=name, parts=numbers, cells=(str(numbers[0]), str(numbers[1])))
