"""The clock of a group: what is due by the rows is queued, and so are the periodic jobs."""

import logging
import time
from collections.abc import Callable

from django.db import Error as DatabaseError
from django.db import close_old_connections
from django_q.scheduler import scheduler

from calls.queue import wake_sweep
from calls.resume import nudge_due
from calls.schedules import queue_due_jobs
from integrations.contact_upkeep import wake_due
from integrations.pipedrive_events import wake_for_events

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
"""Back-offs of a few seconds are kept on the row; the sweep alone would round them up to minutes."""
SCHEDULE_SECONDS = 30.0
"""How often django-q2 looks at schedules that are not ours, as its own cluster does."""


class Clock:
    """Does what has its time.

    Args:
        give_sign: told before each piece of work; on a locked SQLite one may take its 20 s.
    """

    def __init__(self, give_sign: Callable[[], None]) -> None:
        self._give_sign = give_sign
        self._ticked_at = self._scheduled_at = time.monotonic()
        self._is_database_away = False

    def begin(self) -> None:
        """Sweep now: what fell through the queue while no worker ran goes on at once."""
        self._do(wake_sweep)

    def tick(self) -> None:
        """Do what is due by now."""
        now = time.monotonic()
        if now - self._ticked_at >= TICK_SECONDS:
            self._ticked_at = now
            self._do(nudge_due)
            self._do(wake_due)
            self._do(wake_for_events)
            self._do(queue_due_jobs)
        if now - self._scheduled_at >= SCHEDULE_SECONDS:
            self._scheduled_at = now
            self._do(scheduler)

    def _do(self, work: Callable[[], object]) -> None:
        """Do one piece of work; a database that is away for a moment must not end the worker, and is logged once."""
        self._give_sign()
        close_old_connections()
        try:
            work()
        except DatabaseError as error:
            if not self._is_database_away:
                logger.warning("the clock could not reach the database: %s", error)
            self._is_database_away = True
        else:
            self._is_database_away = False
