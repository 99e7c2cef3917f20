"""The processes of the demonstration: each in a process group of its own, all ended together."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Self

from sandbox.demo.stage import REPOSITORY

GRACE_SECONDS = 15.0
POLL_SECONDS = 0.1
TAIL_LINES = 25
# How one asks a program to end: Ctrl-C, kill, a closed terminal.
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class DemoError(Exception):
    """The demonstration cannot go on; the message says why."""


class AskedToEndError(Exception):
    """Somebody pressed Ctrl-C or sent a signal."""


class Processes:
    """Starts processes and ends every one of them when the `with` block is left, however it is left.

    Signals only set a flag, which every wait looks at, so that no signal can fall between the start of a process and
    its being remembered.
    """

    def __init__(self, environment: Mapping[str, str], log_folder: Path) -> None:
        self.environment = {**os.environ, **environment}
        self.log_folder = log_folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._end = threading.Event()
        self._parent = os.getppid()

    def __enter__(self) -> Self:
        for each in ENDING_SIGNALS:
            signal.signal(each, self._on_signal)
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop()

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a process that is to run until the end; what it says goes to `<name>.log`."""
        self.check()
        with self.log_of(name).open("wb") as log:
            self._running[name] = subprocess.Popen(  # noqa: S603 - our own commands
                command,
                cwd=REPOSITORY,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def manage(self, *arguments: str, **more_environment: str) -> str:
        """Run one of the portal's commands to its end and return what it printed.

        Raises:
            DemoError: it failed.
        """
        self.check()
        ended = subprocess.run(  # noqa: S603 - our own commands
            [sys.executable, "manage.py", *arguments],
            cwd=REPOSITORY,
            env=self.environment | more_environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
        )
        self.check()
        if ended.returncode != 0:
            raise DemoError(f"manage.py {arguments[0]} failed:\n{_indented(ended.stderr or ended.stdout)}")
        return ended.stdout

    def check(self) -> None:
        """See that everything still runs and nobody wants it to end.

        Raises:
            AskedToEndError: somebody does.
            DemoError: a process has ended by itself.
        """
        if self._end.is_set() or self._was_left_alone():
            raise AskedToEndError
        for name, process in self._running.items():
            if process.poll() is not None:
                raise DemoError(f"{name} ended by itself with {process.returncode}:\n{_indented(self._tail(name))}")

    def end(self, name: str) -> None:
        """End one process: ask it to, and kill what is left of its group after the grace."""
        process = self._running.pop(name)
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE_SECONDS)
        _kill_group(process)

    def wait_until(self, holds: Callable[[], bool], *, seconds: float) -> bool:
        """Wait for a condition, for so long at most; return whether it came true."""
        end = time.monotonic() + seconds
        while not holds():
            self.check()
            if time.monotonic() > end:
                return False
            self._end.wait(POLL_SECONDS)
        return True

    def serve(self) -> None:
        """Wait until somebody asks for the end, or a process ends by itself."""
        while True:
            self.check()
            self._end.wait(POLL_SECONDS)

    def log_of(self, name: str) -> Path:
        """The file a process writes to."""
        return self.log_folder / f"{name}.log"

    def group_of(self, name: str) -> int:
        """The process group of a process that was started: it leads its session, so the group has its number."""
        return self._running[name].pid

    def _tail(self, name: str) -> str:
        lines = self.log_of(name).read_text(errors="replace").splitlines()
        return "\n".join(lines[-TAIL_LINES:])

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._end.set()

    def _was_left_alone(self) -> bool:
        """Whether the make that started us was killed, which tells us nothing else."""
        return "MAKELEVEL" in os.environ and os.getppid() != self._parent

    def _stop(self) -> None:
        """Ask every process to end; kill what is left of its group after the grace."""
        for process in self._running.values():
            process.terminate()
        end = time.monotonic() + GRACE_SECONDS
        for process in self._running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, end - time.monotonic()))
        for process in self._running.values():
            _kill_group(process)


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    """Kill what is left of a process's group. The group's number is the process's: it leads its session."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _indented(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.strip().splitlines())
