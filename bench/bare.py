"""What intake is held against: a Django view that inserts one row and does nothing else. No middleware, no
authentication, no parsing. It runs under gunicorn (`bench.bare`) on the portal's database, with the portal's settings
of that database.
"""

from typing import Any

import environ
from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.db import connection, models
from django.http import HttpRequest, JsonResponse
from django.urls import path

SQLITE_OPTIONS: dict[str, Any] = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
}


def _database() -> dict[str, Any]:
    config: dict[str, Any] = environ.Env().db("DATABASE_URL")
    config["CONN_MAX_AGE"] = None
    if config["ENGINE"] == "django.db.backends.sqlite3":
        return config | {"OPTIONS": SQLITE_OPTIONS}
    return config | {"CONN_HEALTH_CHECKS": True}


if not settings.configured:
    settings.configure(
        DATABASES={"default": _database()},
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF=__name__,
        SECRET_KEY="bench",  # noqa: S106 - it signs nothing
        USE_TZ=True,
    )
application = get_wsgi_application()


class BareRow(models.Model):
    """One delivery, as it came."""

    received_at = models.DateTimeField(auto_now_add=True)
    body = models.BinaryField()

    class Meta:
        app_label = "bench"

    def __str__(self) -> str:
        return str(self.pk)


def insert(request: HttpRequest) -> JsonResponse:
    """Insert the body and answer as intake does."""
    row = BareRow(body=request.body)
    row.save()
    return JsonResponse({"status": "accepted", "id": str(row.pk)}, status=202)


def make_table() -> None:
    """Make the row's table; runs inside the portal's Django."""
    with connection.schema_editor() as editor:
        editor.create_model(BareRow)


urlpatterns = [path("", insert)]
