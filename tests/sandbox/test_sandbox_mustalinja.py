"""The Mustalinja stand-in: calls to pull, and signed webhooks tried again until accepted."""

import base64
from typing import Any

import pytest
import requests
from standardwebhooks.webhooks import Webhook

from tests.sandbox.running_sandbox import Json, Receiver, Sandbox

pytestmark = pytest.mark.processes

SECRET = "whsec_" + base64.b64encode(bytes(range(24))).decode()
CALL: dict[str, Any] = {"user_email": "aino@esimerkki.example", "direction": "in", "number": "+358400124387"}


def _get(
    sandbox: Sandbox, path: str, auth: tuple[str, str] | None = ("demo-key", "demo-secret"), **query: str
) -> requests.Response:
    return sandbox.http.get(f"{sandbox.url}/mustalinja/v1/{path}", params=query, auth=auth)


def _register(sandbox: Sandbox, receiver: Receiver, **changes: Any) -> requests.Response:
    body = {
        "url": f"{receiver.url}/webhooks/mustalinja/key/",
        "secret": SECRET,
        "events": ["call.ended"],
        **changes,
    }
    url = f"{sandbox.url}/mustalinja/v1/webhook"
    return sandbox.http.put(url, json=body, auth=("demo-key", "demo-secret"))


def _deliveries(sandbox: Sandbox) -> list[dict[str, Any]]:
    state = sandbox.http.get(f"{sandbox.url}/mustalinja/control/state").json()
    deliveries: list[dict[str, Any]] = state["accounts"][0]["calls"][0]["deliveries"]
    return deliveries


def test_the_account_answers_to_its_own_credentials_only(sandbox: Sandbox) -> None:
    assert _get(sandbox, "account").json() == {"company": "Esimerkki Oy", "users": 3}
    assert _get(sandbox, "account", ("other-key", "other-secret")).json() == {
        "company": "Toinen Oy",
        "users": 1,
    }
    for wrong in (None, ("demo-key", "other-secret"), ("nobody", "x")):
        assert _get(sandbox, "account", wrong).status_code == 401
    users = _get(sandbox, "users").json()["users"]
    assert users[0].keys() == {"id", "name", "email", "number"}


def test_a_placed_call_has_the_contracts_body(sandbox: Sandbox) -> None:
    order = {**CALL, "started_at": "2026-03-01T09:00:00+02:00", "ring_seconds": 8, "talk_seconds": 172}
    body = sandbox.order("mustalinja/control/calls", **order)["calls"][0]
    assert body.keys() == {
        *(
            "event",
            "event_id",
            "call_id",
            "leg_id",
            "direction",
            "answered",
            "result",
            "from",
            "to",
            "hidden",
        ),
        *("user", "started_at", "answered_at", "ended_at", "ring_seconds", "talk_seconds"),
    }
    assert (body["from"], body["to"]) == ("+358400124387", "+358941235000")
    assert body["answered_at"] == "2026-03-01T09:00:08+02:00"
    assert body["ended_at"] == "2026-03-01T09:03:00+02:00"
    assert _get(sandbox, "calls").json() == {"calls": [body], "next_cursor": None}


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"answered": False}, {"result": "missed", "answered_at": None, "talk_seconds": 0}),
        ({"direction": "out", "answered": False}, {"result": "cancelled", "to": "+358400124387"}),
        ({"hidden": True}, {"hidden": True, "from": ""}),
        ({"overrides": {"result": "busy", "extra": 1}}, {"result": "busy", "extra": 1}),
    ],
)
def test_kinds_of_calls(sandbox: Sandbox, changes: Json, expected: Json) -> None:
    body = sandbox.order("mustalinja/control/calls", **{**CALL, **changes})["calls"][0]
    assert {name: body[name] for name in expected} == expected


def test_calls_are_paged_by_a_hundred_oldest_first(sandbox: Sandbox) -> None:
    orders = [{**CALL, "started_at": f"2026-03-01T{9 + n // 60:02}:{n % 60:02}:00+02:00"} for n in range(150)]
    sandbox.order("mustalinja/control/calls", calls=orders[::-1])
    first = _get(sandbox, "calls", since="2026-03-01T09:13:00+02:00").json()
    second = _get(sandbox, "calls", since="2026-03-01T09:13:00+02:00", cursor=first["next_cursor"]).json()
    assert (len(first["calls"]), len(second["calls"])) == (100, 40)
    ends = [call["ended_at"] for call in first["calls"] + second["calls"]]
    assert ends == sorted(ends)
    assert second["next_cursor"] is None
    assert ends[0] == "2026-03-01T09:13:00+02:00", "since is by the end of the call, inclusive"
    assert _get(sandbox, "calls", since="yesterday").status_code == 400


def test_the_webhook_is_signed_and_tried_again_until_accepted(sandbox: Sandbox, receiver: Receiver) -> None:
    assert _register(sandbox, receiver).status_code == 204
    receiver.answers[:] = [500, 503, 202]
    placed = sandbox.order("mustalinja/control/calls", **CALL)["calls"][0]
    for request in receiver.wait_for(3):
        assert Webhook(SECRET).verify(request.body, request.headers) == placed
        assert request.headers["webhook-id"] == placed["event_id"]
        assert request.path == "/webhooks/mustalinja/key/"
    receiver_statuses = [each["status"] for each in _deliveries(sandbox)]
    assert receiver_statuses in ([500, 503], [500, 503, 202])


def test_a_call_can_be_sent_again_or_lost(sandbox: Sandbox, receiver: Receiver) -> None:
    _register(sandbox, receiver)
    sandbox.order("mustalinja/control/calls", **CALL, deliver=False)
    sandbox.order("mustalinja/control/calls", **{**CALL, "omit": ["leg_id"]})
    assert len(receiver.wait_for(1)) == 1
    sandbox.order("mustalinja/control/resend", call_id=receiver.received[0].json()["call_id"])
    first, second = receiver.wait_for(2)
    assert first.body == second.body
    assert "leg_id" not in first.json()
    assert len(_get(sandbox, "calls").json()["calls"]) == 2


@pytest.mark.parametrize(
    ("auth", "header"),
    [("bearer", f"Bearer {SECRET}"), ("url", None)],
)
def test_other_ways_to_authenticate(sandbox: Sandbox, receiver: Receiver, auth: str, header: str | None) -> None:
    _register(sandbox, receiver, auth=auth)
    sandbox.order("mustalinja/control/calls", **CALL)
    request = receiver.wait_for(1)[0]
    assert request.headers.get("authorization") == header
    assert "webhook-signature" not in request.headers


@pytest.mark.parametrize(
    "changes",
    [
        {"url": "ftp://x"},
        {"secret": ""},
        {"secret": "whsec_ä"},
        {"secret": "plain"},
        {"events": ["call.started"]},
    ],
    ids=str,
)
def test_a_wrong_registration_is_refused(sandbox: Sandbox, receiver: Receiver, changes: Json) -> None:
    assert _register(sandbox, receiver, **changes).status_code == 400


def test_the_secret_is_masked_in_the_state(sandbox: Sandbox, receiver: Receiver) -> None:
    _register(sandbox, receiver)
    assert SECRET not in sandbox.http.get(f"{sandbox.url}/mustalinja/control/state").text


def test_faults_strike_the_pull_too(sandbox: Sandbox) -> None:
    sandbox.order("mustalinja/control/faults", path="/v1/calls", status=503)
    assert _get(sandbox, "calls").status_code == 503
    assert _get(sandbox, "calls").status_code == 200


def test_the_page_rings(sandbox: Sandbox, receiver: Receiver) -> None:
    _register(sandbox, receiver)
    form = {
        "account": "demo-key",
        "user": "bo@esimerkki.example",
        "number": "+358400124387",
        "kind": "in-missed",
    }
    page = sandbox.http.post(f"{sandbox.url}/mustalinja/forms/ring", data=form)
    assert page.status_code == 200
    event = receiver.wait_for(1)[0].json()
    assert event["result"] == "missed"
    assert event["call_id"] in page.text


@pytest.mark.parametrize(
    "order", [{"user_email": "nobody@x.example"}, {**CALL, "account": "x"}, {**CALL, "direction": "up"}]
)
def test_an_impossible_call_is_refused(sandbox: Sandbox, order: Json) -> None:
    assert sandbox.http.post(f"{sandbox.url}/mustalinja/control/calls", json=order).status_code == 400
