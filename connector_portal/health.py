"""Whether the portal lives and whether it can do its work."""

from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django_q.brokers import get_broker
from redis.exceptions import RedisError

from calls.heartbeat import is_worker_alive


def live(request: HttpRequest) -> JsonResponse:
    """The web process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Database, broker and a worker that has done a task lately; 503 when one of them is missing."""
    parts = {"database": _database_answers(), "broker": _broker_answers(), "worker": _worker_answers()}
    return JsonResponse(parts, status=200 if all(parts.values()) else 503)


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_answers() -> bool:
    try:
        return bool(get_broker().ping())
    except (DatabaseError, RedisError):
        return False


def _worker_answers() -> bool:
    try:
        return is_worker_alive()
    except DatabaseError:
        return False
