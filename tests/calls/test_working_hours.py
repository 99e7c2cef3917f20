"""Working hours: how they are typed, which moments lie within, and what becomes of calls outside."""

import datetime

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import User
from calls.models import Call
from calls.working_hours import clean_hours, hours_as_typed, is_within, works_on
from tests.calls.settings_steps import patch
from tests.calls.steps import Connect, Place, log, outcome

WEEK = dict.fromkeys(["mon", "tue", "wed", "thu", "fri"], "08:00-16:00") | {"sat": "22:00-24:00"}


@pytest.mark.parametrize(
    ("typed", "kept", "shown"),
    [
        ("8-16", "08:00-16:00", "8–16"),
        ("8–16", "08:00-16:00", "8–16"),
        (" 8.30 — 16 ", "08:30-16:00", "8.30–16"),
        ("08:05-16:45", "08:05-16:45", "8.05–16.45"),
        ("0-24", "00:00-24:00", "0–24"),
    ],
)
def test_hours_may_be_typed_as_people_do(typed: str, kept: str, shown: str) -> None:
    assert clean_hours(typed) == kept
    assert hours_as_typed(kept) == shown
    assert clean_hours(shown) == kept


@pytest.mark.parametrize("typed", ["", "8", "8-", "8-16 ja 17-18", "16-8", "8-8", "8-25", "8.60-16", "24.30-25", "x-y"])
def test_what_is_no_time_is_refused(typed: str) -> None:
    with translation.override("en"), pytest.raises(ValueError, match=r"working time|ends before"):
        clean_hours(typed)


@pytest.mark.parametrize(
    ("moment", "within"),
    [
        ("2026-03-02T08:00:00+02:00", True),
        ("2026-03-02T07:59:59+02:00", False),
        ("2026-03-02T15:59:59+02:00", True),
        ("2026-03-02T16:00:00+02:00", False),
        ("2026-03-02T06:00:00+00:00", True),
        ("2026-03-01T12:00:00+02:00", False),
        ("2026-03-07T23:59:59+02:00", True),
        ("2026-03-08T00:00:00+02:00", False),
        ("2026-03-27T06:30:00+00:00", True),
        ("2026-03-30T05:30:00+00:00", True),
        ("2026-03-30T13:00:00+00:00", False),
        ("2026-10-26T05:59:00+00:00", False),
    ],
)
def test_a_moment_is_within_by_the_clock_in_helsinki_summer_and_winter(moment: str, *, within: bool) -> None:
    assert is_within(WEEK, datetime.datetime.fromisoformat(moment)) is within


def test_without_hours_every_moment_is_within_and_weekdays_are_working_days() -> None:
    assert is_within({}, datetime.datetime(2026, 3, 1, 2, tzinfo=datetime.UTC))
    assert [works_on({}, datetime.date(2026, 3, day)) for day in range(2, 9)] == [True] * 5 + [False] * 2
    assert works_on(WEEK, datetime.date(2026, 3, 7))


class TestCallsOutside:
    @pytest.fixture(autouse=True)
    def _a_week_without_the_day_of_the_call(self, admin: Client, connected: Connect, bo: User) -> None:
        connected(bo)
        patch(admin, working_hours={"mon": "8-16"}, outside_hours="skip")

    @staticmethod
    def at(call: Call, moment: str) -> Call:
        Call.objects.filter(pk=call.pk).update(started_at=datetime.datetime.fromisoformat(moment))
        return call

    def test_they_are_skipped_and_say_by_which_rule(self, place: Place, admin: Client) -> None:
        call = log(self.at(place(), "2026-11-24T10:00:00+02:00"))
        assert (outcome(call), call.detail) == (("skipped", "rule"), "working_hours")
        told = admin.get(f"/api/v1/calls/{call.reference}/").json()["explanation"]
        assert told == "Your company does not log calls outside its working hours."
        with translation.override("fi"):
            assert "työajan ulkopuolella" in call.explanation

    def test_those_within_are_logged(self, place: Place) -> None:
        assert outcome(log(self.at(place(), "2026-11-23T10:00:00+02:00"))) == ("logged", "logged")

    def test_all_are_logged_where_the_company_wants_it(self, place: Place, admin: Client) -> None:
        patch(admin, outside_hours="log")
        assert outcome(log(self.at(place(), "2026-11-24T10:00:00+02:00"))) == ("logged", "logged")

    @pytest.mark.parametrize(
        ("decided", "rule", "sentence"),
        [
            ({"rules": {"in_answered": "none"}}, "kind", "Your company does not log calls of this kind."),
            ({"minimum_seconds": 600}, "too_short", "Your company does not log calls this short."),
        ],
    )
    def test_the_other_rules_are_told_apart_too(
        self, place: Place, admin: Client, decided: dict[str, object], rule: str, sentence: str
    ) -> None:
        patch(admin, **decided)
        call = log(place())
        assert (outcome(call), call.detail, call.explanation) == (("skipped", "rule"), rule, sentence)

    def test_a_call_skipped_by_an_earlier_version_has_the_sentence_of_all_rules(self) -> None:
        call = Call(status="skipped", reason="rule", detail="")
        assert call.explanation == (
            "Calls of this kind, or this short, are not logged: the company or the user has chosen so in the settings."
        )
