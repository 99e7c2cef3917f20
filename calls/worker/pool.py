"""The processes of a group beside its first: children that run tasks, the pusher, and the monitor.

What they do is django-q2's (its functions `worker` and `monitor`); who looks after them is not: django-q2's sentinel
puts a new child beside the others when one was killed, and all of them then wait for ever for the queue's lock, which
the dead one had. It shares more locks with its children, and hangs with them when it wants to stop.
"""

import logging
import multiprocessing
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess

from django.db import connections
from django_q.conf import Conf
from django_q.signals import post_execute_in_worker, pre_execute
from django_q.worker import worker as run_tasks

from calls.worker.board import Board, Place
from calls.worker.lifeline import Lifeline
from calls.worker.monitor import record
from calls.worker.progress import take_place
from calls.worker.pusher import Task, push

logger = logging.getLogger(__name__)

FORK = multiprocessing.get_context("fork")
STOP = "STOP"
"""What tells a child or the monitor of django-q2 to end."""
GLANCE_SECONDS = 0.02
BEATS_IN_SILENCE = 5
"""So many beats must have failed, before their failing means something: one every 5 s."""
SECONDS_BEYOND_TIMEOUT = 10.0
"""django-q2 ends a task itself when its time is over; a child that is still at it then is stuck."""


class GroupBrokenError(Exception):
    """The group cannot be trusted any more; the message says why."""


@dataclass
class Member:
    """A process of the group, and after its end the next in its place."""

    name: str
    place: Place
    work: Callable[[], None]
    process: BaseProcess = field(init=False)


class Pool:
    """Starts the processes, sees that they work, and ends them.

    Args:
        silence: after so many seconds without a sign of life something counts as dead.
    """

    def __init__(self, lifeline: Lifeline, *, silence: float) -> None:
        self.board = Board(places=Conf.WORKERS + 2)
        self._lifeline = lifeline
        self._silence = silence
        self._tasks: multiprocessing.Queue[Task | str] = FORK.Queue(maxsize=Conf.QUEUE_LIMIT)
        self._results: multiprocessing.Queue[Task | str] = FORK.Queue()
        self._children = [
            self._member(f"child {number + 1}", number, self._run_tasks) for number in range(Conf.WORKERS)
        ]
        self._pusher = self._member("pusher", Conf.WORKERS, self._push)
        self._monitor = self._member("monitor", Conf.WORKERS + 1, self._record)
        self._members = [*self._children, self._monitor, self._pusher]
        self._excused_at = 0.0

    def _member(self, name: str, number: int, work: Callable[[], None]) -> Member:
        return Member(name, self.board.place(number), work)

    def _run_tasks(self) -> None:
        run_tasks(self._tasks, self._results, FORK.Value("f", -1), Conf.TIMEOUT)

    def _push(self) -> None:
        push(self._tasks, self.board, beat_seconds=self._silence / BEATS_IN_SILENCE)

    def _record(self) -> None:
        record(self._results, self.board)

    def start(self) -> None:
        for member in self._members:
            self._start(member)
        self._excused_at = time.monotonic()

    def _start(self, member: Member) -> None:
        connections.close_all()
        member.place.clear()
        member.process = FORK.Process(target=self._be, args=(member,), name=member.name, daemon=True)
        member.process.start()
        logger.info("the worker's %s is process %s", member.name, member.process.pid)

    def _be(self, member: Member) -> None:
        """In the new process: be this member to the end."""
        # Whoever stops a service may signal each of its processes. The end comes through the board and the queue.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        take_place(self.board, member.place, tasks_wait=lambda: not self._tasks.empty())
        pre_execute.connect(lambda **_task: member.place.begin_task(), weak=False)
        post_execute_in_worker.connect(lambda **_task: member.place.end_task(), weak=False)
        self._lifeline.end_with_supervisor(member.place.pulse)
        member.work()

    def wait(self, seconds: float) -> None:
        """Wait until a process ends, so long at most."""
        wait([member.process.sentinel for member in self._members], seconds)

    def check(self) -> None:
        """See that every process lives and that tasks go through; replace those that ended in order.

        Raises:
            GroupBrokenError: one was killed or failed, is frozen or stuck, or no task goes through.
        """
        for member in self._members:
            if member.process.exitcode is None:
                self._check_pulse(member)
            else:
                self._check_exit(member)
                self._start(member)
        self._check_beat()

    def _check_pulse(self, member: Member) -> None:
        now = time.monotonic()
        if now - member.place.pulse_at > self._silence:
            raise GroupBrokenError(f"its {member.name} has been frozen for {self._silence:.0f} s")
        busy_since = member.place.busy_since
        if busy_since and now - busy_since > Conf.TIMEOUT + SECONDS_BEYOND_TIMEOUT:
            raise GroupBrokenError(f"its {member.name} does not end a task whose time is over")

    def _check_exit(self, member: Member) -> None:
        """A process that ended by itself has given its locks back; one that was killed may not have."""
        if member.process.exitcode:
            raise GroupBrokenError(f"its {member.name} ended with {member.process.exitcode}")

    def _check_beat(self) -> None:
        """While every child is at a task that may take so long, nothing else can go through."""
        now = time.monotonic()
        if all(child.place.busy_since for child in self._children):
            self._excused_at = now
        if now - max(self.board.beat_at, self._excused_at) > self._silence:
            raise GroupBrokenError(f"no task has gone through it for {self._silence:.0f} s")

    def stop(self) -> None:
        """Let the tasks that were begun come to their end, and end.

        Raises:
            GroupBrokenError: a process was killed meanwhile, and the others may wait for it.
        """
        self.board.stop()
        self._wait_for(self._pusher)
        for _child in self._children:
            self._tasks.put(STOP)
        self._wait_for(*self._children)
        self._results.put(STOP)
        self._wait_for(self._monitor)

    def _wait_for(self, *members: Member) -> None:
        while any(member.process.exitcode is None for member in members):
            time.sleep(GLANCE_SECONDS)
            for member in self._members:
                if member.process.exitcode is not None:
                    self._check_exit(member)
