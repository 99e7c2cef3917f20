"""The one door out: every answer and every trouble becomes one error of the tree."""

import email.utils
import logging
import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from integrations.errors import (
    AccountClosedError,
    IntegrationError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    TryLaterError,
    UnauthorizedError,
)
from integrations.http import request_json
from tests.sandbox.running_sandbox import Sandbox
from tests.sandbox_process import free_port

Json = dict[str, Any]
PATH = "/pipedrive/oauth/revoke"


def ask(sandbox: Sandbox, *, repeatable: bool = True, **fault: Any) -> Any:
    """One request to an address of the sandbox that goes wrong as ordered."""
    sandbox.order("pipedrive/control/faults", path="oauth/revoke", **fault)
    return request_json("POST", sandbox.url + PATH, form={"a": "b"}, repeatable=repeatable, read_seconds=0.3)


def trouble(sandbox: Sandbox, *, repeatable: bool = True, **fault: Any) -> IntegrationError:
    with pytest.raises(IntegrationError) as raised:
        ask(sandbox, repeatable=repeatable, **fault)
    return raised.value


STATUSES: dict[int, type[IntegrationError]] = {
    400: RefusedError,
    401: UnauthorizedError,
    402: AccountClosedError,
    403: RefusedError,
    404: NotFoundError,
    405: RefusedError,
    409: RefusedError,
    410: NotFoundError,
    415: RefusedError,
    418: RefusedError,
    422: RefusedError,
    429: RateLimitedError,
}
UNCLEAR = [300, 301, 302, 304, 307, 308, 408, 500, 501, 502, 503, 504, 520, 599]


@pytest.mark.parametrize("repeatable", [True, False])
@pytest.mark.parametrize(("status", "error"), STATUSES.items())
def test_a_refusal_is_its_own_error_for_reads_and_writes(
    outside: Sandbox,
    status: int,
    error: type[IntegrationError],
    repeatable: bool,  # noqa: FBT001
) -> None:
    assert type(trouble(outside, status=status, repeatable=repeatable)) is error


@pytest.mark.parametrize("status", UNCLEAR)
def test_an_unclear_answer_is_tried_again_when_reading_and_unknown_when_writing(outside: Sandbox, status: int) -> None:
    assert type(trouble(outside, status=status)) is TryLaterError
    assert type(trouble(outside, status=status, repeatable=False)) is OutcomeUnknownError


UNREADABLE: dict[str, Json] = {
    "a page": {"status": 200, "html": True},
    "half an object": {"status": 200, "body": '{"data": '},
    "nested too deep": {"status": 200, "body": "[" * 100_000},
    "a number too long": {"status": 200, "body": "9" * 5_000},
    "success is false": {"status": 200, "body": {"success": False, "error": "x"}},
    "201 and success is false": {"status": 201, "body": {"success": False}},
    "no answer in time": {"hang_seconds": 0.5, "after": True},
    "a gateway's timeout": {"hang_seconds": 0.5},
    "cut off before it was carried out": {"drop": True},
    "cut off after it was carried out": {"drop": True, "after": True},
}


@pytest.mark.parametrize("fault", UNREADABLE.values(), ids=UNREADABLE.keys())
def test_an_answer_that_says_nothing_is_as_unclear(outside: Sandbox, fault: Json) -> None:
    assert type(trouble(outside, **fault)) is TryLaterError
    assert type(trouble(outside, repeatable=False, **fault)) is OutcomeUnknownError


@pytest.mark.parametrize(
    ("fault", "answer"),
    [
        ({"status": 200, "body": {"success": True, "data": [1]}}, {"success": True, "data": [1]}),
        ({"status": 200, "body": []}, []),
        ({"status": 201, "body": {"data": None}}, {"data": None}),
        ({"status": 200, "body": ""}, None),
        ({"status": 204, "body": ""}, None),
    ],
)
def test_a_good_answer_is_its_json(outside: Sandbox, fault: Json, answer: Any) -> None:
    assert ask(outside, **fault) == answer


class TestNotReached:
    @pytest.mark.parametrize("repeatable", [True, False])
    def test_a_refused_connection_carried_nothing_out(self, repeatable: bool) -> None:  # noqa: FBT001
        with pytest.raises(TryLaterError):
            request_json("POST", f"http://127.0.0.1:{free_port()}/", repeatable=repeatable)

    @pytest.mark.parametrize("repeatable", [True, False])
    def test_a_name_that_is_not_there_carried_nothing_out(self, repeatable: bool) -> None:  # noqa: FBT001
        with pytest.raises(TryLaterError):
            request_json("POST", "http://no-such-host.invalid/", repeatable=repeatable)

    def test_silence_before_an_answer_is_unknown_for_a_write(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as silent:
            url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
            with pytest.raises(OutcomeUnknownError):
                request_json("POST", url, repeatable=False, read_seconds=0.1)
            with pytest.raises(TryLaterError):
                request_json("POST", url, read_seconds=0.1)


class TestWaiting:
    @pytest.mark.parametrize(
        ("headers", "seconds"),
        [
            ({}, 2),
            ({"Retry-After": "7"}, 7),
            ({"retry-after": "0.5"}, 0.5),
            ({"x-ratelimit-reset": "3"}, 3),
            ({"Retry-After": "7", "x-ratelimit-reset": "3"}, 7),
            ({"Retry-After": "soon", "x-ratelimit-reset": "3"}, 3),
            ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, 2),
            ({"Retry-After": "-1"}, 2),
            ({"Retry-After": "0"}, 2),
            ({"Retry-After": "nan"}, 2),
            ({"Retry-After": "inf"}, 2),
            ({"Retry-After": "1e9"}, 2),
            ({"x-ratelimit-reset": "1767000000"}, 2),
            ({"Retry-After": "86400"}, 86_400),
        ],
    )
    def test_it_is_as_long_as_a_sensible_header_says(
        self, outside: Sandbox, headers: dict[str, str], seconds: float
    ) -> None:
        error = trouble(outside, status=429, headers=headers)
        assert isinstance(error, RateLimitedError)
        assert error.retry_after == seconds

    def test_it_may_be_said_by_a_date(self, outside: Sandbox) -> None:
        at = email.utils.formatdate(time.time() + 30, usegmt=True)
        error = trouble(outside, status=429, headers={"Retry-After": at})
        assert isinstance(error, RateLimitedError)
        assert error.is_told
        assert 20 < error.retry_after <= 30

    def test_a_403_that_is_a_page_means_to_stay_away_for_long(self, outside: Sandbox) -> None:
        error = trouble(outside, status=403, html=True, repeatable=False)
        assert isinstance(error, RateLimitedError)
        assert error.retry_after == 900


class Redirecting(BaseHTTPRequestHandler):
    """Answers everything with a redirect to itself and counts."""

    seen: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.seen.append(self.path)
        self.send_response(302)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name http.server gives
        """Say nothing."""


@pytest.fixture
def redirecting() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Redirecting) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_redirects_are_not_followed(redirecting: str) -> None:
    with pytest.raises(TryLaterError):
        request_json("GET", f"{redirecting}/start", headers={"Authorization": "Bearer x"})
    assert Redirecting.seen == ["/start"]


@pytest.mark.parametrize("credentials", [("käyttäjä", "salasana"), ("ключ", "секрет"), ("€", "漢字"), ("a:b", "")])
def test_credentials_may_have_any_letters(outside: Sandbox, credentials: tuple[str, str]) -> None:
    with pytest.raises(UnauthorizedError):
        request_json("GET", f"{outside.url}/mustalinja/v1/account", basic_auth=credentials)


def test_the_vendors_words_are_kept_for_support_and_cut(outside: Sandbox) -> None:
    error = trouble(outside, status=400, body={"success": False, "error": "Bad", "error_info": "x" * 9_000})
    assert error.vendor_message.startswith("Bad – xxx")
    assert len(error.vendor_message) == 500
    assert "xxx" not in str(error)


def test_a_log_line_tells_what_and_how_long_and_no_ids(outside: Sandbox, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "integrations.http")
    with pytest.raises(UnauthorizedError):
        request_json("GET", f"{outside.url}/pipedrive/api/v2/persons/123", params={"term": "400124387"})
    line = caplog.records[-1].getMessage()
    assert "GET 127.0.0.1" in line
    assert "/api/v2/persons/…: 401 in" in line
    assert "123" not in line.partition("/api")[2]
    assert "400124387" not in line
