"""An end to waiting for a PostgreSQL that has stopped to answer. Its client waits for ever: the database's own limits
(`statement_timeout`, `lock_timeout`) end nothing when the database, or the way to it, is what hangs.
"""

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from django.db import DEFAULT_DB_ALIAS, connections
from django.db import Error as DatabaseError
from django.db.backends.base.base import BaseDatabaseWrapper

LOOK_EVERY_SECONDS = 0.5


@contextmanager
def database_within(seconds: float) -> Iterator[None]:
    """What waits for PostgreSQL in this block for longer gets a `django.db.OperationalError`, and so does what waits
    for a lock of SQLite, which has no server that could hang. A block inside another has its own time; then the outer
    one's is in force again.
    """
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor != "postgresql":
        with _patience_with_locks(connection, seconds):
            yield
        return
    watched = _watch()
    me = threading.get_ident()
    outer = watched.get(me)
    watched[me] = (time.monotonic() + seconds, connection)
    try:
        yield
    finally:
        watched.pop(me, None)
        if outer is not None:
            watched[me] = outer


@contextmanager
def _patience_with_locks(connection: BaseDatabaseWrapper, seconds: float) -> Iterator[None]:
    connection.ensure_connection()
    raw = connection.connection
    before = raw.execute("PRAGMA busy_timeout").fetchone()[0]
    raw.execute(f"PRAGMA busy_timeout = {round(seconds * 1000)}")
    try:
        yield
    finally:
        if connection.connection is raw:
            raw.execute(f"PRAGMA busy_timeout = {before}")


@cache
def _watch() -> dict[int, tuple[float, BaseDatabaseWrapper]]:
    """Whose time is up when, by thread: one thread looks after all, since one for each request would cost more than the
    request.
    """
    watched: dict[int, tuple[float, BaseDatabaseWrapper]] = {}
    threading.Thread(target=_end_overdue, args=(watched,), name="deadline", daemon=True).start()
    return watched


def _end_overdue(watched: dict[int, tuple[float, BaseDatabaseWrapper]]) -> None:
    while True:
        time.sleep(LOOK_EVERY_SECONDS)
        for thread, (ends_at, connection) in list(watched.items()):
            if ends_at < time.monotonic():
                watched.pop(thread, None)
                _hang_up(connection)


def _hang_up(connection: BaseDatabaseWrapper) -> None:
    """End the conversation below the client, which then fails in its own thread. Should the block have ended just now,
    the connection's next use finds it closed and opens another one (`CONN_HEALTH_CHECKS`).
    """
    raw = connection.connection
    if raw is None:
        return
    # It may be closed already, or meanwhile by its own thread. The client says so by an error of its own, which must
    # not end the watch over all the others.
    with (
        contextlib.suppress(OSError, ValueError, DatabaseError),
        connection.wrap_database_errors,
        socket.socket(fileno=os.dup(raw.fileno())) as line,
    ):
        line.shutdown(socket.SHUT_RDWR)
