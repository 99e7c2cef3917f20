"""All processes of a worker, whatever sessions and groups they have gone into. Linux: it is read from /proc."""

import contextlib
import os
import signal
from pathlib import Path

from tests.portal.running_portal import PROCESS_NAME

PROC = Path("/proc")
IS_READABLE = (PROC / "self" / "environ").exists()


def processes_named(ending: str) -> list[int]:
    """The ids of the living processes whose name ends so, oldest first. A worker's name is the first one's and that
    of whatever it has started.
    """
    ids = sorted(int(entry.name) for entry in PROC.iterdir() if entry.name.isdigit())
    return [each for each in ids if _name_of(each).endswith(ending) and not _is_dead(each)]


def kill_all(ids: list[int]) -> None:
    """SIGKILL, as far as they still live."""
    for each in ids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(each, signal.SIGKILL)


def _name_of(process: int) -> str:
    """What it was named when it was started; nothing where it is gone or somebody else's."""
    try:
        lines = (PROC / str(process) / "environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return ""
    return next((line.partition("=")[2] for line in lines if line.startswith(f"{PROCESS_NAME}=")), "")


def _is_dead(process: int) -> bool:
    """Whether it has ended and only waits for its parent to notice."""
    try:
        status = (PROC / str(process) / "stat").read_text()
    except OSError:
        return True
    return status.rpartition(")")[2].split()[0] == "Z"
