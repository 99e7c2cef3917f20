"""`manage.py worker`: django-q2's cluster, and beside it a clock that queues calls when their time has come."""

import logging
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections, connections
from django_q.cluster import Cluster

from calls.queue import wake_sweep
from calls.resume import nudge_due

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
"""Back-offs of a few seconds are kept on the row; the sweep alone would round them up to minutes."""


class Command(BaseCommand):
    help = "Runs the worker until SIGTERM or Ctrl-C."

    def handle(self, **options: Any) -> None:
        cluster = Cluster()
        connections.close_all()
        cluster.start()
        _tick(wake_sweep)
        while not cluster.has_stopped:
            _tick(nudge_due)
            time.sleep(TICK_SECONDS)


def _tick(work: Any) -> None:
    """Do one piece of work; a database that is away for a moment must not end the worker."""
    close_old_connections()
    try:
        work()
    except DatabaseError:
        logger.exception("the clock could not reach the database")
