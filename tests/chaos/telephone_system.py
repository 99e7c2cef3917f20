"""Mustalinja as it tells of calls: again and again until it has been heard, in several deliveries at a time."""

import threading
import time
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import requests

from tests.calls.events import Json, new_event_id
from tests.chaos.cast import Cast, Rep
from tests.chaos.plan import Plan

SENDERS = 16
SECONDS_BETWEEN_TRIES = 0.5
PATIENCE_SECONDS = 180.0
LEAVE_IT = (400, 401, 404, 413)
"""Answers after which a telephone system does not try again."""


@dataclass(frozen=True)
class Told:
    """A call that the portal has said it has.

    Attributes:
        call_id: Mustalinja's.
        accepted_as: the portal's own ids of it, as its answers gave them: one and the same each time.
    """

    rep: Rep
    event: Json
    call_id: str
    accepted_as: frozenset[str]


class TelephoneSystem:
    """Sends what a plan says, and keeps what was answered.

    Attributes:
        answers: how often each status was answered; 0 is no answer at all.
        slowest_seconds: the longest that an answer took.
    """

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.answers: Counter[int] = Counter()
        self.slowest_seconds = 0.0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(SENDERS)

    def tell(self, plan: Plan) -> list[Told]:
        """Let all calls of a plan end, one after the other; return when the portal has taken each."""
        began = time.monotonic()
        sent: list[tuple[Rep, Json, list[Future[str]]]] = []
        for number, planned in enumerate(plan.calls):
            time.sleep(max(0.0, began + number * plan.seconds_between - time.monotonic()))
            rep = self.cast.reps[planned.rep % len(self.cast.reps)]
            numbers = self.cast.numbers_for(rep)
            event = rep.tenant.event(rep.person, from_=numbers[planned.contact % len(numbers)])
            copies = [self._pool.submit(self._deliver, rep, event) for _copy in range(planned.at_once)]
            sent.append((rep, event, copies))
        return [
            Told(rep, event, event["call_id"], frozenset(copy.result() for copy in copies))
            for rep, event, copies in sent
        ]

    def tell_again(self, told: Sequence[Told]) -> list[Told]:
        """Tell of calls once more, as other legs of theirs."""
        legs = [{**each.event, "event_id": new_event_id(), "leg_id": "leg-2"} for each in told]
        answers = self._pool.map(self._deliver, [each.rep for each in told], legs)
        return [
            Told(each.rep, each.event, each.call_id, each.accepted_as | {again})
            for each, again in zip(told, answers, strict=True)
        ]

    def _deliver(self, rep: Rep, event: Json) -> str:
        """Send until it is taken; the portal's id of the call."""
        end = time.monotonic() + PATIENCE_SECONDS
        while True:
            answer = self._try(rep, event)
            if answer is not None and answer.status_code in (200, 202):
                call_id: str = answer.json()["id"]
                return call_id
            said = "no answer" if answer is None else f"{answer.status_code} {answer.text}"
            assert answer is None or answer.status_code not in LEAVE_IT, said
            assert time.monotonic() < end, f"{event['call_id']} was not taken: {said}"
            time.sleep(SECONDS_BETWEEN_TRIES)

    def _try(self, rep: Rep, event: Json) -> requests.Response | None:
        began = time.monotonic()
        try:
            answer: requests.Response | None = rep.tenant.send(event)
        except requests.RequestException:
            answer = None
        with self._lock:
            self.answers[0 if answer is None else answer.status_code] += 1
            if answer is not None:
                self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
        return answer

    def close(self) -> None:
        self._pool.shutdown()
