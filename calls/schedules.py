"""The periodic jobs, kept in django-q2's table under names of their own."""

import datetime

from django.db import transaction
from django.utils import timezone
from django_q.models import Schedule

from integrations.queue import wake

EVERY_MINUTES = {
    "calls.tasks.sweep": 1,
    "calls.tasks.keep_follow_ups": 1,
    "calls.tasks.complete_planned_calls": 1,
    "calls.tasks.revoke_again": 10,
    "calls.tasks.look_at_closed_accounts": 10,
    "calls.tasks.register_webhooks": 10,
    "calls.tasks.mail_invitations_again": 10,
    "calls.tasks.mail_what_is_due": 10,
    "calls.tasks.count_drift": 10,
    "calls.tasks.forget_letters": 24 * 60,
    "calls.tasks.keep_tokens_alive": 24 * 60,
    "calls.tasks.learn_own_numbers": 24 * 60,
    "calls.tasks.forget_erased_names": 24 * 60,
    "calls.tasks.balance_lately": 60,
    "calls.tasks.balance_all": 24 * 60,
    "integrations.tasks.keep_calls_complete": 1,
    "integrations.tasks.mail_reauthorize_again": 1,
    "integrations.tasks.forget": 24 * 60,
    "support.tasks.finish_erasures": 10,
    "support.tasks.finish_exports": 10,
    "support.tasks.end_what_is_kept": 24 * 60,
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
        ours = Schedule.objects.filter(func__regex=r"^(calls|integrations|support)\.tasks\.")
        ours.exclude(name__in=EVERY_MINUTES).delete()


def queue_due_jobs() -> None:
    """Queue the jobs whose time has come, each once, whichever worker's clock looks first.

    django-q2's own scheduler takes all schedules in one transaction and gives up at the first that it does not
    understand: one that a later version or a person has put there would end the sweep. It still runs for what is not
    ours.
    """
    now = timezone.now()
    due = Schedule.objects.filter(name__in=EVERY_MINUTES, func__in=EVERY_MINUTES, next_run__lte=now)
    for pk, func, planned in due.values_list("pk", "func", "next_run"):
        every = datetime.timedelta(minutes=EVERY_MINUTES[func])
        with transaction.atomic():
            later = now + every - (now - planned) % every
            if Schedule.objects.filter(pk=pk, next_run=planned).update(next_run=later):
                wake(func)
