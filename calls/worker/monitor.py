"""The monitor: takes the results of tasks, and tells the broker that they are done."""

import logging
import time
from multiprocessing.queues import Queue
from typing import Any

from django.db import Error as DatabaseError
from django_q.monitor import monitor
from django_q.signals import post_execute
from redis.exceptions import RedisError

from calls.worker.board import Board
from calls.worker.pusher import BEAT, Task

logger = logging.getLogger(__name__)

AWAY_SECONDS = 1.0


def record(results: "Queue[Task | str]", board: Board) -> None:
    """Record results until the group stops. What could not be acknowledged comes again, after django-q2's `retry`."""

    def hear(task: dict[str, Any], **_signal: Any) -> None:
        if task["func"] == BEAT and task["result"]:
            board.beat()

    post_execute.connect(hear)
    while True:
        try:
            monitor(results)
        except (DatabaseError, RedisError) as error:
            logger.warning("a result could not be recorded: %s", type(error).__name__)
            time.sleep(AWAY_SECONDS)
        else:
            return
