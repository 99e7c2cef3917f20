"""Putting work on django-q2's queue. What is lost on the way is found by a periodic job: a failure loses nothing."""

import logging
import time

from django.conf import settings
from django.db import transaction
from django_q.tasks import async_task
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

BROKER_ERRORS: tuple[type[Exception], ...] = (RedisError,)
"""What a broker raises when it is away; the database as the broker raises the database's errors."""
ALONE_SECONDS = 5.0
"""How long a broker is left alone after it has not answered, so that not everything that is stored waits for it."""


class _Broker:
    """What this process knows of it."""

    away_until = 0.0


def wake(task: str, *arguments: int | str) -> None:
    """Have a worker run a task. In the database's own queue the entry commits with what else is written; in Redis, or
    any other broker, it follows the commit.
    """
    if "orm" in settings.Q_CLUSTER:
        async_task(task, *arguments)
        return
    transaction.on_commit(lambda: _push(task, *arguments))


def _push(task: str, *arguments: int | str) -> None:
    if time.monotonic() < _Broker.away_until:
        return
    try:
        async_task(task, *arguments)
    except BROKER_ERRORS as error:
        _Broker.away_until = time.monotonic() + ALONE_SECONDS
        logger.warning("the broker does not take tasks, a periodic job will: %s", type(error).__name__)
