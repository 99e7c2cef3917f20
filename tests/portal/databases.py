"""A fresh database and broker for each portal, on the servers that the environment names."""

import atexit
import os
import re
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import psycopg
import redis
from psycopg import sql

from tests.portal.environment import machine_and_keys
from tests.portal.processes import manage

REDIS_DATABASES = 16
REDIS_FIRST = 4
"""The lower ones are left to whoever works on the machine."""

_taken: set[int] = set()


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """Give the URL of an empty database: a file, or one on the PostgreSQL server of DATABASE_URL."""
    if not _is_postgresql():
        yield f"sqlite:///{folder}/portal.sqlite3"
        return
    with _on_postgresql(sql.SQL("")) as url:
        yield url


@contextmanager
def migrated_database(folder: Path) -> Iterator[str]:
    """The same with all tables and nothing in them. Migrating takes seconds, copying does not."""
    if not _is_postgresql():
        yield migrated_file(folder)
        return
    origin = sql.SQL("TEMPLATE {}").format(sql.Identifier(_migrated_once(is_file=False)))
    with _on_postgresql(origin) as url:
        yield url


def migrated_file(folder: Path) -> str:
    """The URL of a SQLite file with all tables and nothing in them."""
    file = folder / "portal.sqlite3"
    shutil.copy(_migrated_once(is_file=True), file)
    return f"sqlite:///{file}"


@cache
def _migrated_once(*, is_file: bool) -> str:
    """The file, or the name on the PostgreSQL server, that the others of this process are copied from; gone when the
    process ends.
    """
    stack = ExitStack()
    atexit.register(stack.close)
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="portal-")))
    file = folder / "portal.sqlite3"
    url = f"sqlite:///{file}" if is_file else stack.enter_context(fresh_database(folder))
    environment = machine_and_keys() | {"SITE_URL": "http://localhost:8000", "DATABASE_URL": url, "REDIS_URL": ""}
    manage(environment, "migrate", "--verbosity=0")
    return str(file) if is_file else urlsplit(url).path.removeprefix("/")


@contextmanager
def _on_postgresql(origin: sql.Composable) -> Iterator[str]:
    """Make a database there and give its URL; it is dropped afterwards."""
    name = f"portal_{uuid.uuid4().hex}"
    maintenance = _server()._replace(scheme="postgresql", path="/postgres").geturl()
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {} {}").format(sql.Identifier(name), origin))
        try:
            yield _server()._replace(path=f"/{name}").geturl()
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _is_postgresql() -> bool:
    return _server().scheme.startswith("postgres")


def _server() -> SplitResult:
    return urlsplit(os.environ.get("DATABASE_URL", ""))


@contextmanager
def fresh_broker() -> Iterator[str]:
    """Give the URL of an emptied Redis database that no other portal uses, whichever pytest process started it; empty
    where REDIS_URL is. Two portals on one queue would take each other's tasks.
    """
    url = os.environ.get("REDIS_URL", "")
    if not url:
        yield ""
        return
    number = next(each for each in _numbers_of_this_process() if each not in _taken)
    _taken.add(number)
    own = urlsplit(url)._replace(path=f"/{number}").geturl()
    try:
        with redis.Redis.from_url(own) as broker:
            broker.flushdb()
        yield own
    finally:
        _taken.discard(number)


def _numbers_of_this_process() -> range:
    """Each of pytest's processes has databases of its own."""
    place = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0)
    processes = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return range(REDIS_FIRST + place, REDIS_DATABASES, processes)
