"""Whether a worker works: a row that only a task from the queue writes."""

import datetime

from django.utils import timezone

from calls.models import WorkerHeartbeat

ROW = 1
ALIVE_FOR = datetime.timedelta(minutes=3)
"""The sweep runs every minute, give or take the half minute in which django-q2 looks at its schedules."""


def beat() -> None:
    """Give a sign of life."""
    WorkerHeartbeat.objects.update_or_create(pk=ROW, defaults={"beat_at": timezone.now()})


def is_worker_alive() -> bool:
    return WorkerHeartbeat.objects.filter(pk=ROW, beat_at__gte=timezone.now() - ALIVE_FOR).exists()
