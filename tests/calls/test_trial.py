"""Trying settings on the last 30 days: the numbers are those that saving them brings, and nothing is touched."""

import datetime
import re
from collections import Counter
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from accounts.models import User
from calls.models import Call, LoggingPolicy
from tests.calls.settings_steps import KINDS, patch, save, settings_form
from tests.calls.steps import Connect, Place, activities, log
from tests.sandbox.running_sandbox import Sandbox

TRIAL = "/settings/company/trial/"
SHARED, UNKNOWN, HELMI = "+358400124392", "+358400999888", "+46701234567"


@pytest.fixture
def calls(outside: Sandbox, connected: Connect, place: Place, bo: User) -> list[Call]:
    """Nine calls of many kinds, logged or waiting by the settings at the start."""
    connected(bo)
    placed = [
        place(),
        place(talk_seconds=3),
        place(answered=False, result="missed", talk_seconds=0),
        place(direction="out", from_="+358941234567", to="+358400124387"),
        place(direction="out", from_="+358941234567", to="+358400124387", answered=False, talk_seconds=0),
        place(from_=SHARED),
        place(from_=UNKNOWN),
        place(from_="anonymous", hidden=True),
        place(from_="+358600123456"),
    ]
    return [log(call) for call in placed]


def try_out(admin: Client, **values: Any) -> str:
    """Press the button, as htmx does."""
    fields = {**settings_form(admin).fields, "create_person_for": KINDS, **values}
    return admin.post(TRIAL, fields, headers={"HX-Request": "true"}).content.decode()


def counts(part: str) -> Counter[str]:
    """What is shown to differ, in how many calls."""
    found = re.findall(r"<li>(.*?): <strong>(\d+)</strong></li>", part.replace("&#x27;", "'"))
    return Counter({way: int(count) for way, count in found})


def really(calls: list[Call]) -> list[tuple[str, str, str, bool, str]]:
    """What the engine makes of the calls now, told by the call, its activity and whether that is done."""
    Call.objects.update(
        status="pending",
        reason="queued",
        detail="",
        next_attempt_at=timezone.now(),
        sending_since=None,
        claimed_until=None,
        activity_id=None,
    )
    made = []
    for call in calls:
        log(call)
        made.append((call.status, call.reason, call.detail, call.activity_id is not None, call.person_name))
    return made


CHANGES: list[tuple[dict[str, Any], Counter[str]]] = [
    ({}, Counter()),
    ({"in_missed": "open"}, Counter({"Logged as done → Logged as open": 1})),
    (
        {"in_missed": "none", "out_unanswered": "none"},
        Counter({"Logged as done → Not logged: Your company does not log calls of this kind.": 2}),
    ),
    (
        {"minimum_seconds": "10"},
        Counter({"Logged as done → Not logged: Your company does not log calls this short.": 1}),
    ),
    (
        {"blocked_numbers": "+358600*"},
        Counter(
            {"Waits for somebody with this number → Not logged: Your company does not log calls with this number.": 1}
        ),
    ),
    (
        {"own_numbers": "+358400124392"},
        Counter({"Logged as done → Not logged: This is a call between colleagues.": 1}),
    ),
    ({"several_contacts": "ask"}, Counter({"Logged as done → Waits until somebody chooses the contact": 1})),
    (
        {"unknown_caller": "create_person"},
        Counter({"Waits for somebody with this number → Logged to a new person": 2}),
    ),
]


@pytest.mark.parametrize(("values", "expected"), CHANGES)
def test_as_many_calls_differ_as_saving_changes(
    admin: Client, calls: list[Call], values: dict[str, Any], expected: Counter[str]
) -> None:
    before = really(calls)
    part = try_out(admin, **values)
    assert counts(part) == expected
    assert save(admin, settings_form(admin), **values).status_code == 302
    done = [values.get(kind) != "open" for kind in ("in_missed",)]
    changed = sum(was != would_be for was, would_be in zip(before, really(calls), strict=True))
    assert changed + done.count(False) == expected.total()


def test_texts_and_the_type_count_once_for_each_logged_call(admin: Client, calls: list[Call]) -> None:
    part = try_out(admin, activity_type="meeting", subject_in_missed="Call {name}", note_in_missed="!")
    found = counts(part)
    assert (found["Another subject"], found["Another note"]) == (1, 1)
    assert found["Another activity type"] == 8
    assert "Call Eero Mäkinen" in part


def test_a_template_that_says_the_same_changes_nothing(admin: Client, calls: list[Call]) -> None:
    patch(admin, language="en")
    assert counts(try_out(admin, subject_in_missed="Missed call")) == Counter()


def test_nothing_is_saved_and_pipedrive_is_not_asked(admin: Client, calls: list[Call], outside: Sandbox) -> None:
    made, asked = activities(outside), len(outside.state("requests")["requests"])
    rows = list(Call.objects.order_by("pk").values())
    page = admin.post(TRIAL, {**settings_form(admin).fields, "in_missed": "none"}).content.decode()
    assert "1 of 9 calls of the last 30 days would have been treated differently." in page
    assert "<h1>Company settings</h1>" in page
    assert not LoggingPolicy.objects.filter(in_missed="none").exists()
    assert list(Call.objects.order_by("pk").values()) == rows
    assert (activities(outside), len(outside.state("requests")["requests"])) == (made, asked)


def test_what_is_wrong_is_said_instead(admin: Client) -> None:
    part = try_out(admin, blocked_numbers="everybody")
    assert "Correct the marked fields first" in part
    assert "everybody is not a telephone number" in part


def test_older_calls_and_another_companys_are_left_out(admin: Client, calls: list[Call], cecilia: User) -> None:
    Call.objects.filter(pk=calls[0].pk).update(started_at=timezone.now() - datetime.timedelta(days=31))
    Call.objects.filter(pk=calls[1].pk).update(company=cecilia.company)
    assert "1 of 7 calls" in try_out(admin, in_missed="open")


def test_many_calls_take_no_more_queries_than_few(
    admin: Client, calls: list[Call], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    pattern = Call.objects.get(pk=calls[0].pk)
    fields = {
        field.attname: getattr(pattern, field.attname) for field in Call._meta.concrete_fields if field.attname != "id"
    }
    Call.objects.bulk_create(
        Call(**fields | {"reference": f"R{number}", "external_id": f"many-{number}"}) for number in range(3_100)
    )
    form = {**settings_form(admin).fields, "create_person_for": KINDS, "in_answered": "open"}
    with django_assert_max_num_queries(12):
        part = admin.post(TRIAL, form, headers={"HX-Request": "true"}).content.decode()
    assert "the newest 3000 were looked at" in part.replace(",", "").replace("\N{NO-BREAK SPACE}", "")
    assert part.count("<tr>") == 21


def test_whoever_may_not_see_colleagues_calls_gets_their_numbers_only(
    admin: Client, calls: list[Call], aino: User, place: Place
) -> None:
    own = place(user={"email": aino.email}, answered=False, result="missed", talk_seconds=0)
    assert "Eero Mäkinen" in try_out(admin, in_missed="open")
    User.objects.filter(pk=aino.pk).update(sees_all_calls=False)
    part = try_out(admin, in_missed="open")
    assert counts(part) == Counter({"Logged as done → Logged as open": 2})
    assert "Eero Mäkinen" not in part
    assert calls[2].reference not in part
    assert own.reference in part
    own.delete()
    assert "Some of these calls" not in try_out(admin, in_missed="open")
