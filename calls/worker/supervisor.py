"""The supervisor: starts the group of processes that works, and another when that has died or fallen silent.

It does nothing else, knows no database and has no threads, so that there is little it could die of. Why it is there:
django-q2's cluster waits for ever when an idle child is killed, leaves orphans that go on when its parent is, may not
end on SIGTERM, and does not start while the database is away.
"""

import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import time
from dataclasses import dataclass
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess
from types import FrameType

from django.db import connections

from calls.worker.group import ENDING_SIGNALS, run_group
from calls.worker.identity import Identity
from calls.worker.lifeline import Lifeline

logger = logging.getLogger(__name__)

FORK = multiprocessing.get_context("fork")
SILENCE_SECONDS = 25.0
"""A group that gives no sign for so long is dead; with the start of the next, work goes on within 30 s."""
SECONDS_TO_END = 25.0
"""How long work in progress may take to end; what is killed then is handed back by its rows."""
SECONDS_TO_DIE = 5.0
DIED_AT_ONCE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 60.0


@dataclass
class Group:
    """A running group: its first process leads the process group, so both have one number."""

    process: BaseProcess
    lifeline: Lifeline
    started_at: float


class Supervisor:
    """Keeps one group working until SIGTERM or SIGINT; a second one does not wait for work in progress.

    Args:
        silence: after so many seconds without a sign of life something counts as dead.
    """

    def __init__(self, *, silence: float = SILENCE_SECONDS) -> None:
        self._silence = silence
        self._identity = Identity()
        self._signals = 0
        self._pause = 0.0
        self._bell, bell = socket.socketpair()
        self._bell.settimeout(0)
        bell.settimeout(0)
        self._rung_by = bell

    def run(self) -> None:
        """Start groups, one after the other, until somebody wants the end."""
        for number in ENDING_SIGNALS:
            signal.signal(number, self._on_signal)
        # The sentinel of multiprocessing is no help: the group's other processes inherit it, and may live on.
        signal.signal(signal.SIGCHLD, lambda *_signal: None)
        signal.set_wakeup_fd(self._rung_by.fileno(), warn_on_full_buffer=False)
        while not self._signals:
            group = self._start()
            try:
                self._watch(group)
                if self._signals:
                    self._let_end(group)
            finally:
                self._kill(group)
            if not self._signals:
                self._back_off(lived=time.monotonic() - group.started_at)
        logger.info("the worker has ended")

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signals += 1

    def _start(self) -> Group:
        self._identity = self._identity.with_new_group()
        connections.close_all()
        lifeline = Lifeline()
        process = FORK.Process(
            target=run_group, args=(lifeline, self._identity), kwargs={"silence": self._silence}, name="worker"
        )
        # A signal between the fork and the group's own handler would be lost.
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
        process.start()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)
        lifeline.be_supervisor()
        logger.info("the worker's processes start as group %s, its first is %s", self._identity.group, process.pid)
        return Group(process, lifeline, time.monotonic())

    def _watch(self, group: Group) -> None:
        """Return when the group is dead or silent, or somebody wants the end."""
        heard_at = time.monotonic()
        while not self._signals:
            if self._wait(group.lifeline.upper, until=heard_at + self._silence):
                group.lifeline.hear()
                heard_at = time.monotonic()
            if group.process.exitcode is not None:
                logger.warning("the worker's processes have ended (%s)", group.process.exitcode)
                return
            if time.monotonic() >= heard_at + self._silence:
                logger.error("the worker's processes gave no sign of life for %.0f s; they are killed", self._silence)
                return

    def _let_end(self, group: Group) -> None:
        """Ask the group to end, and wait for it unless somebody is in a hurry."""
        until = time.monotonic() + SECONDS_TO_END
        os.kill(group.process.pid or 0, signal.SIGTERM)
        while self._signals == 1 and time.monotonic() < until:
            self._wait(until=until)
            if group.process.exitcode is not None:
                return
        logger.warning("the worker's processes are killed in the middle of their work; it goes on with the next worker")

    def _wait(self, *sources: socket.socket, until: float) -> bool:
        """Wait for one of the sources, a signal or the end of the group's first process, so long at most.

        Returns:
            Whether one of the sources is ready.
        """
        ready = wait([*sources, self._bell], max(0.0, until - time.monotonic()))
        if self._bell in ready:
            self._bell.recv(4096)
        return any(source in ready for source in sources)

    def _kill(self, group: Group) -> None:
        """See that nothing of the group is left before another one starts."""
        group.process.kill()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group.process.pid or 0, signal.SIGKILL)
        group.process.join()
        until = time.monotonic() + SECONDS_TO_DIE
        while group.lifeline.hear() and time.monotonic() < until:
            wait([group.lifeline.upper], max(0.0, until - time.monotonic()))
        group.lifeline.close()
        # As the first process of a container, the supervisor inherits the dead and has to bury them.
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-(group.process.pid or 0), os.WNOHANG)[0]:
                pass

    def _back_off(self, *, lived: float) -> None:
        """Start again at once after a group that has lived, later and later after groups that die as they start."""
        if lived >= DIED_AT_ONCE_SECONDS:
            self._pause = 0.0
            return
        self._pause = min(max(1.0, 2 * self._pause), LONGEST_PAUSE_SECONDS)
        logger.warning("the worker's processes lived for %.1f s only; the next start in %.0f s", lived, self._pause)
        until = time.monotonic() + self._pause
        while not self._signals and time.monotonic() < until:
            self._wait(until=until)
