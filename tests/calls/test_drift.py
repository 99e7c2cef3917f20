"""What Mustalinja sends and the portal does not know is counted by company, and an alarm until somebody knows of it."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from calls.models import Drift
from calls.schedules import EVERY_MINUTES
from calls.tasks import count_drift
from integrations.models import MustalinjaAccount
from tests.accounts.browser import in_english
from tests.calls.events import deliver, ended_call
from tests.conftest import company_of

pytestmark = pytest.mark.django_db


def counted() -> dict[str, int]:
    """What is known after two runs: the first sees what is there, the second counts it."""
    count_drift()
    count_drift()
    return dict(Drift.objects.values_list("what", "count"))


def test_unknown_fields_and_values_are_counted(mustalinja: MustalinjaAccount) -> None:
    deliver(mustalinja, ended_call(queue="sales"))
    deliver(mustalinja, ended_call(queue="support", result="diverted"))
    deliver(mustalinja, ended_call())
    assert counted() == {"queue": 2, "result='diverted'": 1}
    drift = Drift.objects.get(what="queue")
    assert (drift.company, drift.known_since) == (mustalinja.company, None)
    assert drift.first_seen < drift.last_seen


def test_each_delivery_is_counted_once(mustalinja: MustalinjaAccount) -> None:
    deliver(mustalinja, ended_call(queue="sales"))
    assert counted() == counted() == {"queue": 1}
    deliver(mustalinja, ended_call(queue="sales"))
    assert counted() == {"queue": 2}


def test_companies_are_counted_apart(mustalinja: MustalinjaAccount, cecilia: User) -> None:
    other = MustalinjaAccount.objects.create(company=company_of(cecilia), api_key="k", secret=mustalinja.secret)
    for account in (mustalinja, other, other):
        deliver(account, ended_call(queue="sales"))
    counted()
    assert dict(Drift.objects.values_list("company__name", "count")) == {"Esimerkki Oy": 1, "Toinen Oy": 2}


@pytest.mark.parametrize("number", ["0400124387", "+358 400 124 387", "040-012 4387", "12345"])
def test_a_long_number_in_a_value_is_left_out(mustalinja: MustalinjaAccount, number: str) -> None:
    deliver(mustalinja, ended_call(result=f"sent to {number}"))
    assert list(counted()) == ["result='sent to …'"]


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"talk_seconds": -1}, "talk_seconds=-9"),
        ({"talk_seconds": "2:52"}, "talk_seconds='9:99'"),
        ({"talk_seconds": True}, "talk_seconds=True"),
        ({"ring_seconds": "n/a"}, "ring_seconds='n/a'"),
        ({"ring_seconds": "+358 400 124 387"}, "ring_seconds='…'"),
        ({"ended_at": "later"}, "ended_at='later'"),
        ({"answered_at": [1]}, "answered_at=[9]"),
        ({"hidden": "maybe"}, "hidden='maybe'"),
        ({"event_id": ["e"]}, "event_id"),
        ({"to": ["+358941234567"]}, "to"),
        ({"result": "sent to bo@esimerkki.example"}, "result"),
        ({"user": "bo@esimerkki.example"}, "user"),
        ({"user": []}, "user"),
        ({"user": {"email": ["bo@esimerkki.example"]}}, "user.email"),
        ({"user": {"email": "İ" * 250}}, "user.email"),
        ({"user": {"email": "bo@esimerkki.example", "id": [7]}}, "user.id"),
        ({"user": {"email": "bo@esimerkki.example", "number": {}}}, "user.number"),
        ({"user": {"email": "bo@esimerkki.example", "team": "sales"}}, "user.team"),
        ({"user": {"bo@esimerkki.example": True}}, "…"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_a_value_that_is_not_understood_is_counted_without_what_is_personal(
    mustalinja: MustalinjaAccount, changes: dict[str, Any], what: str
) -> None:
    assert deliver(mustalinja, ended_call(**changes)).json()["status"] == "accepted"
    assert counted() == {what: 1}


@pytest.mark.parametrize("name", ["answered", "ended_at", "hidden", "ring_seconds", "talk_seconds", "to", "user"])
def test_null_is_nothing_unknown(mustalinja: MustalinjaAccount, name: str) -> None:
    deliver(mustalinja, ended_call(**{name: None}))
    assert counted() == {}


def test_intake_asks_the_database_nothing_more_for_it(mustalinja: MustalinjaAccount) -> None:
    deliver(mustalinja, ended_call())

    def cost(**changes: Any) -> int:
        with CaptureQueriesContext(connection) as captured:
            deliver(mustalinja, ended_call(**changes))
        return len(captured)

    assert cost(queue="sales") == cost(talk_seconds="n/a", ended_at="later", to=[]) == cost()


def test_it_runs_every_ten_minutes() -> None:
    assert EVERY_MINUTES["calls.tasks.count_drift"] == 10


class TestAlarm:
    @pytest.fixture
    def support(self, staff: User, browser_of: Callable[[User], Client]) -> Client:
        return in_english(browser_of(staff))

    def told(self, client: Client) -> tuple[bool, bool]:
        """By the desk, by the metrics."""
        desk = client.get("/admin/").content.decode()
        metrics = client.get("/metrics").content.decode()
        return "unknown field or value from Mustalinja" in desk, "connector_drifts_unknown_to_support 1.0" in metrics

    def test_it_is_told_until_support_knows_of_it(self, support: Client, mustalinja: MustalinjaAccount) -> None:
        assert self.told(support) == (False, False)
        deliver(mustalinja, ended_call(queue="sales"))
        counted()
        assert self.told(support) == (True, True)
        drift = Drift.objects.get()
        support.post("/admin/calls/drift/", {"action": "mark_as_known", "_selected_action": [drift.pk]})
        assert self.told(support) == (False, False)
        deliver(mustalinja, ended_call(queue="sales"))
        assert counted() == {"queue": 2}
        assert self.told(support) == (False, False)

    def test_the_log_tells_of_a_new_one_once(
        self, mustalinja: MustalinjaAccount, caplog: pytest.LogCaptureFixture
    ) -> None:
        for _time in range(2):
            deliver(mustalinja, ended_call(queue="sales"))
            counted()
        told = [entry.getMessage() for entry in caplog.records if entry.levelno == logging.ERROR]
        assert told == [f"company {mustalinja.company_id}: Mustalinja sends something unknown: queue"]
