"""What breaks on our own side: workers are killed, the web process is restarted, Pipedrive's limit shrinks."""

import logging
import random
import subprocess
import threading
from dataclasses import dataclass

from tests.portal.process_tree import kill_all, processes_named
from tests.portal.processes import kill
from tests.portal.running_portal import Portal

logger = logging.getLogger(__name__)

SECONDS_BETWEEN = 5.0
SECONDS_TO_NOTICE = 1.0
"""How long whatever keeps services running takes to see that one has ended."""
WEB_RESTART_AT, SQUEEZE_AT, SQUEEZE_OVER_AT = 1, 2, 3
"""Of each round of `ROUND` disasters, the ones beside which the web is restarted, and the limit is narrow."""
ROUND = 5
USUAL_BURST_LIMIT, NARROW_BURST_LIMIT = 80, 6
VICTIMS = ("the first process", "a child", "all processes")
ENOUGH_TO_LOSE_ONE = 3


@dataclass
class _Worker:
    process: "subprocess.Popen[bytes]"
    name: str


@dataclass
class Disasters:
    """Strikes every five seconds from a thread of its own, for as long as the `with` block lasts.

    Of three workers or more, the first one that is killed is not started again.
    """

    portal: Portal
    seed: int
    web_restarts: int = 0
    kills: int = 0

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 - lots, not a secret
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._strike, name="disasters")
        numbers = range(1, self.portal.workers_started + 1)
        names = [self.portal.worker_name(number) for number in numbers]
        self._workers = [_Worker(*pair) for pair in zip(self.portal.workers, names, strict=True)]
        self._trouble: BaseException | None = None

    def __enter__(self) -> "Disasters":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()
        self._squeeze(USUAL_BURST_LIMIT)
        self._replace_the_dead()
        assert self._trouble is None, self._trouble

    def _strike(self) -> None:
        number = 0
        try:
            while not self._over.wait(SECONDS_BETWEEN - SECONDS_TO_NOTICE):
                self._kill_one()
                self._beside_it(number % ROUND)
                self._over.wait(SECONDS_TO_NOTICE)
                self._replace_the_dead()
                number += 1
        except Exception as trouble:  # noqa: BLE001 - told at the end, by the thread that waits
            self._trouble = trouble

    def _beside_it(self, place: int) -> None:
        if place == WEB_RESTART_AT:
            self._restart_web()
        elif place == SQUEEZE_AT:
            self._squeeze(NARROW_BURST_LIMIT)
        elif place == SQUEEZE_OVER_AT:
            self._squeeze(USUAL_BURST_LIMIT)

    def _kill_one(self) -> None:
        worker = self._chance.choice(self._workers)
        is_lost = len(self._workers) >= ENOUGH_TO_LOSE_ONE and not self.kills
        victim = VICTIMS[-1] if is_lost else self._chance.choice(VICTIMS)
        first = worker.process.pid
        children = [each for each in processes_named(worker.name) if each != first]
        ids = {
            VICTIMS[0]: [first],
            VICTIMS[1]: [self._chance.choice(children or [first])],
            VICTIMS[2]: [first, *children],
        }
        kill_all(ids[victim])
        self.kills += 1
        logger.info("SIGKILL for %s of %s", victim, worker.name)
        if is_lost:
            self._workers.remove(worker)
            self.portal.workers.remove(worker.process)
            worker.process.wait()
            logger.info("%s stays dead", worker.name)

    def _replace_the_dead(self) -> None:
        """Start a worker again whose first process is gone, as whatever keeps services running does."""
        for worker in self._workers:
            if worker.process.poll() is not None:
                self.portal.workers.remove(worker.process)
                worker.process = self.portal.start_worker()
                worker.name = self.portal.worker_name(self.portal.workers_started)
                logger.info("%s started", worker.name)

    def _restart_web(self) -> None:
        """In turns in an orderly way and without a warning."""
        if self.web_restarts % 2 and self.portal.web is not None:
            kill(self.portal.web)
        self.portal.end_web()
        self.portal.start_web()
        self.web_restarts += 1
        logger.info("web restarted")

    def _squeeze(self, limit: int) -> None:
        self.portal.sandbox.order("pipedrive/control/switches", burst_limit=limit)
        logger.info("Pipedrive allows %s requests in two seconds", limit)
