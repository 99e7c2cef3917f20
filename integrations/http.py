"""The one door to the outside world: time-outs, kept-alive connections, errors in our own words, a log line each.

This is the only file that imports `requests`.
"""

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError

from integrations.errors import (
    AccountClosedError,
    BlockedError,
    IntegrationError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    TryLaterError,
    UnauthorizedError,
)
from integrations.storable import storable

logger = logging.getLogger(__name__)

CONNECT_SECONDS = 3.05
READ_SECONDS = 15.0
DEFAULT_RETRY_AFTER = 2.0
"""Pipedrive's burst window is 2 s (https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting)."""
LONGEST_RETRY_AFTER = 86_400.0
BLOCKED_RETRY_AFTER = 900.0
"""A 403 that is a page and not JSON comes from the network's edge after ignored 429s: leave it alone for long."""
DAILY_LEFT_HEADER = "x-daily-ratelimit-token-remaining"
"""Pipedrive's; seen live and documented nowhere, so it may be missing."""
LONGEST_VENDOR_MESSAGE = 500

_idle: deque[requests.Session] = deque()
# A forked process must not speak on its parent's connections.
os.register_at_fork(after_in_child=_idle.clear)


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
    heard: Callable[[int, Mapping[str, str]], None] | None = None,
) -> Any:
    """Send one request and give its JSON answer, None for an empty one.

    Args:
        repeatable: whether sending it twice does no harm. Where it would, an outcome that is not known is an
            `OutcomeUnknownError` and not a `TryLaterError`.
        read_seconds: how long to wait for the answer.
        heard: called with the status and the headers of whatever answer comes.

    Raises:
        IntegrationError: one of the tree in `integrations.errors`.
    """
    started = time.monotonic()
    unknown: type[IntegrationError] = TryLaterError if repeatable else OutcomeUnknownError
    where = f"{method} {urlsplit(url).netloc}{_without_ids(urlsplit(url).path)}"
    try:
        with _session() as session:
            response = session.request(
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
    if heard is not None:
        heard(response.status_code, response.headers)
    return _answer(response, where=where, unknown=unknown)


@contextmanager
def _session() -> Iterator[requests.Session]:
    """A session for one request, so that connections are kept alive, whichever thread comes next, and never shared."""
    try:
        session = _idle.pop()
    except IndexError:
        session = requests.Session()
        session.trust_env = False
        session.mount("https://", HTTPAdapter(pool_maxsize=4))
        session.mount("http://", HTTPAdapter(pool_maxsize=4))
    try:
        yield session
    finally:
        _idle.append(session)


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
        left = response.headers.get(DAILY_LEFT_HEADER, "")
        tokens_left = int(left) if left.isascii() and left.isdigit() else None
        told = _seconds(response.headers.get("Retry-After", ""))
        wait = told or _seconds(response.headers.get("x-ratelimit-reset", "")) or DEFAULT_RETRY_AFTER
        raise RateLimitedError(
            message, retry_after=wait, is_told=told is not None, vendor_message=says, tokens_left=tokens_left
        )
    if status == 403 and body is None and response.content:
        raise BlockedError(message, retry_after=BLOCKED_RETRY_AFTER, vendor_message="blocked")
    refusals = {401: UnauthorizedError, 402: AccountClosedError, 404: NotFoundError, 410: NotFoundError}
    if 400 <= status < 500 and status != 408:
        raise refusals.get(status, RefusedError)(message, vendor_message=says, status=status)
    raise unknown(message, vendor_message=says)


def _json_or_none(response: requests.Response) -> Any:
    try:
        return storable(response.json())
    except (ValueError, RecursionError):
        return None


def _vendor_message(body: Any) -> str:
    """The vendor's words: `error`, `message` and `error_info` are where Pipedrive puts them."""
    if not isinstance(body, dict):
        return ""
    words = [str(body[key]) for key in ("error", "message", "error_info") if body.get(key)]
    return " – ".join(dict.fromkeys(words))[:LONGEST_VENDOR_MESSAGE]


def _seconds(header: str) -> float | None:
    """How long a header asks to wait, in seconds or until a date; None where it makes no sense."""
    try:
        seconds = float(header)
    except ValueError:
        with suppress(ValueError):
            return _sensible(parsedate_to_datetime(header).timestamp() - time.time())
        return None
    return _sensible(seconds)


def _sensible(seconds: float) -> float | None:
    return seconds if 0 < seconds <= LONGEST_RETRY_AFTER else None
