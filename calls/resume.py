"""Waiting calls go on by themselves: whatever removes a cause is found here, in sets and by conditional updates."""

import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.models import Company, License, User
from calls.models import Call
from calls.queue import enqueue_all, is_congested, resume_soon
from calls.reasons import Reason, Status
from calls.verdict import GIVE_UP_AFTER
from integrations.models import PipedriveAccount, PipedriveConnection

NUDGED_AT_ONCE = 500


def resume_waiting(*, company_id: int | None = None) -> None:
    """Put the calls whose cause of waiting is gone back to pending."""
    waiting = Call.objects.filter(status=Status.WAITING)
    if company_id is not None:
        waiting = waiting.filter(company_id=company_id)
    now = timezone.now()
    for calls in _with_cause_gone(waiting, now=now):
        calls.update(
            status=Status.PENDING,
            reason=Reason.QUEUED,
            next_attempt_at=now,
            nudged_at=None,
            claimed_until=None,
        )


def _with_cause_gone(waiting: "QuerySet[Call]", *, now: datetime.datetime) -> "list[QuerySet[Call]]":
    return [
        waiting.filter(next_attempt_at__lte=now),
        waiting.filter(reason=Reason.COMPANY_SUSPENDED, company__suspended_at__isnull=True),
        waiting.filter(Exists(_people_with_email()), rep__isnull=True)
        .exclude(rep_email="")
        .exclude(reason=Reason.COMPANY_SUSPENDED),
        waiting.filter(Exists(_licenses()), reason=Reason.NO_LICENSE),
        waiting.filter(
            Exists(_live_connections()),
            reason__in=(
                Reason.PIPEDRIVE_NOT_CONNECTED,
                Reason.PIPEDRIVE_REAUTHORIZE,
                Reason.PIPEDRIVE_ACCOUNT_CLOSED,
            ),
        ),
    ]


def _people_with_email() -> "QuerySet[User]":
    same_email = Q(email=OuterRef("rep_email")) | Q(pipedrive_connection__email=OuterRef("rep_email"))
    return User.objects.filter(same_email, company=OuterRef("company"), is_active=True)


def _licenses() -> "QuerySet[License]":
    licenses: QuerySet[License] = License.objects.valid()
    return licenses.filter(holder=OuterRef("rep"), company=OuterRef("company"))


def _live_connections() -> "QuerySet[PipedriveConnection]":
    return PipedriveConnection.objects.filter(
        user=OuterRef("rep"), account__company=OuterRef("company"), state=PipedriveConnection.State.CONNECTED
    )


def nudge_due() -> int:
    """Queue the due calls that are not in the queue, oldest first, and say how many. While the queue is long, none:
    it would only grow, and new calls would stand behind the same ones again and again.
    """
    now = timezone.now()
    due = Call.objects.due(now).unqueued(now).order_by("next_attempt_at", "started_at", "id")
    pks = list(due.values_list("pk", flat=True)[:NUDGED_AT_ONCE])
    if pks and is_congested():
        return 0
    if pks:
        Call.objects.filter(pk__in=pks).update(nudged_at=now)
        enqueue_all(pks)
    return len(pks)


def expire_overdue() -> None:
    """Give up the calls that have waited for 30 days."""
    overdue = Call.objects.filter(status=Status.WAITING, started_at__lt=timezone.now() - GIVE_UP_AFTER)
    overdue.update(
        status=Status.FAILED, reason=Reason.EXPIRED, next_attempt_at=None, nudged_at=None, claimed_until=None
    )


def settings_changed(company: Company) -> None:
    """The company's rules are new: read the activity types anew and let what waits for one go on."""
    PipedriveAccount.objects.filter(company=company).update(activity_types_read_at=None)
    type_found(company)
    resume_soon(company.pk)


def type_found(company: Company) -> None:
    """There may be a usable activity type again."""
    Call.objects.filter(company=company, status=Status.WAITING, reason=Reason.ACTIVITY_TYPE_MISSING).update(
        next_attempt_at=timezone.now()
    )


def try_again(calls: "QuerySet[Call]") -> int:
    """Support or an admin wants calls to be tried now, whatever became of them before; logged ones are left alone."""
    now = timezone.now()
    chosen = calls.exclude(status=Status.LOGGED).filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=now))
    count = chosen.update(
        status=Status.PENDING,
        reason=Reason.QUEUED,
        attempts=0,
        tried_since=now,
        next_attempt_at=now,
        nudged_at=None,
        claimed_until=None,
    )
    nudge_due()
    return count
