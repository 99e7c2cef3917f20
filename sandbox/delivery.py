"""Sending requests out: webhooks and app callbacks. Redirects are never followed, as by the real services."""

import base64
import http.client
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from sandbox import clock
from sandbox.json_body import Json


@dataclass(frozen=True)
class Outgoing:
    """One request about to leave."""

    method: str
    url: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Attempt:
    """What became of one try; no status means no answer."""

    at: str
    status: int | None
    answer: str
    milliseconds: int

    @property
    def accepted(self) -> bool:
        """Whether the receiver answered 2xx."""
        return self.status is not None and 200 <= self.status < 300

    def as_json(self) -> Json:
        """Return the try for a state answer."""
        return {"at": self.at, "status": self.status, "answer": self.answer, "ms": self.milliseconds}


def basic(user: str, password: str) -> str:
    """Return the value of an HTTP Basic Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def send(outgoing: Outgoing, timeout: float = 10.0) -> Attempt:
    """Try once."""
    started = time.monotonic()
    try:
        status, answer = _exchange(outgoing, timeout)
    except (OSError, http.client.HTTPException, ValueError) as error:
        status, answer = None, f"{type(error).__name__}: {error}"
    spent = round((time.monotonic() - started) * 1000)
    return Attempt(clock.rfc3339(clock.now()), status, answer[:2000], spent)


def _exchange(outgoing: Outgoing, timeout: float) -> tuple[int, str]:
    parts = urlsplit(outgoing.url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    try:
        target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
        headers = {"Content-Type": "application/json", **outgoing.headers}
        connection.request(outgoing.method, target, body=outgoing.body, headers=headers)
        response = connection.getresponse()
        return response.status, response.read(2000).decode("utf-8", "replace")
    finally:
        connection.close()


def deliver(
    prepare: Callable[[int], Outgoing],
    waits: Sequence[float],
    record: Callable[[Attempt], None],
    first_wait: float = 0.0,
) -> None:
    """Send in the background until accepted: once after the first wait, and once more after each other one."""

    def run() -> None:
        for number, wait in enumerate([first_wait, *waits], start=1):
            time.sleep(wait)
            attempt = send(prepare(number))
            record(attempt)
            if attempt.accepted:
                return

    threading.Thread(target=run, daemon=True, name="delivery").start()
