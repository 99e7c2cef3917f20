"""The periodic jobs come to the queue when they are due, each once."""

import datetime

import pytest
from django.utils import timezone
from django_q.models import OrmQ, Schedule

from calls.schedules import EVERY_MINUTES, queue_due_jobs

pytestmark = pytest.mark.django_db

JOB = "calls.tasks.revoke_again"
MINUTE = datetime.timedelta(minutes=1)


@pytest.fixture(autouse=True)
def nothing_is_due() -> None:
    Schedule.objects.update(next_run=timezone.now() + 30 * MINUTE)
    OrmQ.objects.all().delete()


def plan(job: str, *, late_by: datetime.timedelta) -> datetime.datetime:
    planned = timezone.now() - late_by
    Schedule.objects.filter(name=job).update(next_run=planned)
    return planned


def queued() -> list[str]:
    return [entry.func() for entry in OrmQ.objects.order_by("pk")]


def test_a_job_whose_time_has_come_is_queued_once_by_however_many_clocks() -> None:
    plan(JOB, late_by=MINUTE)
    queue_due_jobs()
    queue_due_jobs()
    assert queued() == [JOB]


def test_a_job_that_was_missed_several_times_runs_once_and_keeps_its_beat() -> None:
    planned = plan(JOB, late_by=47 * MINUTE)
    queue_due_jobs()
    assert queued() == [JOB]
    assert Schedule.objects.get(name=JOB).next_run == planned + 5 * EVERY_MINUTES[JOB] * MINUTE


def test_a_job_that_is_not_due_is_left_alone() -> None:
    queue_due_jobs()
    assert queued() == []


@pytest.mark.parametrize(
    "fields",
    [
        {"func": "calls.tasks.of_a_later_version"},
        {"func": "calls.tasks.sweep", "schedule_type": "Z"},
        {"func": "calls.tasks.sweep", "args": "later("},
    ],
    ids=str,
)
def test_a_schedule_of_a_later_version_is_not_touched_and_stops_nothing(fields: dict[str, str]) -> None:
    long_ago = timezone.now() - datetime.timedelta(days=1)
    foreign = Schedule.objects.create(name="later", next_run=long_ago, **fields)
    plan(JOB, late_by=MINUTE)
    queue_due_jobs()
    assert queued() == [JOB]
    assert Schedule.objects.get(pk=foreign.pk).next_run == long_ago
