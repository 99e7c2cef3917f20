"""A fresh database and broker for each portal, on the servers that the environment names."""

import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from psycopg import sql

REDIS_DATABASES = 16
REDIS_FIRST = 4
"""The lower ones are left to whoever works on the machine."""


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """Give the URL of an empty database: a file, or one on the PostgreSQL server of DATABASE_URL."""
    server = urlsplit(os.environ.get("DATABASE_URL", ""))
    if not server.scheme.startswith("postgres"):
        yield f"sqlite:///{folder}/portal.sqlite3"
        return
    name = f"portal_{uuid.uuid4().hex}"
    maintenance = server._replace(scheme="postgresql", path="/postgres").geturl()
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            yield server._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def fresh_broker() -> str:
    """Give the URL of an emptied Redis database, one for each pytest worker; empty where REDIS_URL is."""
    url = os.environ.get("REDIS_URL", "")
    if not url:
        return ""
    worker = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
    number = REDIS_FIRST + worker % (REDIS_DATABASES - REDIS_FIRST)
    own = urlsplit(url)._replace(path=f"/{number}").geturl()
    with redis.Redis.from_url(own) as broker:
        broker.flushdb()
    return own
