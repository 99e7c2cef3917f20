"""A client for load: many kept-alive connections, one thread, nothing parsed beyond the status.

On two cores it must take little of what it measures: it took a tenth of a core at 1,000 requests a second, where the
`requests` package alone takes more than one.
"""

import math
import re
import selectors
import socket
import time
from collections import Counter, deque
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context

from sandbox.demo.stage import LOOPBACK

CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)\r\n", re.IGNORECASE)
CHUNK = 65_536
SECONDS_AT_MOST = 30.0


class LoadError(Exception):
    """The server has closed a connection, or does not answer."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a load came to.

    Attributes:
        seconds: from the first request to the last answer.
        latencies: of each request, in seconds, from when it was due.
    """

    seconds: float
    statuses: dict[int, int]
    latencies: list[float]

    @property
    def rate(self) -> float:
        """Requests a second."""
        return len(self.latencies) / self.seconds

    def percentile(self, percent: float) -> float:
        """The latency that so many percent of the requests do not pass, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, math.ceil(percent / 100 * len(ordered)) - 1)]


def load(port: int, requests: list[bytes], *, connections: int, rate: float = math.inf) -> Outcome:
    """Send whole HTTP requests to a port of this machine, from a process of its own.

    Args:
        rate: requests a second that are due, whether earlier ones have been answered or not, so that a server that
            stops is charged for all that came meanwhile; without it each connection sends as soon as it may.

    Raises:
        LoadError: a connection was closed, or nothing came for half a minute.
    """
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(_load, port, requests, connections=connections, rate=rate).result()


def _load(port: int, requests: list[bytes], *, connections: int, rate: float) -> Outcome:
    client = _Client(port, connections)
    try:
        return client.send(requests, rate=rate)
    finally:
        client.close()


@dataclass
class _Waiting:
    """A connection's request that has not been answered."""

    due_at: float
    answer: bytes = b""


@dataclass
class _Client:
    port: int
    connections: int
    selector: selectors.BaseSelector = field(default_factory=selectors.DefaultSelector)
    free: deque[socket.socket] = field(default_factory=deque)
    waiting: dict[socket.socket, _Waiting] = field(default_factory=dict)
    statuses: Counter[int] = field(default_factory=Counter)
    latencies: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        for _connection in range(self.connections):
            opened = socket.create_connection((LOOPBACK, self.port))
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.selector.register(opened, selectors.EVENT_READ)
            self.free.append(opened)

    def close(self) -> None:
        for opened in (*self.free, *self.waiting):
            opened.close()
        self.selector.close()

    def send(self, requests: list[bytes], *, rate: float) -> Outcome:
        began = time.perf_counter()
        to_send = deque((began + number / rate, request) for number, request in enumerate(requests))
        while to_send or self.waiting:
            self._send_due(to_send, is_paced=math.isfinite(rate))
            self._receive(self._seconds_to_wait(to_send))
        seconds = time.perf_counter() - began
        return Outcome(seconds=seconds, statuses=dict(self.statuses), latencies=self.latencies)

    def _send_due(self, to_send: deque[tuple[float, bytes]], *, is_paced: bool) -> None:
        while self.free and to_send and to_send[0][0] <= (now := time.perf_counter()):
            due_at, request = to_send.popleft()
            connection = self.free.popleft()
            self.waiting[connection] = _Waiting(due_at if is_paced else now)
            connection.sendall(request)

    def _seconds_to_wait(self, to_send: deque[tuple[float, bytes]]) -> float:
        if self.free and to_send:
            return max(0.0, to_send[0][0] - time.perf_counter())
        return SECONDS_AT_MOST

    def _receive(self, seconds: float) -> None:
        ready = self.selector.select(seconds)
        if not ready and seconds == SECONDS_AT_MOST:
            raise LoadError(f"port {self.port} did not answer for {SECONDS_AT_MOST:.0f} s")
        for key, _events in ready:
            connection = key.fileobj
            assert isinstance(connection, socket.socket)  # noqa: S101 - tells mypy
            self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        received = connection.recv(CHUNK)
        waiting = self.waiting.get(connection)
        if not received or waiting is None:
            raise LoadError(f"port {self.port} closed a connection that was to be kept")
        waiting.answer += received
        if _is_whole(waiting.answer):
            self.statuses[int(waiting.answer[9:12])] += 1
            self.latencies.append(time.perf_counter() - waiting.due_at)
            del self.waiting[connection]
            self.free.append(connection)


def _is_whole(answer: bytes) -> bool:
    head, _blank, body = answer.partition(b"\r\n\r\n")
    if length := CONTENT_LENGTH.search(head + b"\r\n"):
        return len(body) >= int(length[1])
    # In chunks: what has no Content-Length, as of a Django without its common middleware.
    return body.endswith(b"0\r\n\r\n")


def whole_request(*, path: str, headers: Iterable[tuple[str, str]], body: bytes) -> bytes:
    """An HTTP request as it goes over the wire."""
    lines = [f"POST {path} HTTP/1.1", "Host: localhost", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers]
    lines += [f"Content-Length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body
