"""What `/metrics` tells, to whom, and what it never tells."""

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from pytest_django import Settings

from accounts.models import Company, User
from calls.heartbeat import beat
from calls.models import Call, WebhookDelivery
from calls.tasks import balance_lately
from integrations.models import ContactIndex, MustalinjaAccount, PipedriveAccount, PipedriveConnection
from tests.admin.populated import one_of_each
from tests.calls.events import deliver, ended_call
from tests.calls.steps import Connect, Place, log
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture
def metrics(settings: Settings) -> Callable[[], dict[str, float]]:
    """Reads the figures as Prometheus does: by name and labels' values, the status before the reason."""
    settings.METRICS_TOKEN = TOKEN

    def read() -> dict[str, float]:
        answer = ask(TOKEN)
        assert answer.status_code == 200
        families = text_string_to_metric_families(answer.content.decode())
        return {_name(sample): sample.value for family in families for sample in family.samples}

    return read


def _name(sample: Sample) -> str:
    values = [sample.labels[label] for label in sorted(sample.labels, reverse=True)]
    return " ".join([sample.name.removeprefix("connector_"), *values])


def ask(token: str, scheme: str = "Bearer") -> Any:
    return Client().get("/metrics", headers={"authorization": f"{scheme} {token}"})


@pytest.mark.parametrize("sent", ["", "wrong", TOKEN[:-1], f"{TOKEN}x", TOKEN.upper(), "ä"])
def test_a_wrong_token_finds_no_such_page(settings: Settings, sent: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert ask(sent).status_code == 404
    assert ask(TOKEN, scheme="Basic").status_code == 404
    assert ask(TOKEN).status_code == 200


def test_without_a_token_in_the_settings_none_opens_the_page(settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    for sent in ("", " ", "None"):
        assert ask(sent).status_code == 404
    assert Client().get("/metrics").status_code == 404


def test_it_is_text_that_nobody_keeps_and_changes_nothing(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = ask(TOKEN)
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert answer["Cache-Control"] == "no-store"
    assert Client().post("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 405


def test_calls_are_counted_by_status_and_reason(
    outside: Sandbox, connected: Connect, bo: User, place: Place, metrics: Callable[[], dict[str, float]]
) -> None:
    connected(bo)
    log(place())
    log(place(from_="+358400999888"))
    place()
    place()
    old = place()
    yesterday = timezone.now() - datetime.timedelta(hours=25)
    Call.objects.filter(pk=old.pk).update(received_at=yesterday)
    old.deliveries.update(received_at=yesterday)
    place().delete()
    told = metrics()
    assert told["open_calls pending queued"] == 3
    assert told["open_calls waiting no_contact"] == 1
    assert told["open_calls waiting no_license"] == 0
    assert told["calls_received_last_24_hours logged logged"] == 1
    assert told["calls_received_last_24_hours pending queued"] == 2
    assert 25 * 3600 <= told["oldest_pending_call_age_seconds"] < 25 * 3600 + 600


def test_a_call_that_is_not_due_yet_does_not_count_as_delayed(
    place: Place, metrics: Callable[[], dict[str, float]]
) -> None:
    now = timezone.now()
    Call.objects.filter(pk=place().pk).update(next_attempt_at=now + datetime.timedelta(hours=1))
    assert metrics()["oldest_due_call_delay_seconds"] == 0
    Call.objects.filter(pk=place().pk).update(next_attempt_at=now - datetime.timedelta(hours=1))
    assert 3600 <= metrics()["oldest_due_call_delay_seconds"] < 3900


def test_deliveries_are_counted_by_outcome(
    mustalinja: MustalinjaAccount, metrics: Callable[[], dict[str, float]]
) -> None:
    event = ended_call()
    for body in (event, event, ended_call(), b"{"):
        deliver(mustalinja, body)
    outcomes = "webhook_deliveries_last_24_hours"
    assert [metrics()[f"{outcomes} {name}"] for name in ("accepted", "duplicate", "quarantined")] == [2, 1, 1]
    WebhookDelivery.objects.update(received_at=timezone.now() - datetime.timedelta(hours=25))
    assert metrics()[f"{outcomes} accepted"] == 0


def test_books_that_do_not_balance_are_told(place: Place, metrics: Callable[[], dict[str, float]]) -> None:
    assert (metrics()["books_out_of_balance"], "books_age_seconds" in metrics()) == (0, False)
    place().delete()
    balance_lately()
    told = metrics()
    assert told["books_out_of_balance"] == 1
    assert told["books_age_seconds"] < 60
    beat()
    ready = Client().get("/health/ready")
    assert (ready.status_code, ready.json()["books"]) == (200, False)


def test_the_worker_the_queue_and_the_links_are_told(
    place: Place, metrics: Callable[[], dict[str, float]], cecilia: User
) -> None:
    one_of_each()
    before = metrics()
    assert before["companies"] == 3
    assert (before["broker_up"], before["queue_length"] >= 1) == (1, True)
    assert before["worker_heartbeat_age_seconds"] < 60
    assert (before["pipedrive_connections connected"], before["phone_indexes first_sweep"]) == (1, 1)
    assert "pipedrive_tokens_left_min" not in before
    now = timezone.now()
    PipedriveConnection.objects.update(state="account_closed", paused_until=now + datetime.timedelta(minutes=5))
    PipedriveAccount.objects.update(daily_tokens=1000, tokens_left=250, tokens_left_at=now)
    ContactIndex.objects.update(swept_at=now)
    Company.objects.filter(people=cecilia).update(suspended_at=now)
    told = metrics()
    assert (told["pipedrive_connections account_closed"], told["pipedrive_connections connected"]) == (1, 0)
    assert [told[f"companies_held_up {cause}"] for cause in ("suspended", "account_closed", "paused")] == [1, 1, 1]
    assert (told["phone_indexes ready"], told["phone_indexes first_sweep"]) == (1, 0)
    assert (told["pipedrive_tokens_left_min"], told["pipedrive_tokens_left_ratio_min"]) == (250, 0.25)


def test_it_costs_the_same_with_more_rows(metrics: Callable[[], dict[str, float]]) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            metrics()
        return len(captured)

    one_of_each()
    few = cost()
    for number in range(1, 10):
        one_of_each(number)
    assert cost() == few


def test_nobody_is_named(settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    for number in range(3):
        one_of_each(number)
    text = ask(TOKEN).content.decode()
    assert "connector_companies 3.0" in text
    # Without the values: an age in seconds may have any digits in it.
    said = re.sub(r"(?m)^(connector_.*) \S+$", r"\1", text)
    assert re.findall(r"Yritys|PD \d|@|\+?358|0400|whsec|token-of", said) == []
