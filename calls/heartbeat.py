"""Which workers work: a row for each, that only a task from its own queue writes."""

import datetime
from typing import TypedDict

from django.utils import timezone

from calls.models import WorkerHeartbeat
from calls.worker.identity import identity

ALIVE_FOR = datetime.timedelta(minutes=1)
"""A worker writes every 5 s, and within 30 s it is replaced when it no longer can."""
SHOWN_FOR = datetime.timedelta(minutes=10)
KEPT_FOR = datetime.timedelta(hours=1)


class WorkerState(TypedDict):
    """What `/health/ready` says of a worker. Neither host nor process: the page is public.

    Attributes:
        beat_seconds_ago: since the last sign of life.
        up_seconds: since its supervisor was started.
        restarts: how often its processes had to be replaced since.
    """

    alive: bool
    beat_seconds_ago: int
    up_seconds: int
    restarts: int


def beat() -> None:
    """Give a sign of life of the worker that this process belongs to."""
    worker = identity()
    facts = {"host": worker.host[:255], "pid": worker.pid, "started_at": worker.started_at, "restarts": worker.restarts}
    WorkerHeartbeat.objects.update_or_create(worker=worker.worker, defaults={**facts, "beat_at": timezone.now()})


def leave() -> None:
    """This worker ends in an orderly way."""
    WorkerHeartbeat.objects.filter(worker=identity().worker).delete()


def forget_the_gone() -> None:
    """Drop the rows of workers that were killed, with all their processes or their machine."""
    WorkerHeartbeat.objects.filter(beat_at__lt=timezone.now() - KEPT_FOR).delete()


def is_worker_alive() -> bool:
    return WorkerHeartbeat.objects.filter(beat_at__gte=timezone.now() - ALIVE_FOR).exists()


def worker_states() -> list[WorkerState]:
    """Of each worker that works, or did so in the last minutes; the one started first comes first."""
    now = timezone.now()
    rows = WorkerHeartbeat.objects.filter(beat_at__gte=now - SHOWN_FOR).order_by("started_at", "pk")
    return [
        WorkerState(
            alive=row.beat_at >= now - ALIVE_FOR,
            beat_seconds_ago=round((now - row.beat_at).total_seconds()),
            up_seconds=round((now - row.started_at).total_seconds()),
            restarts=row.restarts,
        )
        for row in rows
    ]
