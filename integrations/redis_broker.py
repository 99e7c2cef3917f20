"""django-q2's Redis broker, with limits: a Redis that hangs must hold neither a webhook nor a worker."""

from functools import cache

import redis
from django.conf import settings
from django_q.brokers.redis_broker import Redis
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as NotConnectedError
from redis.retry import Retry

CONNECT_SECONDS = 1.0
ANSWER_SECONDS = 2.5
"""More than the second for which a worker lets Redis wait for a task."""


class RedisBroker(Redis):  # type: ignore[misc]  # django-q2 ships no types
    """As django-q2's, but Redis is given seconds and not minutes, and connections are kept.

    redis-py tries ten times for five seconds each, and django-q2 makes a connection for each task that is queued.
    """

    @staticmethod
    def get_connection(list_key: str | None = None) -> "redis.Redis":
        return _client()


@cache
def _client() -> "redis.Redis":
    """One for each process. A kept connection may turn out to be dead: then it is tried once more, with a new one."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_connect_timeout=CONNECT_SECONDS,
        socket_timeout=ANSWER_SECONDS,
        retry=Retry(NoBackoff(), 1, supported_errors=(NotConnectedError,)),
    )
