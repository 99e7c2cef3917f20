"""How long a web process waits for the database: somebody waits for its answer, so less long than a worker."""

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.http import HttpRequest, HttpResponseBase

from integrations.deadline import database_within

LOCK_SECONDS = 15
"""As long as a page may take: ten people who sign up at once wait for each other on SQLite."""
PAGE_SECONDS = 15.0
"""Longer than any page takes. Whatever waits for a PostgreSQL that has fallen silent holds a thread of the web process,
and when people and load balancers have all of them, call events wait as well.
"""


class PatienceMiddleware:
    """Gives each request so long with PostgreSQL; webhooks and `/health/ready` give themselves less. With SQLite a page
    is as patient as its connection, and `/health/live` needs none.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if connection.vendor == "sqlite":
            return self.get_response(request)
        with database_within(PAGE_SECONDS):
            return self.get_response(request)


def be_less_patient(connection: Any, **_kwargs: Any) -> None:
    """Wait so long for what another connection has locked. A worker waits for 20 s in SQLite, in PostgreSQL for
    ever; webhooks give up sooner (`database_within`).
    """
    statement = (
        f"PRAGMA busy_timeout = {LOCK_SECONDS * 1000}"
        if connection.vendor == "sqlite"
        else f"SET lock_timeout = '{LOCK_SECONDS}s'"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)
