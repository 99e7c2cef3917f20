"""Databases for benchmarks on the PostgreSQL of this machine, where there is one."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

SERVER = "postgres://postgres@127.0.0.1:5432"
CONNECT_SECONDS = 3


def answers() -> bool:
    """Whether a PostgreSQL lets us in."""
    try:
        psycopg.connect(f"{SERVER}/postgres", connect_timeout=CONNECT_SECONDS).close()
    except psycopg.OperationalError:
        return False
    return True


@contextmanager
def empty_database(name: str) -> Iterator[str]:
    """The URL of a database that is made anew, and dropped afterwards."""
    database = sql.Identifier(name)
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(database)
    with psycopg.connect(f"{SERVER}/postgres", autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
        connection.execute(drop)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(database))
        try:
            yield f"{SERVER}/{name}"
        finally:
            connection.execute(drop)
