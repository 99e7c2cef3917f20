"""Waking the workers. A company that is never queued is found by the clock, so a failure here loses nothing."""

import datetime
import logging

from django.db.models import Q
from django.utils import timezone
from django_q.brokers import get_broker

from calls.compiled import Select
from calls.models import Turn
from calls.worker.progress import tasks_wait_here
from integrations.queue import BROKER_ERRORS, wake

logger = logging.getLogger(__name__)

QUEUE_AGAIN_AFTER = datetime.timedelta(seconds=30)
"""How long a queued company may wait for a worker before it is queued once more: the queue may have lost it."""
LONGEST_QUEUE = 500

_turn = Select(Turn, where=("company_id",), columns=("queued_at",))
"""Looked at first, since most calls of a busy company find it queued, and intake waits for each statement."""


def call_up(company_id: int) -> bool:
    """Queue a company for its turn, once, and say whether that was needed. In the database's own queue the entry
    commits with what else is written; in Redis it follows the commit.
    """
    before = timezone.now() - QUEUE_AGAIN_AFTER
    turn = _turn.columns_of(company_id)
    if turn is None or (turn[0] is not None and turn[0] >= before):
        return False
    unqueued = Q(queued_at__isnull=True) | Q(queued_at__lt=before)
    if not Turn.objects.filter(unqueued, company=company_id).update(queued_at=timezone.now()):
        return False
    wake("calls.tasks.log_calls", company_id)
    return True


def resume_soon(company_id: int | None) -> None:
    """Let the calls of a company go on whose cause of waiting may be gone."""
    if company_id is not None:
        wake("calls.tasks.resume_company", company_id)


def learn_numbers_soon(company_id: int) -> None:
    """Take the numbers of a company's users from Mustalinja."""
    wake("calls.tasks.learn_own_numbers_of", company_id)


def tell_of_missing_type(account_id: int) -> None:
    """Mail the company's admins that another activity type is used than they chose."""
    wake("calls.tasks.mail_missing_type", account_id)


def mail_invitation_soon(invitation_id: int) -> None:
    """Mail an invitation's licence code."""
    wake("calls.tasks.mail_invitation", invitation_id)


def mail_codes_soon(mail_id: int) -> None:
    """Mail licence codes to whom they are meant for."""
    wake("calls.tasks.mail_codes", mail_id)


def tell_of_taken_invitation(*, invited: str, joined_id: int, invited_by_id: int) -> None:
    """Mail who invited somebody that another person used the code."""
    wake("calls.tasks.mail_invitation_taken", invited, joined_id, invited_by_id)


def is_congested() -> bool:
    """Whether so many tasks wait that more would help nobody."""
    return (waiting := _waiting()) is None or waiting > LONGEST_QUEUE


def others_wait() -> bool:
    """Whether tasks wait for a worker, at the broker or fetched by this one."""
    return tasks_wait_here() or _waiting() != 0


def _waiting() -> int | None:
    try:
        return int(get_broker().queue_size())
    except BROKER_ERRORS as error:
        logger.warning("the broker does not tell how long the queue is: %s", type(error).__name__)
        return None


def wake_sweep() -> None:
    """Sweep now; a new worker's first task, and its first sign of life."""
    wake("calls.tasks.sweep")
