"""Statistics as people read them: tiles, charts, tables and lines of a file."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from accounts.readable import count_words, day_words, duration_words
from calls.charts import Chart, Value, bar_chart
from calls.export import Cell
from calls.statistics import HOUR, Numbers, Statistics, Week

NOTHING = "–"
MINUTE = 60


@dataclass(frozen=True, kw_only=True)
class Column:
    """One of the numbers of a week or a rep."""

    label: str
    words: Callable[[Numbers], str]


def columns() -> list[Column]:
    """What is shown of each week and each rep, in this order."""
    return [
        Column(label=_("Calls"), words=lambda numbers: count_words(numbers.calls)),
        Column(label=_("Answered"), words=lambda numbers: percent(numbers.answered_share)),
        Column(label=_("Talk time"), words=lambda numbers: hours(numbers.talk_seconds)),
        Column(label=_("Missed calls"), words=lambda numbers: count_words(numbers.missed)),
        Column(label=_("Called back within an hour"), words=lambda numbers: percent(numbers.within_an_hour)),
        Column(label=_("Called back the same day"), words=lambda numbers: percent(numbers.same_day_share)),
        Column(label=_("Usual time to call back"), words=lambda numbers: span(numbers.usual_wait)),
        Column(label=_("Logged to Pipedrive"), words=lambda numbers: percent(numbers.logged_share)),
    ]


def percent(share: float | None) -> str:
    """`87 %`, as in Finnish and by the SI in English too; a dash where there is nothing to take a part of."""
    return NOTHING if share is None else f"{share:.0f}\N{NO-BREAK SPACE}%"


def hours(seconds: float) -> str:
    """`3 h 5 min`, `12 min`: seconds would be noise."""
    whole, rest = divmod(round(seconds / MINUTE), 60)
    return f"{whole} h {rest} min" if whole else f"{rest} min"


def span(seconds: float | None) -> str:
    """How long somebody waited, to the precision that matters."""
    if seconds is None:
        return NOTHING
    return duration_words(round(seconds)) if seconds < 10 * MINUTE else _long_span(seconds)


def _long_span(seconds: float) -> str:
    days = round(seconds / (24 * HOUR))
    return hours(seconds) if seconds < 48 * HOUR else _("%(count)d days") % {"count": days}


@dataclass(frozen=True, kw_only=True)
class Tile:
    """A number of this week beside that of last week by the same time."""

    label: str
    value: str
    before: str


def tiles_of(statistics: Statistics) -> list[Tile]:
    """This week so far, beside as much of last week."""
    now, before = statistics.by_week[-1], statistics.so_far
    return [Tile(label=column.label, value=column.words(now), before=column.words(before)) for column in columns()]


@dataclass(frozen=True, kw_only=True)
class Row:
    """A line of a table: what it is about, and the words of each column."""

    name: str
    cells: list[str]


def week_rows(statistics: Statistics) -> list[Row]:
    """The weeks, the current one first."""
    weeks = zip(statistics.weeks, statistics.by_week, strict=True)
    return [_row(_from_to(week), numbers) for week, numbers in weeks][::-1]


def rep_rows(statistics: Statistics) -> list[Row]:
    """The reps, who calls most first; the calls of nobody who is registered have no name."""
    return [_row(rep or "", numbers) for rep, numbers in statistics.reps]


def _from_to(week: Week) -> str:
    monday = date_format(week.monday, pgettext("date on an axis", "j M"))
    return f"{monday} – {day_words(week.sunday)}"


def _row(name: str, numbers: Numbers) -> Row:
    return Row(name=name, cells=[column.words(numbers) for column in columns()])


def charts_of(statistics: Statistics) -> list[Chart]:
    """Calls, talk time, calls back and what got logged, by week. Their numbers stand in the table of the weeks."""
    weeks = list(zip(statistics.weeks, statistics.by_week, strict=True))
    return [_calls(weeks), _talk_time(weeks), _called_back(weeks), _logged(weeks)]


Weeks = list[tuple[Week, Numbers]]


def _calls(weeks: Weeks) -> Chart:
    values = [
        _value(week, (each.answered, each.calls - each.answered), (str(each.answered), str(each.calls - each.answered)))
        for week, each in weeks
    ]
    legend = [capfirst(_("answered")), capfirst(_("not answered"))]
    return _chart("calls", _("Calls a week"), legend, values)


def _talk_time(weeks: Weeks) -> Chart:
    values = [_value(week, (each.talk_seconds / HOUR,), (hours(each.talk_seconds),)) for week, each in weeks]
    return _chart("talk", _("Talk time a week"), [_("Talk time")], values, unit="h")


def _called_back(weeks: Weeks) -> Chart:
    values = [_value(week, (each.within_an_hour or 0,), (percent(each.within_an_hour),)) for week, each in weeks]
    title = _("Missed calls that were called back within an hour")
    return _chart("back", title, [_("Called back within an hour")], values, unit="%", top=100)


def _logged(weeks: Weeks) -> Chart:
    values = [_value(week, (each.logged_share or 0,), (percent(each.logged_share),)) for week, each in weeks]
    title = _("Calls logged to Pipedrive, of those that belong there")
    return _chart("logged", title, [_("Logged to Pipedrive")], values, unit="%", top=100)


def _chart(
    key: str, title: str, legend: list[str], values: list[Value], *, unit: str = "", top: float | None = None
) -> Chart:
    week = _("Week")
    return bar_chart(key=key, title=title, first_column=week, legend=legend, values=values, unit=unit, top=top)


def _value(week: Week, parts: tuple[float, ...], cells: tuple[str, ...]) -> Value:
    label = date_format(week.monday, pgettext("date on an axis", "j M"))
    name = _("Week from %(day)s") % {"day": day_words(week.monday)}
    return Value(label=label, name=name, parts=parts, cells=cells)


def csv_rows(statistics: Statistics) -> tuple[list[str], Iterator[list[Cell]]]:
    """The head and the lines of a file: a line for each week and rep, numbers as numbers."""
    heads = [
        _("Week from"),
        _("Rep"),
        _("Calls"),
        _("Answered"),
        _("Talk time (s)"),
        _("Missed calls"),
        _("Called back within an hour"),
        _("Called back the same day"),
        _("Usual time to call back (s)"),
        _("Calls for Pipedrive"),
        _("Logged to Pipedrive"),
    ]
    lines = [
        _line(week, rep or "", each)
        for rep, numbers in sorted(statistics.by_rep.items(), key=lambda item: item[0] or "")
        for week, each in zip(statistics.weeks, numbers, strict=True)
    ]
    return heads, iter(lines)


def _line(week: Week, rep: str, each: Numbers) -> list[Cell]:
    usual = "" if each.usual_wait is None else round(each.usual_wait)
    return [
        week.monday.isoformat(),
        rep,
        each.calls,
        each.answered,
        each.talk_seconds,
        each.missed,
        each.returned_within_an_hour,
        each.same_day,
        usual,
        each.loggable,
        each.logged,
    ]
