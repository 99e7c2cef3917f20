"""The periodic jobs, kept in django-q2's table under names of their own."""

from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule

EVERY_MINUTES = {
    "calls.tasks.sweep": 1,
    "calls.tasks.revoke_again": 10,
    "calls.tasks.look_at_closed_accounts": 10,
    "calls.tasks.register_webhooks": 10,
    "calls.tasks.keep_tokens_alive": 24 * 60,
}


def set_up_schedules() -> None:
    """Make the periodic jobs what this file says; doing it again changes nothing."""
    with transaction.atomic():
        for task, minutes in EVERY_MINUTES.items():
            kept = Schedule.objects.filter(name=task).order_by("pk")
            first = kept.first()
            if first is None:
                Schedule.objects.create(
                    name=task,
                    func=task,
                    schedule_type=Schedule.MINUTES,
                    minutes=minutes,
                    repeats=-1,
                    next_run=timezone.now(),
                )
                continue
            kept.exclude(pk=first.pk).delete()
            kept.filter(pk=first.pk).update(func=task, schedule_type=Schedule.MINUTES, minutes=minutes, repeats=-1)
        Schedule.objects.filter(func__startswith="calls.tasks.").exclude(name__in=EVERY_MINUTES).delete()
