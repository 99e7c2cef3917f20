"""Requests of a connection leave one after the other, so that Pipedrive never has to refuse one for coming too fast.

Its burst limit counts the requests with one access token in any two seconds: 80 on the smallest plan, and its answers
tell what it is; searches have one of their own. All workers on all machines take their sending times from one row, by
conditional update. The machines' clocks must agree to a tenth of a second, which a time server gives.

Source: https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting
"""

import datetime
import os
import threading
import time
from collections import deque
from collections.abc import Mapping

from django.db import IntegrityError
from django.utils import timezone

from integrations.errors import GrantDiedError, HeldBackError
from integrations.limits import SMALLEST_BURST_LIMIT, BurstLimit
from integrations.pipedrive.operations import Operation

WINDOW_SECONDS = 2.0
ARRIVES_WITHIN_SECONDS = 0.2
"""How much later than its time a request may arrive without the limit being reached: waking up late, and the way."""
LATE_AT_MOST = datetime.timedelta(seconds=0.1)
"""Who wakes up later than this takes another time: on a busy machine delayed requests would leave together."""
SEARCHES = 8
"""In any two seconds. Every plan allows 10; two fewer cost little, since only calls without an index search, and leave
room for late arrivals.
"""
LONGEST_WAIT = datetime.timedelta(seconds=4)
"""Who would have to wait longer comes again later: the worker has other companies to serve."""
CLOCK_WAS_WRONG = datetime.timedelta(seconds=30)
"""Nobody reserves so far ahead: such a time was written by a machine whose clock has been put right since."""
AT_ONCE = 4
"""Times reserved in one statement while more is waiting than may leave; those that nobody uses are lost."""
TRIES = 50
MOST_REQUESTS = 10_000
NEARLY_SPENT = 1


def spacing(requests: int) -> datetime.timedelta:
    """The time between two requests, so that no more than `requests` arrive in any window."""
    return datetime.timedelta(seconds=(WINDOW_SECONDS + ARRIVES_WITHIN_SECONDS) / (max(requests, 2) - 1))


class _Lane:
    """The sending times of one connection for one kind of request, in this process."""

    def __init__(self, connection_id: int, *, column: str, requests: int | None) -> None:
        self.connection_id = connection_id
        self.column = column
        self.requests = requests
        """None: what the row says."""
        self._fixed = requests is not None
        self._lock = threading.Lock()
        self._next_at: datetime.datetime | None = None
        self._reserved: deque[datetime.datetime] = deque()

    def wait(self) -> None:
        """Return when the next request may leave.

        Raises:
            HeldBackError: that would take too long.
            GrantDiedError: the person has disconnected meanwhile.
        """
        while True:
            at = self._take()
            time.sleep(max(0.0, (at - timezone.now()).total_seconds()))
            if timezone.now() - at <= LATE_AT_MOST:
                return

    def forget(self) -> None:
        """The row has been changed: what was reserved here is not valid any more."""
        with self._lock:
            self._next_at = None
            self._reserved.clear()

    def _take(self) -> datetime.datetime:
        with self._lock:
            too_early = timezone.now() - LATE_AT_MOST
            while self._reserved and self._reserved[0] < too_early:
                self._reserved.popleft()
            if not self._reserved:
                self._reserve()
            return self._reserved.popleft()

    def _reserve(self) -> None:
        """Move the row's time on, if nobody else has since it was read; else read it again."""
        for _try in range(TRIES):
            next_at = self._next_at or self._read()
            now = timezone.now()
            begins = next_at if now < next_at < now + CLOCK_WAS_WRONG else now
            if begins > now + LONGEST_WAIT:
                waits = (begins - now).total_seconds()
                raise HeldBackError("too many requests of one person wait to be sent", retry_after=waits)
            count = AT_ONCE if begins > now else 1
            apart = spacing(self.requests or SMALLEST_BURST_LIMIT)
            ends = begins + count * apart
            row = BurstLimit.objects.filter(pk=self.connection_id, **{self.column: next_at})
            if row.update(**{self.column: ends}):
                self._next_at = ends
                self._reserved.extend(begins + number * apart for number in range(count))
                return
            self._next_at = None
        raise HeldBackError("too many workers send for one person", retry_after=WINDOW_SECONDS)

    def _read(self) -> datetime.datetime:
        row = BurstLimit.objects.filter(pk=self.connection_id).values(self.column, "requests").first()
        if row is None:
            try:
                BurstLimit.objects.bulk_create([BurstLimit(connection_id=self.connection_id)], ignore_conflicts=True)
            except IntegrityError as error:
                raise GrantDiedError("the person has disconnected meanwhile") from error
            row = BurstLimit.objects.values(self.column, "requests").get(pk=self.connection_id)
        if not self._fixed:
            self.requests = row["requests"]
        next_at: datetime.datetime = row[self.column]
        return next_at


class Pace:
    """How fast the requests of one connection may leave; one for all threads of a process."""

    def __init__(self, connection_id: int) -> None:
        self._all = _Lane(connection_id, column="send_next_at", requests=None)
        self._searches = _Lane(connection_id, column="search_next_at", requests=SEARCHES)

    def wait(self, operation: Operation) -> None:
        """Return when a request of this kind may leave.

        Raises:
            HeldBackError: that would take too long; come again after `retry_after` seconds.
            GrantDiedError: the person has disconnected meanwhile.
        """
        if operation == Operation.SEARCH:
            self._searches.wait()
        self._all.wait()

    def learn(self, operation: Operation, headers: Mapping[str, str]) -> None:
        """Take over what an answer says of the limit; where it is nearly reached all the same, let the window pass.
        Whose window it is that a search's answer tells of, the documents do not say.
        """
        if operation == Operation.SEARCH:
            return
        row = BurstLimit.objects.filter(pk=self._all.connection_id)
        limit = _number(headers.get("x-ratelimit-limit"))
        if limit is not None and 1 < limit <= MOST_REQUESTS and limit != self._all.requests:
            row.update(requests=limit)
            self._all.requests = limit
        remaining = _number(headers.get("x-ratelimit-remaining"))
        if remaining is not None and remaining <= NEARLY_SPENT:
            reset = min(_number(headers.get("x-ratelimit-reset")) or WINDOW_SECONDS, WINDOW_SECONDS)
            until = timezone.now() + datetime.timedelta(seconds=reset)
            row.filter(send_next_at__lt=until).update(send_next_at=until)
            self._all.forget()


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None


_paces: dict[int, Pace] = {}


def pace_of(connection_id: int) -> Pace:
    """The one pace of a connection in this process."""
    return _paces.setdefault(connection_id, Pace(connection_id))


# A forked worker must not use the times that its parent has reserved, nor wait for locks that were held there.
os.register_at_fork(after_in_child=_paces.clear)
