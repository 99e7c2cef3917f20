"""The group: the processes that do a worker's work, in a process group of their own under the supervisor."""

import contextlib
import logging
import os
import signal
from collections.abc import Callable
from types import FrameType

from django.db import Error as DatabaseError

from calls import heartbeat
from calls.lease import release_turns_of
from calls.worker.clock import Clock
from calls.worker.identity import Identity, become, identity
from calls.worker.lifeline import Lifeline, end_group_now
from calls.worker.pool import GroupBrokenError, Pool
from calls.worker.surroundings import wait_for_surroundings

logger = logging.getLogger(__name__)

LOOK_SECONDS = 0.25
"""How soon the end of a process, or the wish that the group ends, is seen. Costs nothing measurable."""
ENDING_SIGNALS = {signal.SIGTERM, signal.SIGINT}


def run_group(lifeline: Lifeline, identity: Identity, *, silence: float) -> None:
    """Be the first process of a new group: start the others, look after them, end with them.

    Whatever goes wrong ends the group, and the supervisor starts the next. Called in a process just forked, with
    ENDING_SIGNALS blocked.

    Args:
        silence: after so many seconds without a sign of life something counts as dead.
    """
    os.setsid()
    lifeline.be_group()
    become(identity)
    _set_handler(signal.SIG_DFL)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING_SIGNALS)
    lifeline.end_with_supervisor(lambda: None)
    wait_for_surroundings(lifeline.give_sign)
    try:
        _work(lifeline, silence=silence)
    except GroupBrokenError as error:
        logger.error("the worker's processes are replaced: %s", error)  # noqa: TRY400 - the message says it all
        end_group_now()
    except Exception:
        logger.exception("the worker's processes are replaced")
        end_group_now()


def _set_handler(handler: Callable[[int, FrameType | None], None] | signal.Handlers) -> None:
    for number in ENDING_SIGNALS:
        signal.signal(number, handler)


def _work(lifeline: Lifeline, *, silence: float) -> None:
    pool = Pool(lifeline, silence=silence)
    _set_handler(lambda *_signal: pool.board.stop())
    clock = Clock(lifeline.give_sign)
    heartbeat.forget_the_gone()
    release_turns_of(identity().group_before)
    clock.begin()
    pool.start()
    while not pool.board.is_stopping:
        pool.wait(LOOK_SECONDS)
        pool.check()
        clock.tick()
        lifeline.give_sign()
    pool.stop()
    with contextlib.suppress(DatabaseError):
        heartbeat.leave()
