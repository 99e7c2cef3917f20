"""A customer of the portal for the length of a benchmark: web process, worker and stand-ins on a fresh database."""

import base64
import json
import os
import re
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.measures import AtMost, Measure
from bench.stand_in import PlainPipedrive, StandIn
from sandbox.demo.browser import Browser
from sandbox.demo.opening import settle_in, start
from sandbox.demo.people import LicenseCodes, Person
from sandbox.demo.processes import DemoError, Processes
from sandbox.demo.report import say
from sandbox.demo.stage import Stage, free_port

LOGS = ("web", "worker", "sandbox")
TOLD_AT_MOST = 10
TROUBLE = re.compile(r" (ERROR|CRITICAL) |^Traceback ")


@dataclass(frozen=True)
class Customer:
    """The running portal with its outside world; nobody has signed up yet.

    Attributes:
        begun_at: how long each log was when everything was up, in bytes.
        database_url: the portal's database.
    """

    stage: Stage
    processes: Processes
    stand_in: StandIn
    begun_at: dict[str, int]
    database_url: str

    def settle_in(self, *people: Person) -> Browser:
        """Let people sign up and connect; the browser of the company's admin."""
        return settle_in(self.stage, LicenseCodes(self.processes), people)

    def plain_pipedrive(self, email: str) -> PlainPipedrive:
        """Pipedrive's API past the portal, with an access token of this user's."""
        return self.stand_in.pipedrive_as(email, callback=self.stage.environment()["SANDBOX_REDIRECT_URI"])

    @property
    def database(self) -> Path:
        """The portal's SQLite file, where that is its database."""
        return self.stage.folder / "db.sqlite3"

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Look into the portal's database without touching it."""
        with closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    def inside(self, module: str, function: str, *, database_url: str = "", **arguments: float | str) -> Any:
        """What a function of the bench gives when it runs in the portal's Django, on its database or another one."""
        database = {"DATABASE_URL": database_url or self.database_url}
        return inside(self.processes, module, function, database, **arguments)

    def wait_for_first_sweep(self, *, seconds: float) -> None:
        """Wait until the portal has read every person once.

        Raises:
            DemoError: it has not within this time.
        """
        if not self.processes.wait_until(self._is_swept, seconds=seconds):
            raise DemoError(f"The persons were not read within {seconds:.0f} s; see {self.stage.log_folder}")

    def _is_swept(self) -> bool:
        return self.swept() > 0

    def swept(self) -> int:
        """How many Pipedrive accounts have every person read once."""
        return int(self.rows("SELECT COUNT(*) FROM integrations_contactindex WHERE swept_at IS NOT NULL")[0][0])

    def troubles(self) -> list[str]:
        """The lines of the logs that tell of errors, since everything was up."""
        logs = {self.processes.log_of(name): begun_at for name, begun_at in self.begun_at.items()}
        texts = [log.read_bytes()[begun_at:].decode(errors="replace") for log, begun_at in logs.items()]
        return [line for text in texts for line in text.splitlines() if TROUBLE.search(line)]


def errors_in_logs(troubles: list[str]) -> Measure:
    """That there were none; the first ones are told."""
    for line in troubles[:TOLD_AT_MOST]:
        say(f"  {line}")
    return Measure(what="errors in the logs", value=len(troubles), against=AtMost(0))


def inside(
    processes: Processes,
    module: str,
    function: str,
    environment: Mapping[str, str] | None = None,
    **arguments: float | str,
) -> Any:
    """What a function of the bench gives when it runs in the portal's Django."""
    call = f"{function}({', '.join(f'{name}={value!r}' for name, value in arguments.items())})"
    code = f"import json; from {module} import {function}; print(json.dumps({call}))"
    return json.loads(processes.manage("shell", "--verbosity", "0", "--command", code, **(environment or {})))


@contextmanager
def customer(folder: Path, *, database_url: str = "") -> Iterator[Customer]:
    """Start everything in a folder; end it afterwards.

    Args:
        database_url: an empty database; without it a SQLite file in the folder.
    """
    stage = Stage(free_port(), free_port(), folder.resolve())
    stage.forget_last_time()
    stage.prepare()
    with Processes(environment(stage, database_url), stage.log_folder) as processes:
        start(stage, processes)
        begun_at = {name: processes.log_of(name).stat().st_size for name in LOGS}
        yield Customer(
            stage, processes, StandIn(stage.sandbox_url), begun_at, database_url=database_url or stage.database_url
        )


def environment(stage: Stage, database_url: str = "") -> dict[str, str]:
    """As in production; nothing of what `.env` says of databases and secrets."""
    return {
        **stage.environment(),
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "DEBUG": "false",
        "DATABASE_URL": database_url or stage.database_url,
        "REDIS_URL": "",
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "console",
    }
