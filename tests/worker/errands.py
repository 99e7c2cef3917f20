"""What the tests have the worker do. Named by their dotted paths, as everything on the queue is."""

import os
import sys
import time
from pathlib import Path

from calls.queue import others_wait
from calls.worker.identity import worker_id
from calls.worker.progress import stopping


def touch(path: str) -> None:
    """Show that a task has been run."""
    Path(path).touch()


def take_a_while(path: str, seconds: float) -> None:
    """Be busy, and show first that the task has begun, and in which process, and then that it is done."""
    Path(f"{path}.part").write_text(str(os.getpid()))
    Path(f"{path}.part").rename(f"{path}.begun")
    time.sleep(seconds)
    touch(path)


def go_on_until_stopped(path: str) -> None:
    """A long task that looks whether it is to stop."""
    touch(f"{path}.begun")
    while not stopping():
        time.sleep(0.05)
    touch(path)


def go_on_until_others_wait(path: str) -> None:
    """A long task that makes room when others have waited for a second, and not just for being fetched."""
    touch(f"{path}.begun")
    looks_in_a_row = 0
    while looks_in_a_row < 10 and not stopping():
        looks_in_a_row = looks_in_a_row + 1 if others_wait() else 0
        time.sleep(0.1)
    touch(path)


def note_group(path: str) -> None:
    """Write down for which group of processes this runs."""
    Path(f"{path}.part").write_text(worker_id())
    Path(f"{path}.part").rename(path)


def lose_the_lock_of_the_queue() -> None:
    """Leave the children's queue as a child does that is killed while it waits: nobody ever gets a task again."""
    frame = sys._getframe()
    while "task_queue" not in frame.f_locals:
        assert frame.f_back is not None
        frame = frame.f_back
    frame.f_locals["task_queue"]._rlock.acquire()
