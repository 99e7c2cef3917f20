"""Starting the portal's programs as their users do, and leaving nothing of them behind."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence

from tests.sandbox_process import REPOSITORY

SECONDS_TO_END = 15


def start(arguments: Sequence[str], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    """Start a Python program in a process group of its own."""
    command = [sys.executable, *arguments]
    return subprocess.Popen(command, cwd=REPOSITORY, env=dict(environment), start_new_session=True)


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
        command, cwd=REPOSITORY, env=dict(environment), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
