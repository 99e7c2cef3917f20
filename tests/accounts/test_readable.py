"""Times, durations and numbers, as people write them in Finnish and in English."""

import datetime
from typing import Any

import pytest
from django.template import Context, Template
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime

from accounts.readable import day_words, moment_words, time_words

# Two hours behind Helsinki, where it is already the next day.
LATE = datetime.datetime(2026, 11, 21, 22, 4, 7, tzinfo=datetime.UTC)


def shown(language: str, filter_: str, value: Any) -> str:
    with translation.override(language):
        return Template("{% load readable %}{{ value|" + filter_ + " }}").render(Context({"value": value}))


@pytest.mark.parametrize(
    ("filter_", "finnish", "english"),
    [
        ("moment", "22.11.2026 klo 0.04", "22 Nov 2026, 00:04"),
        ("clock", "0.04.07", "00:04:07"),
    ],
)
def test_a_moment_is_shown_in_helsinkis_time_and_readable_by_programs(filter_: str, finnish: str, english: str) -> None:
    for language, words in (("fi", finnish), ("en", english)):
        assert shown(language, filter_, LATE) == (
            f'<time class="number" datetime="2026-11-22T00:04:07+02:00">{words}</time>'
        )


@pytest.mark.parametrize("language", ["fi", "en"])
def test_the_admins_own_pages_write_times_as_ours_do(language: str) -> None:
    with translation.override(language):
        at = localtime(LATE)
        assert date_format(at, "DATETIME_FORMAT") == moment_words(at)
        assert date_format(at, "DATE_FORMAT") == day_words(at)
        assert date_format(at, "TIME_FORMAT") == time_words(at)


def test_the_day_of_a_moment_is_the_day_in_helsinki() -> None:
    for day in (LATE, datetime.date(2026, 11, 22)):
        assert shown("fi", "day", day) == '<time class="number" datetime="2026-11-22">22.11.2026</time>'
        assert shown("en", "day", day) == '<time class="number" datetime="2026-11-22">22 Nov 2026</time>'


@pytest.mark.parametrize("language", ["fi", "en"])
def test_a_duration_is_said_in_the_units_it_has(language: str) -> None:
    assert [shown(language, "duration", seconds) for seconds in (7, 172, 3605)] == [
        "7 s",
        "2 min 52 s",
        "1 h 0 min 5 s",
    ]


def test_thousands_stand_apart_by_a_space_in_finnish_and_a_comma_in_english() -> None:
    assert shown("fi", "count", 1234567) == "1\N{NO-BREAK SPACE}234\N{NO-BREAK SPACE}567"
    assert shown("en", "count", 1234567) == "1,234,567"
    assert shown("fi", "count", 999) == "999"
