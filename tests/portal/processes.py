"""Starting the portal's programs as their users do, and leaving nothing of them behind."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.sandbox_process import REPOSITORY

SECONDS_TO_END = 15
SECONDS_FOR_A_COMMAND = 300


def start(
    arguments: Sequence[str], environment: Mapping[str, str], *, log: Path | None = None
) -> "subprocess.Popen[bytes]":
    """Start a Python program in a process group of its own; what it says is added to a file, if there is one."""
    command = [sys.executable, *arguments]
    with contextlib.ExitStack() as stack:
        said = None if log is None else stack.enter_context(log.open("ab"))
        return subprocess.Popen(
            command, cwd=REPOSITORY, env=dict(environment), start_new_session=True, stdout=said, stderr=said
        )


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask the program to end; after a while kill it and everything it has started."""
    process.terminate()
    try:
        process.wait(SECONDS_TO_END)
    except subprocess.TimeoutExpired:
        pass
    finally:
        kill(process)


def kill(process: "subprocess.Popen[bytes]") -> None:
    """Kill the program and everything in its process group at once."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(SECONDS_TO_END)


def manage(environment: Mapping[str, str], *arguments: str) -> str:
    """Run a `manage.py` command and return what it printed."""
    command = [sys.executable, "manage.py", *arguments]
    done = subprocess.run(
        command,
        cwd=REPOSITORY,
        env=dict(environment),
        capture_output=True,
        text=True,
        timeout=SECONDS_FOR_A_COMMAND,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
