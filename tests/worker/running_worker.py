"""Workers as they run at a customer's, on a database of their own, and what a test sees of them from outside."""

import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from django_q.signing import SignedPackage

from tests.portal.environment import machine_and_keys
from tests.sandbox.running_sandbox import wait_until
from tests.sandbox_process import REPOSITORY

SECONDS_TO_WORK = 60
SECONDS_TO_END = 35
SHORT_SILENCE = 3.0
"""Where the real 25 s would only be waiting."""


@dataclass
class Database:
    """The database of a worker, as a test looks into it and puts tasks on its queue."""

    url: str

    def rows(self, query: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement with `?` for its values, and give the rows it returns."""
        if self.url.startswith("sqlite"):
            with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"), timeout=20)) as connection, connection:
                return connection.execute(query, values).fetchall()
        with psycopg.connect(self.url, autocommit=True) as server:
            cursor = server.execute(query.replace("?", "%s").encode(), values)
            return cursor.fetchall() if cursor.description else []

    def queue(self, errand: str, *arguments: object) -> None:
        """Put one of tests/worker/errands.py on the queue, as `async_task` does."""
        task = {"id": uuid.uuid4().hex, "name": errand, "func": f"tests.worker.errands.{errand}", "args": arguments}
        package = SignedPackage.dumps(task | {"kwargs": {}, "started": None})
        insert = "INSERT INTO django_q_ormq (key, payload, lock) VALUES ('connector', ?, '2000-01-01 00:00:00')"
        self.rows(insert, package)

    def empty(self) -> None:
        """Forget what the workers of another test have left."""
        self.rows("DELETE FROM django_q_ormq")
        self.rows("DELETE FROM calls_workerheartbeat")


@dataclass(frozen=True)
class ProcessRow:
    """A process as the system lists it."""

    pid: int
    parent: int
    group: int
    state: str


def all_processes() -> list[ProcessRow]:
    """The processes of the machine that have not ended."""
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="], capture_output=True, text=True, check=True)
    fields = (line.split() for line in listed.stdout.splitlines())
    rows = [ProcessRow(int(pid), int(parent), int(group), state) for pid, parent, group, state in fields]
    return [row for row in rows if not row.state.startswith("Z")]


@dataclass
class Worker:
    """A running `manage.py worker`."""

    process: "subprocess.Popen[bytes]"
    database: Database
    folder: Path
    log_file: Path
    groups: set[int] = field(default_factory=set)

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def members(self) -> dict[str, int]:
        """The processes of its group by what they are, as it has logged them last."""
        started = re.findall(r"the worker's ([\w ]+) is process (\d+)$", self.log, re.MULTILINE)
        leaders = re.findall(r"its first is (\d+)$", self.log, re.MULTILINE)
        self.groups.update(map(int, leaders))
        return {name: int(pid) for name, pid in started} | {"first process": int(leaders[-1])}

    def starts(self) -> int:
        """How many groups it has started."""
        return self.log.count("the worker's processes start")

    def restarts(self) -> int | None:
        """What its row says of its restarts; None while there is no row."""
        found = self.database.rows("SELECT restarts FROM calls_workerheartbeat WHERE pid = ?", self.process.pid)
        return int(found[0][0]) if found else None

    def wait_until_up(self, *, restarts: int = 0) -> None:
        """Return once it has given a sign of life, after so many restarts."""
        wait_until(lambda: (self.restarts() or 0) >= restarts and self.restarts() is not None, SECONDS_TO_WORK)
        self.members()

    def path(self) -> Path:
        """A file that does not exist yet."""
        return self.folder / uuid.uuid4().hex

    def begin(self, errand: str, *arguments: object) -> Path:
        """Queue a task that shows its beginning, and return once it has begun; the file shows its end."""
        path = self.path()
        self.database.queue(errand, str(path), *arguments)
        wait_until(Path(f"{path}.begun").exists, SECONDS_TO_WORK)
        return path

    def busy_process(self, path: Path) -> int:
        """The process in which a task runs that takes a while."""
        return int(Path(f"{path}.begun").read_text())

    def wait_until_it_works(self) -> None:
        """Return once a task has been run."""
        path = self.path()
        self.database.queue("touch", str(path))
        wait_until(path.exists, SECONDS_TO_WORK)

    def noted_group(self) -> str:
        """The id of the group that runs tasks now, as a task sees it."""
        path = self.path()
        self.database.queue("note_group", str(path))
        wait_until(path.exists, SECONDS_TO_WORK)
        return path.read_text()

    def left(self) -> list[ProcessRow]:
        """What there is of it: its supervisor, and the processes of all groups it has had."""
        if self.log:
            self.members()
        return [row for row in all_processes() if row.pid == self.process.pid or row.group in self.groups]

    def end(self) -> int:
        """Ask it to end and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS_TO_END)

    def kill(self) -> None:
        """See that nothing of it is left, whatever a test has done to it."""
        self.process.kill()
        self.process.wait(SECONDS_TO_END)
        for row in self.left():
            with contextlib.suppress(ProcessLookupError):
                os.kill(row.pid, signal.SIGKILL)


def environment_of(database_url: str) -> dict[str, str]:
    """The whole environment of a worker. Its queue is in the database, so that no two tests share one."""
    return {
        **machine_and_keys(),
        "SITE_URL": "http://localhost:8000",
        "DATABASE_URL": database_url,
        "REDIS_URL": "",
        "EMAIL_URL": "memorymail://",
        "MUSTALINJA_API_URL": "",
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "console",
    }


@contextmanager
def running_worker(database: Database, folder: Path, *, silence: float | None = SHORT_SILENCE) -> Iterator[Worker]:
    """Start a worker; leave nothing of it behind.

    Args:
        silence: after how long it takes something for dead; None for what it does at a customer's.
    """
    log_file = folder / f"worker-{uuid.uuid4().hex}.log"
    command = [sys.executable, "manage.py", "worker", *([] if silence is None else [f"--silence={silence}"])]
    with log_file.open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=environment_of(database.url),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    worker = Worker(process, database, folder, log_file)
    try:
        yield worker
    finally:
        worker.kill()


def wait_until_gone(worker: Worker, seconds: float = SECONDS_TO_END) -> None:
    """Return once no process of a worker is left."""
    wait_until(lambda: not worker.left(), seconds)
