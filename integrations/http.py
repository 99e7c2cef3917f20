"""The one door to the outside world: time-outs, kept-alive connections, errors in our own words, a log line each.

This is the only file that imports `requests`.
"""

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

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

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 3.05
READ_SECONDS = 15.0
DEFAULT_RETRY_AFTER = 2.0
"""Pipedrive's burst window is 2 s (https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting)."""
LONGEST_RETRY_AFTER = 86_400.0
BLOCKED_RETRY_AFTER = 900.0
"""A 403 that is a page and not JSON comes from the network's edge after ignored 429s: leave it alone for long."""
LONGEST_VENDOR_MESSAGE = 500

_local = threading.local()


def request_json(
    method: str,
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, Any] | None = None,
    json: Any = None,
    form: Mapping[str, str] | None = None,
    basic_auth: tuple[str, str] | None = None,
    repeatable: bool = True,
    read_seconds: float = READ_SECONDS,
) -> Any:
    """Send one request and give its JSON answer, None for an empty one.

    Args:
        repeatable: whether sending it twice does no harm. Where it would, an outcome that is not known is an
            `OutcomeUnknownError` and not a `TryLaterError`.
        read_seconds: how long to wait for the answer.

    Raises:
        IntegrationError: one of the tree in `integrations.errors`.
    """
    started = time.monotonic()
    unknown: type[IntegrationError] = TryLaterError if repeatable else OutcomeUnknownError
    where = f"{method} {urlsplit(url).netloc}{_without_ids(urlsplit(url).path)}"
    try:
        response = _session().request(
            method,
            url,
            headers=headers,
            params=params,
            json=json,
            data=form,
            auth=_in_utf8(basic_auth),
            timeout=(CONNECT_SECONDS, read_seconds),
            allow_redirects=False,
        )
    except requests.RequestException as error:
        logger.warning("%s: %s after %.0f ms", where, type(error).__name__, _ms(started))
        raise (TryLaterError if _was_never_sent(error) else unknown)(f"{where}: {type(error).__name__}") from error
    logger.info("%s: %s in %.0f ms", where, response.status_code, _ms(started))
    return _answer(response, where=where, unknown=unknown)


def _session() -> requests.Session:
    """A session of this thread, so that connections are kept alive and never shared."""
    session: requests.Session | None = getattr(_local, "session", None)
    if session is None:
        session = _local.session = requests.Session()
        session.trust_env = False
        session.mount("https://", HTTPAdapter(pool_maxsize=4))
        session.mount("http://", HTTPAdapter(pool_maxsize=4))
    return session


def _in_utf8(basic_auth: tuple[str, str] | None) -> tuple[str, str] | None:
    """Left to itself, `requests` encodes in Latin-1 and fails on other letters; people paste anything into a form."""
    return (_bytes_as_latin_1(basic_auth[0]), _bytes_as_latin_1(basic_auth[1])) if basic_auth else None


def _bytes_as_latin_1(text: str) -> str:
    return text.encode().decode("latin-1")


def _ms(started: float) -> float:
    return (time.monotonic() - started) * 1000


def _without_ids(path: str) -> str:
    return "/".join("…" if part.isdigit() else part for part in path.split("/"))


def _was_never_sent(error: requests.RequestException) -> bool:
    """Whether no connection came about, so that the other side cannot have carried anything out."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else cause
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)


def _answer(response: requests.Response, *, where: str, unknown: type[IntegrationError]) -> Any:
    status = response.status_code
    body = _json_or_none(response)
    message = f"{where}: {status}"
    says = _vendor_message(body)
    if 200 <= status < 300:
        if response.content and body is None:
            raise unknown(f"{message}, unreadable")
        if isinstance(body, dict) and body.get("success") is False:
            raise unknown(f"{message}, success is false", vendor_message=says)
        return body
    if status == 429:
        raise RateLimitedError(message, retry_after=_retry_after(response), vendor_message=says)
    if status == 403 and body is None and response.content:
        raise RateLimitedError(message, retry_after=BLOCKED_RETRY_AFTER, vendor_message="blocked")
    refusals = {401: UnauthorizedError, 402: AccountClosedError, 404: NotFoundError, 410: NotFoundError}
    if 400 <= status < 500 and status != 408:
        raise refusals.get(status, RefusedError)(message, vendor_message=says)
    raise unknown(message, vendor_message=says)


def _json_or_none(response: requests.Response) -> Any:
    try:
        return _storable(response.json())
    except (ValueError, RecursionError):
        return None


def _storable(value: Any) -> Any:
    """A JSON value without what JSON allows and no database takes: NUL and lone surrogates."""
    if isinstance(value, str):
        return value.replace("\0", "").encode("utf-8", "replace").decode()
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {name: _storable(item) for name, item in value.items()}
    return value


def _vendor_message(body: Any) -> str:
    """The vendor's words: `error`, `message` and `error_info` are where Pipedrive puts them."""
    if not isinstance(body, dict):
        return ""
    words = [str(body[key]) for key in ("error", "message", "error_info") if body.get(key)]
    return " – ".join(dict.fromkeys(words))[:LONGEST_VENDOR_MESSAGE]


def _retry_after(response: requests.Response) -> float:
    for header in ("Retry-After", "x-ratelimit-reset"):
        try:
            seconds = float(response.headers.get(header, ""))
        except ValueError:
            continue
        if 0 < seconds <= LONGEST_RETRY_AFTER:
            return seconds
    return DEFAULT_RETRY_AFTER
