"""Leaving Pipedrive alone for a while, so that one company's trouble does not keep the workers from the others.

An account that fails several times in a row (time-outs, 5xx) is parked as a whole: each hanging request would hold a
worker for as long as we wait for an answer. A user who is told to slow down (429) is parked alone.
"""

import datetime

from django.db.models import F, Q
from django.utils import timezone

from integrations.models import PipedriveAccount, PipedriveConnection

FAILURES_BEFORE_A_PAUSE = 4
FIRST_PAUSE_SECONDS = 5.0
FIRST_REPEATED_PAUSE_SECONDS = 1.25
LONGEST_PAUSE_SECONDS = 3600.0
LONGEST_OUTAGE_PAUSE_SECONDS = 300.0


def outage_left(account: PipedriveAccount) -> float:
    """Seconds to leave an account alone that does not answer; 0 or less: none."""
    return _left(account.paused_until)


def pause_left(connection: PipedriveConnection) -> float:
    """Seconds for which Pipedrive has asked this person to wait; 0 or less: none."""
    return _left(connection.paused_until)


def _left(until: datetime.datetime | None) -> float:
    return (until - timezone.now()).total_seconds() if until else 0.0


def told_to_wait(connection: PipedriveConnection, *, seconds: float) -> None:
    """Pipedrive asked for a pause. Told again right after one, the next is twice as long: then it is the day's budget
    that is spent, and asking on leads to being shut out. Answers to requests sent side by side count once.
    """
    now = timezone.now()
    rows = PipedriveConnection.objects.filter(pk=connection.pk)
    doubled = FIRST_REPEATED_PAUSE_SECONDS * 2.0 ** min(connection.pauses_in_a_row, 12)
    until = now + datetime.timedelta(seconds=max(seconds, min(doubled, LONGEST_PAUSE_SECONDS)))
    rows.filter(Q(paused_until__isnull=True) | Q(paused_until__lt=now)).update(pauses_in_a_row=F("pauses_in_a_row") + 1)
    rows.filter(Q(paused_until__isnull=True) | Q(paused_until__lt=until)).update(paused_until=until)


def did_not_answer(account: PipedriveAccount) -> None:
    """A request failed for a passing reason; after several in a row the account is left alone, longer each time."""
    PipedriveAccount.objects.filter(pk=account.pk).update(failures_in_a_row=F("failures_in_a_row") + 1)
    account.refresh_from_db(fields=["failures_in_a_row"])
    beyond = account.failures_in_a_row - FAILURES_BEFORE_A_PAUSE
    if beyond >= 0:
        seconds = min(FIRST_PAUSE_SECONDS * 2.0 ** min(beyond, 12), LONGEST_OUTAGE_PAUSE_SECONDS)
        until = timezone.now() + datetime.timedelta(seconds=seconds)
        PipedriveAccount.objects.filter(pk=account.pk).update(paused_until=until)


def answered(connection: PipedriveConnection) -> None:
    """Pipedrive works again; written only where it did not before."""
    if connection.pauses_in_a_row:
        PipedriveConnection.objects.filter(pk=connection.pk).update(pauses_in_a_row=0)
    if connection.account.failures_in_a_row:
        PipedriveAccount.objects.filter(pk=connection.account_id).update(failures_in_a_row=0, paused_until=None)
