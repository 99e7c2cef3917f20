"""What a worker needs is not there yet, or goes away for a while: it says so once, and works as soon as it can."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.portal.databases import fresh_database
from tests.portal.processes import manage
from tests.sandbox.running_sandbox import wait_until
from tests.sandbox_process import REPOSITORY
from tests.worker.proxy import Proxy
from tests.worker.running_worker import SECONDS_TO_WORK, Database, environment_of, running_worker

pytestmark = pytest.mark.processes

SECONDS_AWAY = 6.0
"""Twice the silence of these workers."""


@contextmanager
def away(database: Database) -> Iterator[None]:
    """Nobody can write to the SQLite database."""
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield


def is_sqlite() -> bool:
    return not os.environ.get("DATABASE_URL", "").startswith("postgres")


def test_it_waits_for_migrations(tmp_path: Path) -> None:
    with fresh_database(tmp_path) as url, running_worker(Database(url), tmp_path) as worker:
        wait_until(lambda: "the database lacks migrations; `python manage.py migrate`" in worker.log, SECONDS_TO_WORK)
        manage(environment_of(url), "migrate", "--verbosity=0")
        worker.wait_until_up()
        worker.wait_until_it_works()
        assert worker.log.count("the database lacks migrations") == 1
        assert worker.starts() == 1


def test_it_waits_for_the_database(database: Database, tmp_path: Path) -> None:
    """SQLite: the folder is not there yet. PostgreSQL: its port is closed."""
    later = tmp_path / "later"
    proxy = None if is_sqlite() else Proxy(database.url)
    url = proxy.url if proxy else f"sqlite:///{later}/portal.sqlite3"
    with running_worker(Database(url), tmp_path) as worker:
        wait_until(lambda: "the database does not answer" in worker.log, SECONDS_TO_WORK)
        if proxy:
            proxy.open()
        else:
            _copy(database, later)
        worker.wait_until_up()
        worker.wait_until_it_works()
        assert worker.log.count("the database does not answer") == 1
        assert worker.starts() == 1
        assert worker.end() == 0


def _copy(database: Database, folder: Path) -> None:
    """Put a SQLite database into a new folder, which appears with the file in it."""
    preparing = folder.with_name("preparing")
    preparing.mkdir()
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"))) as source:
        source.execute("VACUUM INTO ?", (str(preparing / "portal.sqlite3"),))
    preparing.rename(folder)


def test_it_ends_while_it_waits(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/nowhere/portal.sqlite3"
    with running_worker(Database(url), tmp_path) as worker:
        wait_until(lambda: "the database does not answer" in worker.log, SECONDS_TO_WORK)
        assert worker.end() == 0
        assert worker.left() == []


def test_a_worker_that_waits_ends_with_its_supervisor(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/nowhere/portal.sqlite3"
    with running_worker(Database(url), tmp_path) as worker:
        wait_until(lambda: "the database does not answer" in worker.log, SECONDS_TO_WORK)
        os.kill(worker.process.pid, signal.SIGKILL)
        worker.process.wait()
        wait_until(lambda: not worker.left(), 10)


def test_it_works_again_after_the_database_was_away(database: Database, tmp_path: Path) -> None:
    """SQLite: somebody holds it for longer than the silence. PostgreSQL: connections break, and none can be made."""
    proxy = None if is_sqlite() else Proxy(database.url)
    if proxy:
        proxy.open()
    with running_worker(Database(proxy.url if proxy else database.url), tmp_path) as worker:
        worker.wait_until_up()
        if proxy:
            proxy.close()
            time.sleep(SECONDS_AWAY)
            proxy.open()
        else:
            with away(database):
                time.sleep(SECONDS_AWAY)
        worker.wait_until_it_works()
        assert worker.process.poll() is None
        assert worker.log.count("the worker waits") <= 1


def test_settings_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    environment = environment_of(f"sqlite:///{tmp_path}/portal.sqlite3") | {"FIELD_ENCRYPTION_KEYS": "nonsense"}
    command = [sys.executable, "manage.py", "worker"]
    told = subprocess.run(
        command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert told.returncode != 0
    assert "FIELD_ENCRYPTION_KEYS: key number 1 is not a Fernet key" in told.stderr.splitlines()[-1]
