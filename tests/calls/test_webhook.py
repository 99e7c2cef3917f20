"""Intake: the contract's table of answers, in the contract's order of checks."""

import base64
import datetime
import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from pythonjsonlogger.json import JsonFormatter

from accounts.models import User
from calls.models import Call, WebhookDelivery
from connector_portal.secret_addresses import RefusedRowFilter, SecretAddressFilter
from integrations.models import MustalinjaAccount
from integrations.mustalinja.signature import new_secret
from integrations.mustalinja_link import rotate_secret
from tests.calls.events import deliver, ended_call, signed
from tests.conftest import company_of

LARGEST = 64 * 1024


def test_a_call_is_accepted_and_kept_as_it_came(mustalinja: MustalinjaAccount, bo: User) -> None:
    event = ended_call(call_id="c-1001")
    answer = deliver(mustalinja, event)
    call = Call.objects.get()
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted", "id": call.reference})
    assert (call.external_id, call.rep, call.customer_number) == ("c-1001", bo, "+358400124387")
    assert (call.direction, call.answered, call.result) == ("in", True, "answered")
    assert (call.ring_seconds, call.talk_seconds, call.own_number) == (8, 172, "+358941234567")
    assert (call.status, call.reason) == ("pending", "queued")
    delivery = WebhookDelivery.objects.get()
    assert json.loads(bytes(delivery.body)) == event
    assert (delivery.call, delivery.outcome, delivery.event_id) == (call, "accepted", event["event_id"])


@pytest.mark.parametrize("method", ["get", "put", "delete", "patch", "head", "options"])
def test_other_methods_are_405_even_for_an_unknown_key(method: str, db: None) -> None:
    assert getattr(Client(), method)("/webhooks/mustalinja/nobody/").status_code == 405


def test_an_unknown_key_is_404_before_the_size_is_looked_at(db: None) -> None:
    body = b"x" * (LARGEST + 1)
    answer = Client().post("/webhooks/mustalinja/nobody/", data=body, content_type="application/json")
    assert answer.status_code == 404


@pytest.mark.parametrize("size", [LARGEST + 1, 1024 * 1024])
def test_a_large_body_is_413_before_authentication(mustalinja: MustalinjaAccount, size: int) -> None:
    assert deliver(mustalinja, b"x" * size, nothing="signed").status_code == 413
    assert not WebhookDelivery.objects.exists()


def test_64_kib_are_not_too_large(mustalinja: MustalinjaAccount) -> None:
    event = ended_call()
    event["padding"] = "x" * (LARGEST - len(json.dumps(event | {"padding": ""})))
    assert len(json.dumps(event)) == LARGEST
    assert deliver(mustalinja, event).status_code == 202


class TestSigned:
    def test_a_wrong_secret_is_401(self, mustalinja: MustalinjaAccount) -> None:
        body = json.dumps(ended_call()).encode()
        assert deliver(mustalinja, body, **signed(new_secret(), body)).status_code == 401
        assert not WebhookDelivery.objects.exists()

    def test_a_changed_body_is_401(self, mustalinja: MustalinjaAccount) -> None:
        body = json.dumps(ended_call()).encode()
        assert deliver(mustalinja, body + b" ", **signed(mustalinja.secret, body)).status_code == 401

    @pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
    def test_a_missing_header_is_401(self, mustalinja: MustalinjaAccount, missing: str) -> None:
        body = json.dumps(ended_call()).encode()
        headers = signed(mustalinja.secret, body)
        del headers[missing]
        assert deliver(mustalinja, body, **headers).status_code == 401

    @pytest.mark.parametrize("header", ["webhook-timestamp", "webhook-signature"])
    @pytest.mark.parametrize("nonsense", ["", "abc", "v1,", "-1", "9" * 400, "١٢٣", "1e9", "v1,ä"])
    def test_a_nonsensical_header_is_401(self, mustalinja: MustalinjaAccount, header: str, nonsense: str) -> None:
        body = json.dumps(ended_call()).encode()
        headers = signed(mustalinja.secret, body) | {header: nonsense.encode().decode("latin-1")}
        assert deliver(mustalinja, body, **headers).status_code == 401

    @pytest.mark.parametrize(("minutes", "status"), [(-6, 401), (-4, 202), (4, 202), (6, 401)])
    def test_the_clock_may_differ_by_five_minutes(
        self, mustalinja: MustalinjaAccount, minutes: int, status: int
    ) -> None:
        body = json.dumps(ended_call()).encode()
        at = datetime.datetime.now(datetime.UTC) + datetime.timedelta(minutes=minutes)
        assert deliver(mustalinja, body, **signed(mustalinja.secret, body, at=at)).status_code == status

    def test_one_of_several_signatures_is_enough(self, mustalinja: MustalinjaAccount) -> None:
        body = json.dumps(ended_call()).encode()
        headers = signed(mustalinja.secret, body)
        headers["webhook-signature"] = f"v1a,Zm9v v1,Zm9v {headers['webhook-signature']}"
        assert deliver(mustalinja, body, **headers).status_code == 202

    def test_the_old_secret_is_valid_for_24_hours_after_a_rotation(
        self, mustalinja: MustalinjaAccount, settings: Any
    ) -> None:
        old = mustalinja.secret
        new = rotate_secret(mustalinja)
        for secret in (old, new):
            body = json.dumps(ended_call()).encode()
            assert deliver(mustalinja, body, **signed(secret, body)).status_code == 202
        MustalinjaAccount.objects.update(
            previous_secret_ends_at=datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=1)
        )
        body = json.dumps(ended_call()).encode()
        assert deliver(mustalinja, body, **signed(old, body)).status_code == 401


def basic(name: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()


@pytest.mark.parametrize(
    ("mode", "authorization", "status"),
    [
        ("bearer", "Bearer {secret}", 202),
        ("bearer", "bearer {secret}", 202),
        ("bearer", "Bearer nonsense", 401),
        ("bearer", "Bearer", 401),
        ("bearer", "{secret}", 401),
        ("bearer", "", 401),
        ("basic", "{basic}", 202),
        ("basic", "{api}", 202),
        ("basic", "{wrong}", 401),
        ("basic", "Basic ???", 401),
        ("basic", "", 401),
        ("signed", "Bearer {secret}", 401),
        ("url", "", 202),
        ("url", "Bearer nonsense", 202),
    ],
)
def test_each_mode_asks_for_its_own_proof(
    mustalinja: MustalinjaAccount, mode: str, authorization: str, status: int
) -> None:
    MustalinjaAccount.objects.update(webhook_auth=mode)
    filled = authorization.format(
        secret=mustalinja.secret,
        basic=basic("mustalinja", mustalinja.secret),
        api=basic("demo-key", "demo-secret"),
        wrong=basic("demo-key", "wrong"),
    )
    headers = {"Authorization": filled} if filled else {"nothing": "sent"}
    assert deliver(mustalinja, ended_call(), **headers).status_code == status


class TestDuplicates:
    def test_the_same_event_again_is_200_and_no_second_call(self, mustalinja: MustalinjaAccount, bo: User) -> None:
        event = ended_call()
        first, second = deliver(mustalinja, event), deliver(mustalinja, event)
        assert second.status_code == 200
        assert second.json() == {"status": "duplicate", "id": first.json()["id"]}
        assert Call.objects.count() == 1
        assert list(WebhookDelivery.objects.order_by("id").values_list("outcome", flat=True)) == [
            "accepted",
            "duplicate",
        ]

    def test_another_event_of_the_same_call_is_a_duplicate(self, mustalinja: MustalinjaAccount, bo: User) -> None:
        deliver(mustalinja, ended_call(call_id="c-1", event_id="e-1"))
        assert deliver(mustalinja, ended_call(call_id="c-1", event_id="e-2")).json()["status"] == "duplicate"

    def test_another_leg_of_the_same_rep_is_a_duplicate(self, mustalinja: MustalinjaAccount, bo: User) -> None:
        deliver(mustalinja, ended_call(call_id="c-1", leg_id="a"))
        again = ended_call(call_id="c-1", leg_id="b", user={"email": "BO@Esimerkki.example"})
        assert deliver(mustalinja, again).status_code == 200
        assert Call.objects.count() == 1

    def test_another_reps_leg_is_a_second_call(self, mustalinja: MustalinjaAccount, aino: User, bo: User) -> None:
        deliver(mustalinja, ended_call(call_id="c-1"))
        other = ended_call(call_id="c-1", user={"email": aino.email})
        assert deliver(mustalinja, other).status_code == 202
        assert set(Call.objects.values_list("rep", flat=True)) == {aino.pk, bo.pk}

    def test_the_same_call_id_at_another_company_is_another_call(
        self, mustalinja: MustalinjaAccount, cecilia: User
    ) -> None:
        other = MustalinjaAccount.objects.create(
            company=company_of(cecilia), api_key="k", api_secret="s", secret=new_secret()
        )
        deliver(mustalinja, ended_call(call_id="c-1"))
        assert deliver(other, ended_call(call_id="c-1")).status_code == 202
        assert Call.objects.count() == 2


def test_other_call_events_are_kept_and_make_no_call(mustalinja: MustalinjaAccount) -> None:
    answer = deliver(mustalinja, {"event": "call.started", "call_id": "c-1"})
    assert (answer.status_code, answer.json()) == (202, {"status": "accepted", "id": None})
    assert not Call.objects.exists()
    assert WebhookDelivery.objects.get().event == "call.started"


def test_unknown_fields_and_values_are_kept_and_named(mustalinja: MustalinjaAccount) -> None:
    answer = deliver(mustalinja, ended_call(result="voicemail", queue="sales", tags=["a"]))
    assert answer.status_code == 202
    assert WebhookDelivery.objects.get().unknown == ["queue", "tags", "result='voicemail'"]
    assert Call.objects.get().result == "voicemail"


QUARANTINED: dict[str, Any] = {
    "nothing": b"",
    "not JSON": b"{",
    "a list": b"[]",
    "text": b'"call"',
    "null": b"null",
    "not UTF-8": b'{"call_id": "\xff\xfe"}',
    "UTF-16": json.dumps(ended_call()).encode("utf-16"),
    "nested too deep": b"[" * 60_000,
    "a number too long": b'{"talk_seconds": ' + b"9" * 5_000 + b"}",
    "another kind of event": ended_call(event="user.created"),
    "an event that is no text": ended_call(event={"name": "call.ended"}),
    "no call_id": ended_call(call_id=...),
    "an empty call_id": ended_call(call_id=" "),
    "a call_id that is a list": ended_call(call_id=["c-1"]),
    "a call_id that is true": ended_call(call_id=True),
    "a call_id of 256 characters": ended_call(call_id="c" * 256),
    "NUL in call_id": ended_call(call_id="c-\0-1"),
    "a lone surrogate in call_id": ended_call(call_id="c-\ud800"),
    "no direction": ended_call(direction=...),
    "an unknown direction": ended_call(direction="sideways"),
    "no started_at": ended_call(started_at=...),
    "started_at that is no time": ended_call(started_at="yesterday"),
    "a date without a time": ended_call(started_at="2026-03-01"),
    "year 0": ended_call(started_at="0000-01-01T00:00:00Z"),
    "year 1": ended_call(started_at="0001-01-01T00:00:00+14:00"),
    "year 9999": ended_call(started_at="9999-12-31T23:59:59-12:00"),
    "started_at true": ended_call(started_at=True),
    "an epoch far away": ended_call(started_at=10**18),
    "an epoch in milliseconds": ended_call(started_at=1_767_000_000_000),
    "an epoch of infinity": b'{"call_id": "1", "direction": "in", "from": "0400124387", "started_at": Infinity}',
    "no number": ended_call(from_=..., hidden=...),
    "no number though not hidden": ended_call(from_="", hidden=False),
    "a number that is none": ended_call(from_="call me"),
    "a number of no country": ended_call(from_="+99912345678"),
    "a number with HTML": ended_call(from_="<b>0400124387</b>"),
    "a number of 40 digits": ended_call(from_="4" * 40),
    "a number that is a list": ended_call(from_=["+358400124387"]),
}


@pytest.mark.parametrize("body", QUARANTINED.values(), ids=QUARANTINED.keys())
def test_what_cannot_be_read_is_quarantined_and_kept(mustalinja: MustalinjaAccount, body: Any) -> None:
    answer = deliver(mustalinja, body)
    assert (answer.status_code, answer.json()) == (202, {"status": "quarantined"})
    delivery = WebhookDelivery.objects.get()
    sent = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert (bytes(delivery.body), delivery.outcome) == (sent, "quarantined")
    assert delivery.problem
    assert not Call.objects.exists()


def test_an_email_is_only_its_owners(mustalinja: MustalinjaAccount) -> None:
    """The letter ß is not ss: these are two people."""
    users = [
        User.objects.create_user(email, company=mustalinja.company)
        for email in ("groß@esimerkki.example", "gross@esimerkki.example")
    ]
    for user in users:
        deliver(mustalinja, ended_call(user={"email": user.email}))
    assert [call.rep for call in Call.objects.order_by("id")] == users


def test_what_cannot_be_read_and_is_not_signed_is_401(mustalinja: MustalinjaAccount) -> None:
    assert deliver(mustalinja, b"{", nothing="signed").status_code == 401
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"answered": "maybe"},
        {"result": "x" * 33},
        {"result": ["answered"]},
        {"leg_id": {"a": 1}},
        {"event_id": [1]},
        {"answered_at": "later"},
        {"answered_at": [1]},
        {"ended_at": "0000-00-00T00:00:00", "answered_at": 10**18},
        {"ended_at": 0},
        {"ended_at": True},
        {"to": "9" * 65},
        {"to": ["+358941234567"]},
        {"user": {"id": [7], "email": "bo@esimerkki.example", "number": "?" * 70}},
        {"talk_seconds": -1},
        {"talk_seconds": "2:52"},
        {"talk_seconds": "172 s"},
        {"talk_seconds": True},
        {"talk_seconds": [172]},
        {"talk_seconds": float("nan")},
        {"talk_seconds": 365 * 24 * 3600},
        {"ring_seconds": "n/a"},
        {"ring_seconds": "-5"},
        {"event": "CALL.ENDED"},
        {"event": " Call.Ended "},
    ],
    ids=str,
)
def test_a_field_that_a_call_does_not_need_never_stops_it(
    mustalinja: MustalinjaAccount, bo: User, changes: dict[str, Any]
) -> None:
    assert deliver(mustalinja, ended_call(**changes)).json()["status"] == "accepted"
    call = Call.objects.get()
    assert (call.rep, call.customer_number, call.talk_seconds) == (bo, "+358400124387", 172)


@pytest.mark.parametrize(
    "user",
    [
        "bo@esimerkki.example",
        [],
        7,
        {"email": ["bo@esimerkki.example"]},
        {"email": f"{'b' * 250}@esimerkki.example"},
        {"email": "İ" * 250},
        {"email": "bo\0@esimerkki.example"},
    ],
    ids=lambda user: ascii(user)[:30],
)
def test_a_user_that_makes_no_sense_is_nobody(mustalinja: MustalinjaAccount, bo: User, user: Any) -> None:
    assert deliver(mustalinja, ended_call(user=user)).json()["status"] == "accepted"
    call = Call.objects.get()
    assert (call.rep, call.rep_email, call.customer_number) == (None, "", "+358400124387")


def test_the_name_of_another_event_is_read_without_its_case(mustalinja: MustalinjaAccount) -> None:
    assert deliver(mustalinja, {"event": "CALL.Started"}).json() == {"status": "accepted", "id": None}
    assert WebhookDelivery.objects.get().event == "call.started"
    assert deliver(mustalinja, {"event": f"call.{'İ' * 250}"}).json() == {"status": "quarantined"}


@pytest.mark.parametrize("key", ["%00", "a%00b", "%ff", "a" * 300])
def test_an_odd_key_is_404(db: None, key: str) -> None:
    assert Client().post(f"/webhooks/mustalinja/{key}/", data=b"{}", content_type="application/json").status_code == 404


def test_the_page_learns_that_mustalinja_was_heard(mustalinja: MustalinjaAccount) -> None:
    assert mustalinja.last_heard_at is None
    deliver(mustalinja, b"{")
    mustalinja.refresh_from_db()
    assert mustalinja.last_heard_at is None
    deliver(mustalinja, {"event": "call.started"})
    mustalinja.refresh_from_db()
    assert mustalinja.last_heard_at is not None


def test_a_refused_event_is_told_on_the_page_until_one_is_accepted(
    mustalinja: MustalinjaAccount, aino: User, browser_of: Callable[[User], Client]
) -> None:
    def webhook_state() -> str:
        links = browser_of(aino).get("/integrations/").context["overview"].links
        return next(str(link.state) for link in links if link.key == "webhook")

    deliver(mustalinja, ended_call(), nothing="signed")
    assert webhook_state() == "broken"
    deliver(mustalinja, ended_call())
    assert webhook_state() == "ok"


@pytest.fixture(params=["console", "json"])
def log(request: pytest.FixtureRequest) -> Iterator[StringIO]:
    """What the handler of the settings writes, in each of its formats."""
    out = StringIO()
    handler = logging.StreamHandler(out)
    handler.addFilter(SecretAddressFilter())
    handler.addFilter(RefusedRowFilter())
    handler.setFormatter(JsonFormatter() if request.param == "json" else logging.Formatter())
    logger = logging.getLogger()
    logger.addHandler(handler)
    try:
        yield out
    finally:
        logger.removeHandler(handler)


def test_the_unguessable_address_stays_out_of_the_log(mustalinja: MustalinjaAccount, log: StringIO) -> None:
    Client().get(f"/webhooks/mustalinja/{mustalinja.webhook_key}/")
    deliver(mustalinja, ended_call(), nothing="signed")
    assert "/webhooks/mustalinja/…/" in log.getvalue() or "\\u2026" in log.getvalue()
    assert mustalinja.webhook_key not in log.getvalue()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite says nothing of the row")
def test_a_row_that_the_database_refuses_stays_out_of_the_log(mustalinja: MustalinjaAccount, log: StringIO) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE calls_call ADD CONSTRAINT refused CHECK (external_id <> 'c-refused')")
    assert deliver(mustalinja, ended_call(call_id="c-refused")).status_code == 503
    assert "violates check constraint" in log.getvalue()
    assert "calls/intake.py" in log.getvalue()
    assert "400124387" not in log.getvalue()
    assert "esimerkki.example" not in log.getvalue()
