"""What `/health/ready` says of the workers."""

import datetime

import pytest
from django.test import Client
from django.utils import timezone

from calls.heartbeat import beat, forget_the_gone, leave
from calls.models import WorkerHeartbeat
from calls.worker.identity import Identity, become, identity

pytestmark = pytest.mark.django_db


def worker_row(name: str, *, silent_for: int, up_for: int = 1000, restarts: int = 0) -> WorkerHeartbeat:
    """A worker that gave its last sign of life so many seconds ago."""
    now = timezone.now()
    return WorkerHeartbeat.objects.create(
        worker=name,
        host="palvelin-1",
        pid=17,
        started_at=now - datetime.timedelta(seconds=up_for),
        restarts=restarts,
        beat_at=now - datetime.timedelta(seconds=silent_for),
    )


def test_each_worker_is_told_and_one_that_works_is_enough() -> None:
    worker_row("second", silent_for=3, up_for=500, restarts=2)
    worker_row("first", silent_for=90)
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["worker"]) == (200, True)
    first, second = answer.json()["workers"]
    assert (first["alive"], first["restarts"]) == (False, 0)
    assert (second["alive"], second["restarts"]) == (True, 2)
    assert 90 <= first["beat_seconds_ago"] < first["up_seconds"]
    assert 3 <= second["beat_seconds_ago"] < 60
    assert 500 <= second["up_seconds"] < 1000


def test_a_worker_that_has_been_silent_for_a_minute_does_not_work() -> None:
    worker_row("only", silent_for=61)
    answer = Client().get("/health/ready")
    assert (answer.status_code, answer.json()["worker"]) == (503, False)


def test_a_worker_that_was_killed_is_no_longer_told_after_ten_minutes_and_forgotten_after_an_hour() -> None:
    worker_row("long gone", silent_for=3601)
    gone = worker_row("gone", silent_for=601)
    assert Client().get("/health/ready").json()["workers"] == []
    forget_the_gone()
    assert list(WorkerHeartbeat.objects.all()) == [gone]


def test_neither_machine_nor_process_is_told() -> None:
    worker_row("only", silent_for=3)
    assert "palvelin-1" not in Client().get("/health/ready").content.decode()


def test_a_worker_keeps_its_row_over_restarts_and_takes_it_along() -> None:
    before = identity()
    other = worker_row("another", silent_for=3)
    try:
        become(first := Identity().with_new_group())
        beat()
        become(first.with_new_group())
        beat()
        row = WorkerHeartbeat.objects.exclude(pk=other.pk).get()
        assert (row.worker, row.restarts, row.started_at) == (first.worker, 1, first.started_at)
        leave()
        assert list(WorkerHeartbeat.objects.all()) == [other]
    finally:
        become(before)


def test_code_that_does_not_know_the_new_columns_can_still_write_its_row() -> None:
    """A worker of the release before, while both run."""
    now = timezone.now()
    WorkerHeartbeat.objects.create(beat_at=now)
    row = WorkerHeartbeat.objects.get()
    assert (row.worker, row.host, row.pid, row.restarts) == ("", "", 0, 0)
    assert abs(row.started_at - now) < datetime.timedelta(minutes=1)
