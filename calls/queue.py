"""Waking the workers. A call that is never queued is found by the sweep, so a failure here loses nothing."""

import logging
from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django_q.brokers import get_broker
from django_q.tasks import async_task
from redis.exceptions import RedisError

from calls.models import Call

logger = logging.getLogger(__name__)

LONGEST_QUEUE = 500


def enqueue(call: Call) -> None:
    """Queue a call. In the database's own queue the entry commits with the call; in Redis it follows the commit."""
    _wake("calls.tasks.log_call", call.pk)


def enqueue_all(pks: Iterable[int]) -> None:
    """Queue many calls, in the given order."""
    for pk in pks:
        _wake("calls.tasks.log_call", pk)


def resume_soon(company_id: int | None) -> None:
    """Let the calls of a company go on whose cause of waiting may be gone."""
    if company_id is not None:
        _wake("calls.tasks.resume_company", company_id)


def is_congested() -> bool:
    """Whether so many tasks wait that more would help nobody."""
    try:
        return bool(get_broker().queue_size() > LONGEST_QUEUE)
    except RedisError as error:
        logger.warning("Redis does not tell how long the queue is: %s", type(error).__name__)
        return True


def wake_sweep() -> None:
    """Sweep now; a new worker's first task, and its first sign of life."""
    _wake("calls.tasks.sweep")


def _wake(task: str, *arguments: int) -> None:
    if not settings.REDIS_URL:
        async_task(task, *arguments)
        return
    transaction.on_commit(lambda: _push(task, *arguments))


def _push(task: str, *arguments: int) -> None:
    try:
        async_task(task, *arguments)
    except RedisError as error:
        logger.warning("Redis does not take tasks, the sweep will: %s", type(error).__name__)
