"""Several worker processes with one database of their own, beside the sandbox."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.portal.databases import migrated_database
from tests.portal.environment import machine_and_keys
from tests.sandbox.running_sandbox import Sandbox
from tests.sandbox_process import REPOSITORY

SECONDS = 60
Process = subprocess.Popen[str]


@dataclass
class Asking:
    """A connected person, and processes that work for that person."""

    environment: dict[str, str]
    sandbox: Sandbox
    mails: Path

    def start(self, *arguments: object) -> Process:
        command = [sys.executable, "-m", "tests.integrations.asking", *map(str, arguments)]
        return subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=self.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: object) -> str:
        process = self.start(*arguments)
        printed, _errors = process.communicate(timeout=SECONDS)
        assert process.returncode == 0
        return printed

    def change(self, **fields: str | None) -> None:
        self.run("change", json.dumps(fields))

    def field(self, name: str) -> Any:
        return json.loads(self.run("show", name))[name]

    def ready(self, kind: str, *, threads: int, times: int) -> Process:
        """Start a process that works as soon as it is told to."""
        process = self.start("work", kind, threads, times)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def work(self, kind: str, *, processes: int, threads: int, times: int) -> Counter[str]:
        """Work with several processes, all beginning at the same moment; what came of it, counted.

        Args:
            kind: `ask` or `search` Pipedrive, or `mail`.
            times: of each process.
        """
        started = [self.ready(kind, threads=threads, times=times) for _process in range(processes)]
        for process in started:
            begin(process)
        total: Counter[str] = Counter()
        for process in started:
            total += Counter(json.loads(process.communicate(timeout=SECONDS)[0]))
        return total


def begin(process: Process) -> None:
    """Tell a process that is ready to ask now."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


@contextmanager
def asking(folder: Path, sandbox: Sandbox) -> Iterator[Asking]:
    """A migrated database with one connected person."""
    with migrated_database(folder) as database_url:
        environment = {
            **machine_and_keys(),
            "DATABASE_URL": database_url,
            "REDIS_URL": "",
            "PIPEDRIVE_OAUTH_URL": f"{sandbox.url}/pipedrive",
            "PIPEDRIVE_API_URL": f"{sandbox.url}/pipedrive",
            "MUSTALINJA_API_URL": "",
            "LOG_LEVEL": "ERROR",
            "EMAIL_URL": f"filemail:///{folder}/mails",
        }
        (folder / "mails").mkdir()
        group = Asking(environment, sandbox, folder / "mails")
        code = sandbox.order("pipedrive/control/authorize", user_email="bo@esimerkki.example")["code"]
        group.run("install", code)
        yield group
