"""Webhooks that are banned, lost, doubled or late."""

from typing import Any

import pytest

from tests.sandbox.running_sandbox import Client, Receiver, Sandbox, register_webhook, wait_until

pytestmark = pytest.mark.processes

TRIES = 4
"""The first one and three more, shortly after one another: see `tests/sandbox_process.py`."""


@pytest.fixture
def webhook(aino: Client, receiver: Receiver) -> int:
    """Return a webhook of Aino's for changes of persons."""
    number: int = register_webhook(aino, receiver).json()["data"]["id"]
    return number


def _health(sandbox: Sandbox) -> dict[str, Any]:
    found: dict[str, Any] = sandbox.state("webhooks")["webhooks"][0]
    return found


def _change(sandbox: Sandbox, name: str) -> None:
    sandbox.order("pipedrive/control/persons", name=name)


def _fail(sandbox: Sandbox, receiver: Receiver, events: int) -> None:
    """Let all tries of so many new events fail."""
    failed_before = _health(sandbox)["failed_tries"]
    receiver.answers[:] = [500] * (events * TRIES)
    sandbox.order("pipedrive/control/persons", persons=[{"name": f"Nimi {number}"} for number in range(events)])
    wait_until(lambda: _health(sandbox)["failed_tries"] == failed_before + events * TRIES)


@pytest.mark.usefixtures("webhook")
def test_a_failed_first_try_counts_once_and_a_success_resets_the_counter(sandbox: Sandbox, receiver: Receiver) -> None:
    _fail(sandbox, receiver, events=3)
    assert (_health(sandbox)["ban_counter"], _health(sandbox)["failed_tries"]) == (3, 12)
    receiver.answers[:] = [500]
    _change(sandbox, "Uusi Nimi")
    wait_until(lambda: _health(sandbox)["delivered"] == 1)
    assert (_health(sandbox)["ban_counter"], _health(sandbox)["failed_tries"]) == (0, 13)


@pytest.mark.usefixtures("webhook")
def test_ten_failures_ban_for_half_an_hour_and_events_are_lost(sandbox: Sandbox, receiver: Receiver) -> None:
    _fail(sandbox, receiver, events=9)
    assert _health(sandbox)["is_banned"] is False
    _fail(sandbox, receiver, events=1)
    assert (_health(sandbox)["is_banned"], _health(sandbox)["bans"]) == (True, 1)
    seen = len(receiver.received)
    _change(sandbox, "Kadonnut Nimi")
    sandbox.order("pipedrive/control/clock", advance_seconds=29 * 60)
    _change(sandbox, "Toinen Kadonnut")
    assert _health(sandbox)["lost_while_banned"] == 2
    sandbox.order("pipedrive/control/clock", advance_seconds=2 * 60)
    assert _health(sandbox)["is_banned"] is False
    _change(sandbox, "Uusi Nimi")
    assert [each.json()["data"]["name"] for each in receiver.wait_for(seen + 1)[seen:]] == ["Uusi Nimi"]


def test_a_lost_webhook_is_gone_for_its_owner_too(
    sandbox: Sandbox, aino: Client, receiver: Receiver, webhook: int
) -> None:
    assert sandbox.order(f"pipedrive/control/webhooks/{webhook}", "DELETE") == {"deleted": webhook}
    assert aino("GET", "v1/webhooks").json()["data"] == []
    assert sandbox.state("webhooks")["webhooks"] == []
    _change(sandbox, "Uusi Nimi")
    assert receiver.received == []
    url = f"{sandbox.url}/pipedrive/control/webhooks/{webhook}"
    assert sandbox.http.delete(url).status_code == 400


@pytest.mark.usefixtures("webhook")
def test_with_the_switch_off_events_are_lost_silently(sandbox: Sandbox, aino: Client, receiver: Receiver) -> None:
    sandbox.order("pipedrive/control/switches", deliver_webhooks=False)
    _change(sandbox, "Kadonnut Nimi")
    assert _health(sandbox)["lost_by_switch"] == 1
    sandbox.order("pipedrive/control/switches", deliver_webhooks=True)
    _change(sandbox, "Uusi Nimi")
    assert [each.json()["data"]["name"] for each in receiver.wait_for(1)] == ["Uusi Nimi"]
    assert len(aino("GET", "v2/persons").json()["data"]) == 14, "the poll sees both"


@pytest.mark.usefixtures("webhook")
def test_an_event_can_come_several_times_with_the_same_id(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.order("pipedrive/control/switches", webhook_duplicates=2)
    _change(sandbox, "Uusi Nimi")
    assert len({each.json()["meta"]["id"] for each in receiver.wait_for(3)}) == 1
    wait_until(lambda: _health(sandbox)["delivered"] == 1)


@pytest.mark.usefixtures("webhook")
def test_an_event_can_overtake_an_earlier_one(sandbox: Sandbox, receiver: Receiver) -> None:
    sandbox.order("pipedrive/control/switches", webhook_delay_ms=400)
    _change(sandbox, "Ensimmäinen Nimi")
    sandbox.order("pipedrive/control/switches", webhook_delay_ms=0)
    _change(sandbox, "Toinen Nimi")
    arrived = [each.json() for each in receiver.wait_for(2)]
    assert [each["data"]["name"] for each in arrived] == ["Toinen Nimi", "Ensimmäinen Nimi"]
    assert arrived[0]["meta"]["timestamp"] > arrived[1]["meta"]["timestamp"]


@pytest.mark.usefixtures("webhook")
def test_the_state_shows_no_password(sandbox: Sandbox) -> None:
    assert _health(sandbox)["http_auth_user"] == "portal"
    assert "http_auth_password" not in _health(sandbox)
