"""The pusher: fetches tasks from the broker for the children, and now and then adds one of its own."""

import logging
import time
import uuid
from multiprocessing.queues import Queue
from pickle import UnpicklingError
from typing import Any

from django.db import Error as DatabaseError
from django.utils import timezone
from django_q.brokers import Broker, get_broker
from django_q.conf import Conf
from django_q.signing import BadSignature, SignedPackage
from redis.exceptions import RedisError

from calls.worker.board import Board
from calls.worker.empty_queue import EmptyQueue

logger = logging.getLogger(__name__)

BEAT = "calls.worker.tasks.beat"
FULL_SECONDS = 0.01
AWAY_SECONDS = 1.0

UNREADABLE = (BadSignature, TypeError, ValueError, LookupError, EOFError, ImportError, AttributeError, UnpicklingError)
"""What reading a task raises that was signed with another key, or holds a class that this version does not know."""

Task = dict[str, Any]


def push(tasks: "Queue[Task | str]", board: Board, *, beat_seconds: float) -> None:
    """Put what the broker has into the children's queue until the group stops.

    A beat joins them here, right after the broker has answered: so it proves the way from the broker to the result for
    this very group. Left at the broker, any other worker could take it, and a sound group would seem dead or a dead one
    alive.
    """
    broker, empty_queue = get_broker(), EmptyQueue(board)
    beat_at, is_away = 0.0, False
    while not board.is_stopping:
        try:
            fetched = _fetch_when_room(broker, tasks, empty_queue)
        except (DatabaseError, RedisError) as error:
            if not is_away:
                logger.warning("the queue does not answer: %s", type(error).__name__)
            is_away = True
            time.sleep(AWAY_SECONDS)
            continue
        is_away = False
        if time.monotonic() - beat_at >= beat_seconds:
            fetched.append(_new_beat())
            beat_at = time.monotonic()
        for task in fetched:
            tasks.put(task)


def _fetch_when_room(broker: Broker, tasks: "Queue[Task | str]", empty_queue: EmptyQueue) -> list[Task]:
    """The next tasks, and none while the children have enough: what waits here, no other worker can take."""
    while tasks.full():
        time.sleep(FULL_SECONDS)
    empty_queue.before_look()
    fetched = _fetch(broker)
    if not fetched:
        empty_queue.wait()
    return fetched


def _fetch(broker: Broker) -> list[Task]:
    """The next tasks; an empty queue is waited for, as long as django-q2's setting `poll` says."""
    fetched = []
    for receipt, package in broker.dequeue() or ():
        try:
            task: Task = SignedPackage.loads(package)
        except UNREADABLE:
            logger.exception("a task cannot be read; was SECRET_KEY changed, or did a later version queue it?")
            broker.fail(receipt)
            continue
        fetched.append(task | {"ack_id": receipt, "cluster": Conf.CLUSTER_NAME})
    return fetched


def _new_beat() -> Task:
    return {"id": uuid.uuid4().hex, "name": "beat", "func": BEAT, "args": (), "kwargs": {}, "started": timezone.now()}
