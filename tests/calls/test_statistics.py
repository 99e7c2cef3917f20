"""The statistics: what is counted, in which week, for whom, and how it is shown."""

import csv
import datetime
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from calls.charts import Value, bar_chart, round_up
from calls.models import Call
from calls.statistics import Numbers, statistics_of
from tests.calls.test_api import make_call
from tests.conftest import company_of

BrowserOf = Callable[[User], Client]
NOW = datetime.datetime(2026, 11, 26, 10, 0, tzinfo=datetime.UTC)
"""A Thursday, noon in Helsinki."""


def ago(**units: float) -> datetime.datetime:
    return NOW - datetime.timedelta(**units)


def place(user: User, number: int, at: datetime.datetime, **fields: Any) -> Call:
    return make_call(user, number, started_at=at, **fields)


def missed(user: User, number: int, at: datetime.datetime, **fields: Any) -> Call:
    return place(user, number, at, answered=False, result="missed", talk_seconds=0, **fields)


def of_company(user: User) -> Any:
    return statistics_of(Call.objects.filter(company=company_of(user)), now=NOW)


def test_a_week_begins_on_monday_in_helsinki(aino: User) -> None:
    monday = datetime.datetime(2026, 11, 22, 22, 0, tzinfo=datetime.UTC)
    place(aino, 1, monday)
    place(aino, 2, monday - datetime.timedelta(seconds=1))
    statistics = of_company(aino)
    assert [numbers.calls for numbers in statistics.by_week] == [0, 0, 0, 0, 0, 0, 1, 1]
    assert [week.monday.isoformat() for week in statistics.weeks][-2:] == ["2026-11-16", "2026-11-23"]
    assert statistics.weeks[0].monday.isoformat() == "2026-10-05"


def test_the_weeks_hold_when_the_clock_is_put_back(aino: User) -> None:
    """On 25 October 2026; before it midnight is at 21 UTC."""
    place(aino, 1, datetime.datetime(2026, 10, 18, 21, 0, tzinfo=datetime.UTC))
    place(aino, 2, datetime.datetime(2026, 10, 25, 21, 59, tzinfo=datetime.UTC))
    place(aino, 3, datetime.datetime(2026, 10, 25, 22, 0, tzinfo=datetime.UTC))
    assert [numbers.calls for numbers in of_company(aino).by_week] == [0, 0, 2, 1, 0, 0, 0, 0]


def test_eight_weeks_and_no_more(aino: User) -> None:
    place(aino, 1, datetime.datetime(2026, 10, 4, 20, 59, tzinfo=datetime.UTC))
    place(aino, 2, NOW + datetime.timedelta(hours=1))
    assert of_company(aino).by_rep == {}


def test_last_week_counts_up_to_this_time_for_the_comparison(aino: User) -> None:
    place(aino, 1, ago(days=7, minutes=1))
    place(aino, 2, ago(days=6, hours=23))
    statistics = of_company(aino)
    assert statistics.so_far.calls == 1
    assert statistics.by_week[-2].calls == 2


def test_sums_and_shares(aino: User, bo: User) -> None:
    logged = {"status": "logged", "reason": "logged", "activity_id": 1}
    place(aino, 1, ago(hours=1), talk_seconds=100, **logged)
    place(aino, 2, ago(hours=2), talk_seconds=50)
    place(aino, 3, ago(hours=3), status="skipped", reason="rule", talk_seconds=10)
    missed(bo, 4, ago(hours=4))
    place(bo, 5, ago(hours=5), rep=None, talk_seconds=7)
    statistics = of_company(aino)
    week = statistics.by_week[-1]
    assert (week.calls, week.answered, week.talk_seconds, week.logged, week.loggable) == (5, 4, 167, 1, 4)
    assert (week.answered_share, week.logged_share) == (80, 25)
    assert [(rep, numbers.calls) for rep, numbers in statistics.reps] == [(aino.email, 3), (bo.email, 1), (None, 1)]


class TestCalledBack:
    def test_the_first_call_to_the_number_by_whichever_colleague_counts(self, aino: User, bo: User) -> None:
        missed(aino, 1, ago(hours=10))
        place(bo, 2, ago(hours=9, minutes=30), direction="out")
        place(aino, 3, ago(hours=9), direction="out")
        (numbers,) = (each for _rep, each in of_company(aino).reps if each.missed)
        assert (numbers.waits, numbers.within_an_hour, numbers.same_day_share) == ([1_800], 100, 100)

    def test_another_number_an_earlier_call_and_an_incoming_one_are_no_call_back(self, aino: User) -> None:
        missed(aino, 1, ago(hours=10))
        place(aino, 2, ago(hours=11), direction="out")
        place(aino, 3, ago(hours=9), direction="out", customer_number="+358400124399")
        place(aino, 4, ago(hours=8))
        week = of_company(aino).by_week[-1]
        assert (week.missed, week.waits, week.usual_wait, week.within_an_hour) == (1, [], None, 0)

    def test_another_companys_call_is_none(self, aino: User, cecilia: User) -> None:
        missed(aino, 1, ago(hours=10))
        place(cecilia, 2, ago(hours=9), direction="out")
        assert of_company(aino).by_week[-1].waits == []

    def test_the_day_is_helsinkis(self, aino: User) -> None:
        missed(aino, 1, datetime.datetime(2026, 11, 24, 21, 50, tzinfo=datetime.UTC))
        place(aino, 2, datetime.datetime(2026, 11, 24, 22, 10, tzinfo=datetime.UTC), direction="out")
        week = of_company(aino).by_week[-1]
        assert (week.within_an_hour, week.same_day_share) == (100, 0)

    def test_after_a_week_a_call_is_about_something_else(self, aino: User) -> None:
        missed(aino, 1, ago(days=9))
        place(aino, 2, ago(days=1), direction="out")
        assert of_company(aino).by_week[-2].waits == []

    def test_each_of_several_missed_calls_counts_and_the_usual_time_is_the_median(self, aino: User) -> None:
        for number, minutes in enumerate((30, 40, 200)):
            missed(aino, number, ago(hours=5) - datetime.timedelta(minutes=minutes))
        place(aino, 9, ago(hours=5), direction="out")
        week = of_company(aino).by_week[-1]
        assert (week.missed, week.usual_wait) == (3, 2_400)
        assert week.within_an_hour == pytest.approx(200 / 3)

    def test_a_hidden_number_cannot_be_called_back_and_is_not_held_against_anybody(self, aino: User) -> None:
        missed(aino, 1, ago(hours=1), customer_number="")
        assert of_company(aino).by_week[-1].missed == 0


class TestPage:
    @pytest.fixture
    def calls(self, aino: User, bo: User) -> None:
        recent = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=5)
        make_call(aino, 1, started_at=recent, talk_seconds=3_900)
        make_call(bo, 2, started_at=recent)

    @pytest.mark.usefixtures("calls")
    def test_a_rep_sees_the_own_numbers_and_the_admin_everybodys(
        self, aino: User, bo: User, cecilia: User, browser_of: BrowserOf
    ) -> None:
        english = {"Accept-Language": "en"}
        page = browser_of(aino).get("/statistics/", headers=english)
        assert page.context["weeks"][0].cells[0] == "2"
        assert [row.name for row in page.context["reps"]] == [aino.email, bo.email]
        own = browser_of(bo).get("/statistics/", {"rep": aino.email}, headers=english)
        assert own.context["weeks"][0].cells[0] == "1"
        assert aino.email not in own.content.decode()
        assert (
            "No calls in the last eight weeks"
            in browser_of(cecilia).get("/statistics/", headers=english).content.decode()
        )

    @pytest.mark.usefixtures("calls")
    def test_the_admin_looks_at_one_rep(self, bo: User, admin: Client) -> None:
        page = admin.get("/statistics/", {"rep": bo.email.upper()})
        assert page.context["weeks"][0].cells[2] == "3 min"
        assert page.context["reps"] == []
        assert admin.get("/statistics/", {"rep": "cecilia@toinen.example"}).status_code == 404

    @pytest.mark.usefixtures("calls")
    def test_it_asks_few_questions_and_draws_four_charts(
        self, admin: Client, django_assert_max_num_queries: Any
    ) -> None:
        with django_assert_max_num_queries(6):
            page = admin.get("/statistics/").content.decode()
        assert page.count('<svg class="bars" role="img"') == 4
        assert "style=" not in page

    @pytest.mark.usefixtures("calls")
    def test_the_file_has_a_line_for_each_week_and_rep(self, aino: User, bo: User, admin: Client) -> None:
        answer: Any = admin.get("/statistics/export.csv")
        heads, *lines = csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
        assert len(lines) == 2 * 8
        this_week = [dict(zip(heads, line, strict=True)) for line in lines if line[2] != "0"]
        assert [(line["Rep"], line["Calls"], line["Talk time (s)"]) for line in this_week] == [
            (aino.email, "1", "3900"),
            (bo.email, "1", "172"),
        ]


class TestCharts:
    def test_bars_stand_side_by_side_and_on_each_other(self) -> None:
        values = [Value(label="1", name="1", parts=(30, 10), cells=("30", "10")), *[EMPTY] * 3]
        chart = bar_chart(key="k", title="T", first_column="C", legend=["a", "b"], values=values)
        lower, upper = chart.bars[0].parts
        assert chart.top == "40"
        assert (lower.y + lower.height, upper.y + upper.height, upper.y) == (160, lower.y, 0)
        assert (lower.x, lower.width, chart.bars[3].middle) == ("3.12%", "18.75%", "87.50%")
        assert chart.bars[0].words == "1: a 30, b 10"

    @pytest.mark.parametrize(
        ("number", "top"), [(0, 1), (0.2, 1), (1, 1), (7, 8), (9, 10), (11, 20), (21, 30), (99, 100), (1234, 2000)]
    )
    def test_the_upper_line_is_a_round_number(self, number: float, top: float) -> None:
        assert round_up(number) == top


EMPTY = Value(label="", name="", parts=(0, 0), cells=("0", "0"))


def test_nothing_has_no_share() -> None:
    assert (Numbers().answered_share, Numbers().logged_share, Numbers().within_an_hour) == (None, None, None)
