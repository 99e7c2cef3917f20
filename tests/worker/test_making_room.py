"""Long tasks make room for those that wait."""

import pytest
from django_q.conf import Conf

from tests.sandbox.running_sandbox import wait_until
from tests.worker.conftest import StartWorker
from tests.worker.running_worker import SECONDS_TO_WORK, Database

pytestmark = pytest.mark.processes


def is_idle(database: Database) -> bool:
    """Whether the periodic jobs have been queued and done, so that none comes in the next seconds."""
    due = database.rows("SELECT id FROM django_q_schedule WHERE next_run <= CURRENT_TIMESTAMP")
    return not due and not database.rows("SELECT id FROM django_q_ormq")


def test_a_long_task_sees_that_one_waits_which_its_worker_has_fetched(start_worker: StartWorker) -> None:
    worker = start_worker(silence=None)
    wait_until(lambda: is_idle(worker.database), SECONDS_TO_WORK)
    for _child in range(Conf.WORKERS):
        worker.begin("go_on_until_others_wait")
    worker.wait_until_it_works()
