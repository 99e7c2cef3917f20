"""Faults to order: the next requests that match are answered wrongly, late, or not at all."""

import dataclasses
import random
import re
import socket
import time
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from sandbox.json_body import Json

CLOUDFLARE_PAGE = (
    "<!DOCTYPE html><html><head><title>Access denied</title></head>"
    "<body><h1>Error {status}</h1><p>The owner of this website has banned you temporarily.</p></body></html>"
)


@dataclasses.dataclass
class Fault:
    """One order.

    Without `after` the request is not carried out; with it, it is, and only the answer suffers.
    `hang_seconds` alone ends in the true answer, late, where `after` is set, and in a 504 where it is not.

    Attributes:
        times: how many requests it strikes before it is used up.
        chance: the share of matching requests it strikes, at random; the same `seed` draws the same lots.
        struck: how many it has struck.
    """

    path: str = ""
    method: str = ""
    status: int | None = None
    times: int = 1
    body: Any = None
    html: bool = False
    headers: dict[str, str] = dataclasses.field(default_factory=dict)
    after: bool = False
    hang_seconds: float = 0.0
    drop: bool = False
    company_id: int | None = None
    chance: float = 1.0
    seed: int = 0
    struck: int = 0

    def __post_init__(self) -> None:
        self._lots = random.Random(self.seed)  # noqa: S311 - lots, not a secret

    def is_drawn(self) -> bool:
        """Whether a request that matches is struck: always, unless there is a chance to escape."""
        return self.chance >= 1.0 or self._lots.random() < self.chance

    def matches(self, method: str, path: str, company_id: int | None) -> bool:
        """Whether the order is meant for this request; an empty field means any."""
        return (
            self.method.upper() in ("", method)
            and re.search(self.path, path) is not None
            and self.company_id in (None, company_id)
        )


class FaultQueue:
    """The orders still open, oldest first. Its owner holds the lock."""

    def __init__(self) -> None:
        self._open: list[Fault] = []

    def add(self, order: Json) -> None:
        """Take an order; unknown words in it are a ValueError."""
        known = {field.name for field in dataclasses.fields(Fault)} - {"struck"}
        if unknown := set(order) - known:
            message = f"unknown words in a fault: {', '.join(sorted(unknown))}"
            raise ValueError(message)
        fault = Fault(**order)
        re.compile(fault.path)
        self._open.append(fault)

    def take(self, method: str, path: str, company_id: int | None) -> Fault | None:
        """Use up one time of the first order that matches and is drawn."""
        matching = (each for each in self._open if each.matches(method, path, company_id))
        fault = next((each for each in matching if each.is_drawn()), None)
        if fault is not None:
            fault.times -= 1
            fault.struck += 1
            self._open = [each for each in self._open if each.times > 0]
        return fault

    def clear(self) -> None:
        """Forget all orders."""
        self._open = []

    def as_json(self) -> list[Json]:
        """Return the open orders."""
        return [dataclasses.asdict(fault) for fault in self._open]


def answer_with(
    fault: Fault,
    request: HttpRequest,
    carry_out: Callable[[], HttpResponse],
    default_body: Callable[[int], Json],
) -> HttpResponse:
    """Answer as ordered."""
    answer = carry_out() if fault.after else None
    time.sleep(fault.hang_seconds)
    if fault.drop:
        return _cut_connection(request)
    if fault.status is None and answer is not None:
        return answer
    return _made_answer(fault, default_body)


def _made_answer(fault: Fault, default_body: Callable[[int], Json]) -> HttpResponse:
    status = fault.status or 504
    if fault.html or fault.status is None:
        text = fault.body if isinstance(fault.body, str) else CLOUDFLARE_PAGE.format(status=status)
        return HttpResponse(text, status=status, headers=fault.headers)
    if isinstance(fault.body, str):
        return HttpResponse(fault.body, status=status, content_type="application/json", headers=fault.headers)
    body = default_body(status) if fault.body is None else fault.body
    return JsonResponse(body, status=status, safe=False, headers=fault.headers)


def _cut_connection(request: HttpRequest) -> HttpResponse:
    """Close the socket under gunicorn's hands, so that the client gets nothing at all."""
    connection = request.META.get("gunicorn.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return HttpResponse(status=500)
