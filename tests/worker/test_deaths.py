"""A process of the worker is killed or frozen: the worker works on, and nothing is left of what was."""

import os
import re
import signal

import pytest

from tests.sandbox.running_sandbox import wait_until
from tests.worker.conftest import StartWorker
from tests.worker.running_worker import SECONDS_TO_WORK, Worker, wait_until_gone

pytestmark = pytest.mark.processes

MEMBERS = ["child 1", "child 4", "pusher", "monitor", "first process"]


def assert_replaced(worker: Worker, before: dict[str, int]) -> None:
    """Another group works, nothing of the old one is there, and the supervisor is the same."""
    worker.wait_until_up(restarts=1)
    worker.wait_until_it_works()
    after = worker.members()
    assert set(after) == set(before)
    assert not [row for row in worker.left() if row.pid in before.values()]
    assert worker.process.poll() is None


@pytest.mark.parametrize("member", MEMBERS)
def test_after_any_of_its_processes_was_killed_it_works_on(start_worker: StartWorker, member: str) -> None:
    worker = start_worker()
    before = worker.members()
    os.kill(before[member], signal.SIGKILL)
    assert_replaced(worker, before)
    assert re.search(r"ended \(-9\)$|ended with -9$", worker.log, re.MULTILINE), "seen at once, not by silence"
    assert not re.search("no sign of life|no task|frozen", worker.log)


@pytest.mark.parametrize("member", MEMBERS)
def test_after_any_of_its_processes_was_frozen_it_works_on(start_worker: StartWorker, member: str) -> None:
    worker = start_worker()
    before = worker.members()
    os.kill(before[member], signal.SIGSTOP)
    assert_replaced(worker, before)


def test_after_a_child_at_work_was_killed_it_works_on(start_worker: StartWorker) -> None:
    worker = start_worker()
    before = worker.members()
    begun = worker.begin("take_a_while", 600)
    os.kill(worker.busy_process(begun), signal.SIGKILL)
    assert_replaced(worker, before)


@pytest.mark.parametrize("frozen", [None, "first process", "child 2"])
def test_nothing_is_left_when_the_supervisor_is_killed(start_worker: StartWorker, frozen: str | None) -> None:
    worker = start_worker(silence=None)
    worker.begin("take_a_while", 600)
    if frozen:
        os.kill(worker.members()[frozen], signal.SIGSTOP)
    assert len(worker.left()) == len(worker.members()) + 1
    os.kill(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    wait_until_gone(worker, 10)


def test_nothing_is_left_when_the_supervisor_is_killed_while_it_waits_for_the_next_start(
    start_worker: StartWorker,
) -> None:
    worker = start_worker()
    os.kill(worker.members()["first process"], signal.SIGKILL)
    os.kill(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    wait_until_gone(worker, 10)


def test_processes_that_die_as_they_start_are_started_again_later_and_later(start_worker: StartWorker) -> None:
    worker = start_worker()
    for start in range(1, 4):
        wait_until(lambda start=start: worker.starts() >= start, SECONDS_TO_WORK)  # type: ignore[misc]
        os.kill(worker.members()["first process"], signal.SIGKILL)
    wait_until(lambda: worker.log.count("the next start in") == 3, SECONDS_TO_WORK)
    pauses = [line.rpartition("the next start in ")[2] for line in worker.log.splitlines() if "the next start" in line]
    assert pauses == ["1 s", "2 s", "4 s"]


def test_a_child_of_one_worker_that_is_killed_leaves_the_other_alone(start_worker: StartWorker) -> None:
    one, other = start_worker(), start_worker()
    before, untouched = one.members(), other.members()
    os.kill(before["child 1"], signal.SIGKILL)
    one.wait_until_up(restarts=1)
    assert other.members() == untouched
    assert (one.starts(), other.starts()) == (2, 1)
    assert {row.pid for row in other.left()} == {*untouched.values(), other.process.pid}


def test_a_worker_whose_queue_hangs_is_replaced_though_another_one_works(start_worker: StartWorker) -> None:
    """With a customer's silence. Nothing of it is dead or frozen, and the other's signs must not count for it."""
    hung = start_worker(silence=None)
    before = hung.members()
    hung.database.queue("lose_the_lock_of_the_queue")
    # Fetched, that is; periodic jobs that are fetched after it stay for ever.
    not_fetched = "SELECT 1 FROM django_q_ormq WHERE lock = '2000-01-01 00:00:00'"
    wait_until(lambda: not hung.database.rows(not_fetched), SECONDS_TO_WORK)
    sound = start_worker(silence=None)
    assert hung.members() == before
    assert_replaced(hung, before)
    assert "no task has gone through it for 25 s" in hung.log
    assert (hung.starts(), sound.starts()) == (2, 1)


def test_every_group_has_an_id_of_its_own(start_worker: StartWorker) -> None:
    worker = start_worker()
    first = worker.noted_group()
    os.kill(worker.members()["first process"], signal.SIGKILL)
    worker.wait_until_up(restarts=1)
    second = worker.noted_group()
    assert first != second
    assert all(f"as group {group}," in worker.log for group in (first, second))
