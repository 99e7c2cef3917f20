"""Whether the portal lives and whether it can do its work."""

from django.db import Error as DatabaseError
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django_q.brokers import get_broker

from calls.books import out_of_balance
from calls.heartbeat import WorkerState, is_worker_alive, worker_states
from integrations.deadline import database_within
from integrations.queue import BROKER_ERRORS

AWAY: tuple[type[Exception], ...] = (DatabaseError, *BROKER_ERRORS)
"""What a broker raises that does not answer; it may be the database."""
DATABASE_SECONDS = 4.5
"""A load balancer asks every few seconds, and each question that hangs holds a thread that could take a call event."""


def live(request: HttpRequest) -> JsonResponse:
    """The web process answers."""
    return JsonResponse({"status": "ok"})


def ready(request: HttpRequest) -> JsonResponse:
    """Database, broker and a worker that has done a task lately; 503 when one of them is missing. What follows them
    tells more to people and decides nothing: a load balancer that took all web processes away because the books of last
    week do not balance would turn away today's calls.
    """
    with database_within(DATABASE_SECONDS):
        # A database that does not answer is asked no more: each question would wait for a connection anew.
        has_database = _database_answers()
        parts = {
            "database": has_database,
            "broker": _broker_answers(),
            "worker": has_database and _worker_answers(),
        }
        details = {"books": has_database and _books_balance(), "workers": _workers() if has_database else []}
    return JsonResponse(parts | details, status=200 if all(parts.values()) else 503)


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
    except AWAY:
        return False


def _worker_answers() -> bool:
    try:
        return is_worker_alive()
    except DatabaseError:
        return False


def _books_balance() -> bool:
    try:
        return not out_of_balance().exists()
    except DatabaseError:
        return False


def _workers() -> list[WorkerState]:
    try:
        return worker_states()
    except DatabaseError:
        return []
