"""What Pipedrive itself sends to the callback address: an uninstall, app sharing, and whatever else comes along."""

import base64
import datetime
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from integrations.models import PipedriveConnection
from tests.integrations.oauth import CALLBACK
from tests.sandbox.running_sandbox import APP, Json, Sandbox

pytestmark = pytest.mark.django_db
Connect = Callable[[User], PipedriveConnection]
HOUR = datetime.timedelta(hours=1)


def basic(name: str, password: str, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(f'{name}:{password}'.encode()).decode()}"


def uninstall(body: Json | bytes, authorization: str | None = basic(*APP)) -> Any:
    """The DELETE that Pipedrive sends; no cookies, no token of ours."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=True)
    headers = {} if authorization is None else {"authorization": authorization}
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.delete(CALLBACK, data=data, content_type="application/json", headers=headers)


def word(connection: PipedriveConnection, **changes: Any) -> Json:
    """An uninstall of a connection's user, half a minute from now at the latest."""
    body = {
        "client_id": APP[0],
        "company_id": connection.account.pipedrive_company_id,
        "user_id": connection.pipedrive_user_id,
        "timestamp": timezone.now().isoformat(),
    }
    return {name: value for name, value in (body | changes).items() if value is not ...}


def exists(connection: PipedriveConnection) -> bool:
    return PipedriveConnection.objects.filter(pk=connection.pk).exists()


def test_a_genuine_word_ends_the_connection(bo: User, connected: Connect) -> None:
    connection = connected(bo)
    answer = uninstall(word(connection))
    assert (answer.status_code, answer.content) == (204, b"")
    assert not exists(connection)


def test_the_word_of_the_sandbox_is_understood(outside: Sandbox, bo: User, connected: Connect) -> None:
    connection = connected(bo)
    now = datetime.datetime.now(datetime.UTC)
    for stamp in (now.isoformat(timespec="milliseconds").replace("+00:00", "Z"), now.strftime("%Y-%m-%d %H:%M:%S")):
        PipedriveConnection.objects.filter(pk=connection.pk).update(connected_at=now - HOUR)
        assert uninstall(word(connection, timestamp=stamp)).status_code == 204
        assert not exists(connection)
        connection = connected(bo)


def test_only_that_users_connection_ends(aino: User, bo: User, cecilia: User, connected: Connect) -> None:
    first, second, third = connected(aino), connected(bo), connected(cecilia)
    uninstall(word(second))
    assert (exists(first), exists(second), exists(third)) == (True, False, True)


def test_the_same_user_id_of_another_company_is_somebody_else(bo: User, connected: Connect) -> None:
    connection = connected(bo)
    assert uninstall(word(connection, company_id=7002)).status_code == 204
    assert exists(connection)


@pytest.mark.parametrize("ids", [{"user_id": 999_999}, {"company_id": 10**30}, {"user_id": -1}, {"user_id": 2**63}])
def test_an_unknown_user_is_204_and_nothing_happens(bo: User, connected: Connect, ids: Json) -> None:
    connection = connected(bo)
    assert uninstall(word(connection, **ids)).status_code == 204
    assert exists(connection)


def test_ids_may_come_as_text(bo: User, connected: Connect) -> None:
    connection = connected(bo)
    uninstall(word(connection, company_id="7001", user_id=str(connection.pipedrive_user_id)))
    assert not exists(connection)


def test_the_second_time_is_204_too(bo: User, connected: Connect) -> None:
    body = word(connected(bo))
    assert [uninstall(body).status_code for _time in range(2)] == [204, 204]


@pytest.mark.parametrize(
    "authorization",
    [
        None,
        "",
        "Basic",
        "Basic ???",
        "Basic ä",
        basic(APP[0], "wrong"),
        basic("wrong", APP[1]),
        basic(APP[1], APP[0]),
        basic(APP[0], APP[1] + "x"),
        basic(APP[0], ""),
        basic(*APP, scheme="Bearer"),
        f"{APP[0]}:{APP[1]}",
    ],
)
def test_without_our_own_credentials_it_is_401(bo: User, connected: Connect, authorization: str | None) -> None:
    connection = connected(bo)
    assert uninstall(word(connection), authorization).status_code == 401
    assert uninstall(b"{", authorization).status_code == 401
    assert exists(connection)


def test_a_portal_without_an_app_accepts_nobody(bo: User, connected: Connect, settings: Any) -> None:
    connection = connected(bo)
    settings.PIPEDRIVE_CLIENT_ID = settings.PIPEDRIVE_CLIENT_SECRET = ""
    assert uninstall(word(connection), basic("", "")).status_code == 401
    assert exists(connection)


def as_iso(moment: datetime.datetime) -> str:
    return moment.isoformat()


def as_naive_utc(moment: datetime.datetime) -> str:
    return moment.astimezone(datetime.UTC).replace(tzinfo=None).isoformat()


def as_seconds(moment: datetime.datetime) -> int:
    return int(moment.timestamp())


def as_text(moment: datetime.datetime) -> str:
    return str(int(moment.timestamp()))


def as_milliseconds(moment: datetime.datetime) -> int:
    return int(moment.timestamp() * 1000)


@pytest.mark.parametrize("written", [as_iso, as_naive_utc, as_seconds, as_text, as_milliseconds])
class TestTime:
    def test_a_word_older_than_the_connection_is_ignored(
        self, bo: User, connected: Connect, written: Callable[[datetime.datetime], Any]
    ) -> None:
        connection = connected(bo)
        stamp = written(timezone.now() - datetime.timedelta(minutes=1))
        assert uninstall(word(connection, timestamp=stamp)).status_code == 204
        assert exists(connection)

    def test_a_later_one_counts(
        self, bo: User, connected: Connect, written: Callable[[datetime.datetime], Any]
    ) -> None:
        connection = connected(bo)
        PipedriveConnection.objects.update(connected_at=timezone.now() - HOUR)
        uninstall(word(connection, timestamp=written(timezone.now() - datetime.timedelta(minutes=1))))
        assert not exists(connection)

    def test_one_of_the_same_second_counts(
        self, bo: User, connected: Connect, written: Callable[[datetime.datetime], Any]
    ) -> None:
        connection = connected(bo)
        uninstall(word(connection, timestamp=written(connection.connected_at)))
        assert not exists(connection)


@pytest.mark.parametrize("stamp", [..., None, "", "yesterday", [], {}, "²", "NaN"])
def test_without_a_readable_time_the_word_counts(bo: User, connected: Connect, stamp: Any) -> None:
    connection = connected(bo)
    assert uninstall(word(connection, timestamp=stamp)).status_code == 204
    assert not exists(connection)


STRANGE: dict[str, bytes] = {
    "nothing": b"",
    "not JSON": b"{",
    "not UTF-8": b'{"company_id": "\xff"}',
    "a list": b"[]",
    "null": b"null",
    "a number": b"7001",
    "no ids": b"{}",
    "no user": b'{"company_id": 7001}',
    "null ids": b'{"company_id": null, "user_id": null}',
    "ids that are no numbers": b'{"company_id": "x", "user_id": "y"}',
    "ids that are lists": b'{"company_id": [7001], "user_id": [1]}',
    "an infinite id": b'{"company_id": 1e999, "user_id": 1}',
    "an id that is none": b'{"company_id": NaN, "user_id": 1}',
    "an id without end": b'{"company_id": ' + b"9" * 5_000 + b', "user_id": 1}',
    "nested too deep": b"[" * 100_000,
    "endless": b'{"company_id": "' + b"x" * 3_000_000 + b'"}',
}


@pytest.mark.parametrize("body", STRANGE.values(), ids=STRANGE.keys())
def test_a_strange_body_is_400_and_nothing_happens(bo: User, connected: Connect, body: bytes) -> None:
    connection = connected(bo)
    assert uninstall(body).status_code == 400
    assert exists(connection)


@pytest.mark.parametrize(
    "stamp",
    ["9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", 1e300, -1e300, 10**30],
)
def test_a_time_at_the_end_of_the_calendar_is_no_fault(bo: User, connected: Connect, stamp: Any) -> None:
    assert uninstall(word(connected(bo), timestamp=stamp)).status_code in (204, 400)


class TestOtherMethods:
    @pytest.mark.parametrize("is_shared", [True, False])
    def test_app_sharing_is_heard(self, bo: User, connected: Connect, *, is_shared: bool) -> None:
        connection = connected(bo)
        body = {"company_id": 7001, "user_id": connection.pipedrive_user_id, "isShared": is_shared}
        client = Client(enforce_csrf_checks=True)
        headers = {"authorization": basic(*APP)}
        answer = client.post(CALLBACK, data=body, content_type="application/json", headers=headers)
        assert answer.status_code == 204
        assert exists(connection)

    @pytest.mark.parametrize("method", ["put", "patch", "head", "options", "trace"])
    def test_what_pipedrive_does_not_send_is_405(self, method: str) -> None:
        assert getattr(Client(enforce_csrf_checks=True), method)(CALLBACK).status_code == 405

    @pytest.mark.parametrize("path", ["/integrations/pipedrive/connect/", "/integrations/pipedrive/disconnect/"])
    def test_what_a_person_does_needs_the_csrf_token(self, bo: User, connected: Connect, path: str) -> None:
        connection = connected(bo)
        client = Client(enforce_csrf_checks=True)
        client.force_login(bo, "django.contrib.auth.backends.ModelBackend")
        assert client.post(path).status_code == 403
        assert exists(connection)


def test_after_an_uninstall_the_person_can_connect_again(bo: User, connected: Connect) -> None:
    connection = connected(bo)
    body = word(connection)
    uninstall(body)
    time.sleep(0.01)
    again = connected(bo)
    PipedriveConnection.objects.update(connected_at=timezone.now() + datetime.timedelta(seconds=2))
    uninstall(body)
    assert exists(again)
