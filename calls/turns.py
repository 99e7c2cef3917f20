"""A company's turn at the workers: its due calls, oldest first, several at once, for a few seconds.

One worker at a time works on a company: wake-ups coalesce, the results of many calls are written together, and no
company takes the workers from the others. What keeps a call from being sent twice is not the turn but the claim on its
row.
"""

import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.db import DEFAULT_DB_ALIAS, close_old_connections, connections
from django.utils import timezone

from calls.crm_sync import record, take_step
from calls.lease import Lease
from calls.models import Call, Turn
from calls.queue import call_up, others_wait
from calls.verdict import Verdict
from calls.worker.progress import alive, stopping
from integrations.token_budget import Tally

AT_ONCE = 8
"""Requests under way for one company: at 150 ms each, six keep up with Pipedrive's smallest burst limit."""
BATCH = 16
BACKLOG = 8
"""Fewer calls than these go one after the other, in their order."""
PATIENCE_SECONDS = 1.5
"""How long the others wait for one of them: Pipedrive answers in a fraction of that. Less than a slice, after which
they would be handed back.
"""
SLICE_SECONDS = 2.0
"""How long a company goes on taking calls while others wait."""
LONGEST_TURN_SECONDS = 30.0
LOOK_AGAIN_SECONDS = 0.2
"""How soon a new call is seen of a company whose other requests hang."""


@dataclass(frozen=True, kw_only=True)
class _Step:
    """A call that a thread works on.

    Attributes:
        begun: when it began, in seconds of the monotonic clock.
    """

    call: Call
    begun: float = field(default_factory=time.monotonic)


Running = dict["Future[Verdict | None]", _Step]


def take_turn(company_id: int, *, worker: str) -> None:
    """Log a company's due calls, unless a worker is at it. Where some are left, the company is queued again, behind the
    others.
    """
    Turn.objects.filter(company=company_id).update(queued_at=None)
    lease = Lease.take(company_id, worker=worker)
    if lease is None:
        return
    tally = Tally()
    try:
        with _crew() as threads:
            _work(lease, tally, threads)
    finally:
        tally.flush()
    # Not after an error, which may have cost verdicts: whoever takes over the lease that has run out frees their calls.
    lease.end()
    # Also what came while this worker had the turn but took no more: its wake-up found the turn taken.
    if Call.objects.due(timezone.now()).filter(company=company_id).exists():
        call_up(company_id)


def _work(lease: Lease, tally: Tally, threads: ThreadPoolExecutor) -> None:
    began = time.monotonic()
    taken: deque[Call] = deque()
    running: Running = {}
    while True:
        if not lease.keep() or _must_end(began):
            _hand_back(taken)
        elif len(running) < AT_ONCE and not taken:
            tally.flush()
            taken.extend(_claim_next(lease.company_id))
        while taken and _may_begin(running, waiting=len(taken)):
            call = taken.popleft()
            running[threads.submit(_step, call, tally)] = _Step(call=call)
        if not running:
            return
        done, _still_running = wait(running, timeout=LOOK_AGAIN_SECONDS, return_when=FIRST_COMPLETED)
        record([(running.pop(future).call, future.result()) for future in done])
        alive()


def _may_begin(running: Running, *, waiting: int) -> bool:
    """Few calls go one by one, so that their activities are made in the order of the calls. Nobody waits for one that
    hangs, nor in a backlog.
    """
    if len(running) >= AT_ONCE:
        return False
    hang_since = time.monotonic() - PATIENCE_SECONDS
    return len(running) + waiting >= BACKLOG or all(step.begun < hang_since for step in running.values())


def _must_end(began: float) -> bool:
    """Whether it is the others' turn, or the worker is to end."""
    seconds = time.monotonic() - began
    return stopping() or seconds > LONGEST_TURN_SECONDS or (seconds > SLICE_SECONDS and others_wait())


def _claim_next(company_id: int) -> list[Call]:
    due = Call.objects.due(timezone.now()).filter(company=company_id)
    return Call.objects.claim(list(due.values_list("pk", flat=True)[:BATCH]))


def _hand_back(taken: "deque[Call]") -> None:
    """Calls that were claimed and not begun; not those that somebody has claimed since, after this turn ran out."""
    if taken:
        claims = {call.claimed_until for call in taken}
        Call.objects.filter(pk__in=[call.pk for call in taken], claimed_until__in=claims).hand_back()
        taken.clear()


def _step(call: Call, tally: Tally) -> Verdict | None:
    # One that broke in the middle of the turn must not break the rest of it.
    close_old_connections()
    return take_step(call, tally=tally)


@contextmanager
def _crew() -> Iterator[ThreadPoolExecutor]:
    """Threads for one turn. Their connections to the database end with it: kept, each child of each worker would hold
    eight of those that PostgreSQL allows.
    """
    opened = []

    def begin() -> None:
        connection = connections[DEFAULT_DB_ALIAS]
        # So that this thread may close it.
        connection.inc_thread_sharing()
        opened.append(connection)

    try:
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="call", initializer=begin) as threads:
            yield threads
    finally:
        for connection in opened:
            connection.close()
