"""The worker is asked to end: it ends within 30 s with status 0, work in progress is finished, and nothing is left."""

import os
import signal
import subprocess

import pytest

from tests.worker.conftest import StartWorker
from tests.worker.running_worker import Worker, wait_until_gone

pytestmark = pytest.mark.processes

ALL_AT_ONCE = "SIGTERM to all"


def ask(worker: Worker, how: str) -> None:
    """Ask it as a terminal, a process manager, or systemd does, which signals every process of a service."""
    if how == ALL_AT_ONCE:
        for pid in worker.members().values():
            os.kill(pid, signal.SIGTERM)
    worker.process.send_signal(signal.SIGINT if how == "Ctrl-C" else signal.SIGTERM)


@pytest.mark.parametrize("how", ["SIGTERM", "Ctrl-C", ALL_AT_ONCE])
def test_an_idle_worker_ends_and_leaves(start_worker: StartWorker, how: str) -> None:
    worker = start_worker()
    ask(worker, how)
    assert worker.process.wait(10) == 0
    wait_until_gone(worker, 1)
    assert worker.restarts() is None, "its row is gone"
    assert "killed" not in worker.log


@pytest.mark.parametrize("how", ["SIGTERM", ALL_AT_ONCE])
def test_a_task_that_runs_is_finished(start_worker: StartWorker, how: str) -> None:
    worker = start_worker()
    done = worker.begin("take_a_while", 3)
    ask(worker, how)
    assert worker.process.wait(20) == 0
    assert done.exists()
    assert worker.starts() == 1


def test_a_long_task_can_see_that_it_is_to_stop(start_worker: StartWorker) -> None:
    worker = start_worker()
    done = worker.begin("go_on_until_stopped")
    ask(worker, "SIGTERM")
    assert worker.process.wait(20) == 0
    assert done.exists()


def test_what_hangs_is_killed_after_25_seconds(start_worker: StartWorker) -> None:
    with_busy_child, with_frozen_monitor = start_worker(), start_worker()
    done = with_busy_child.begin("take_a_while", 600)
    if with_busy_child.busy_process(done) in with_frozen_monitor.members().values():
        with_busy_child, with_frozen_monitor = with_frozen_monitor, with_busy_child
    os.kill(with_frozen_monitor.members()["monitor"], signal.SIGSTOP)
    for worker in (with_busy_child, with_frozen_monitor):
        ask(worker, "SIGTERM")
    for worker in (with_busy_child, with_frozen_monitor):
        assert worker.process.wait(30) == 0
        wait_until_gone(worker, 1)
    assert not done.exists()


def test_a_second_signal_ends_it_at_once(start_worker: StartWorker) -> None:
    worker = start_worker()
    worker.begin("take_a_while", 600)
    ask(worker, "SIGTERM")
    with pytest.raises(subprocess.TimeoutExpired):
        worker.process.wait(1)
    ask(worker, "SIGTERM")
    assert worker.process.wait(10) == 0
    wait_until_gone(worker, 1)
