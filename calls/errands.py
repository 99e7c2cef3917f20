"""Errands at Pipedrive: planned in the transaction that logs their calls, worked off in a task of the queue of their
own, so that no call waits for one. A row is claimed, and nothing is written once the claim is lost.
"""

import datetime
import logging
from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, TypeVar

from django.db import DatabaseError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from calls.errand import Errand
from calls.models import Call
from calls.story import CallStep, tell
from calls.verdict import LOOK_AFTER, back_off, is_in_account_of
from calls.worker.progress import alive, stopping
from integrations.connections import client_for
from integrations.errors import (
    AccountClosedError,
    IntegrationError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
)
from integrations.models import PipedriveConnection
from integrations.pauses import let_others_ask, note_trouble, pause_of
from integrations.pipedrive.client import PipedriveClient
from integrations.queue import wake

logger = logging.getLogger(__name__)

E = TypeVar("E", bound=Errand)
Step = Callable[[E, PipedriveConnection | None], None]
CLAIM_LASTS = datetime.timedelta(minutes=3)
AT_ONCE = 50
WITHOUT_CONNECTION_SECONDS = 600.0
OVER: dict[str, Any] = {"next_attempt_at": None, "attempts": 0}
"""What is written of an errand that nothing is to be done for, now or ever."""


class _LostError(Exception):
    """Another worker has the row, or it is not there any more."""


def plan_errands(calls: Sequence[Call], plan: Callable[[Sequence[Call]], bool], *, task: str) -> None:
    """Make the rows of calls that have just been logged, in the transaction that says so. Whatever goes wrong here, the
    calls stay logged.

    Args:
        plan: makes them, and says whether there are any.
        task: works them off.
    """
    if not calls:
        return
    try:
        with transaction.atomic():
            if plan(calls):
                wake(task)
    except DatabaseError:
        logger.exception("%s: nothing planned for %s", task, [call.reference for call in calls])


def work_off(rows: QuerySet[E], step: Step[E]) -> None:
    """Take one step with each errand that is due. An account that is in trouble is left alone for the rest of the
    run.
    """
    now = timezone.now()
    troubled: set[int | None] = set()
    due = rows.filter(_unclaimed(now), next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
    for pk in list(due.values_list("pk", flat=True)[:AT_ONCE]):
        if stopping():
            return
        row = _claimed(rows, pk)
        if row is not None:
            _take(row, step, troubled)
        alive()


def _unclaimed(now: datetime.datetime) -> Q:
    return Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)


def _claimed(rows: QuerySet[E], pk: int) -> E | None:
    now = timezone.now()
    if not rows.filter(_unclaimed(now), pk=pk, next_attempt_at__lte=now).update(claimed_until=now + CLAIM_LASTS):
        return None
    return rows.filter(pk=pk).first()


def _take(row: E, step: Step[E], troubled: set[int | None]) -> None:
    connection = _connection_of(row)
    account_id = None if connection is None else connection.account_id
    try:
        if account_id in troubled:
            write(row)
        else:
            step(row, connection)
    except _LostError:
        logger.info("errand %s went to another worker", row)
    except IntegrationError as error:
        if not isinstance(error, RefusedError) or isinstance(error, AccountClosedError):
            troubled.add(account_id)
        _after_trouble(row, connection, error)


def _connection_of(row: Errand) -> PipedriveConnection | None:
    """The rep's own while it works; otherwise any of the same company, where that will do. The account must be the one
    that the call was logged to: another has other persons and activities with the same ids.
    """
    live = PipedriveConnection.objects.filter(
        account__company=row.company_id, state=PipedriveConnection.State.CONNECTED
    ).select_related("account__company")
    if row.call.pipedrive_company_id is not None:
        live = live.filter(account__pipedrive_company_id=row.call.pipedrive_company_id)
    own = live.filter(user=row.call.rep_id)
    fitting = own if row.is_only_for_the_rep else chain(own, live.order_by("-is_admin", "pk"))
    return next((each for each in fitting if is_in_account_of(each, row.call)), None)


def at_pipedrive(
    row: E, connection: PipedriveConnection | None, work: Callable[[E, PipedriveConnection, PipedriveClient], None]
) -> None:
    """Do what is to be done there, or put it off while nobody is connected or Pipedrive is left alone."""
    if connection is None:
        put_off(row, WITHOUT_CONNECTION_SECONDS, detail="nobody is connected who could do it")
        return
    pause = pause_of(connection)
    if pause is not None:
        put_off(row, pause.seconds, detail=row.detail)
        return
    try:
        work(row, connection, client_for(connection))
    finally:
        let_others_ask(connection.account)


def _after_trouble(row: Errand, connection: PipedriveConnection | None, error: IntegrationError) -> None:
    detail = f"{error} {error.vendor_message}".strip()
    if connection is not None:
        note_trouble(connection, error)
    if isinstance(error, OutcomeUnknownError):
        put_off(row, LOOK_AFTER[0], detail=detail)
    elif isinstance(error, RefusedError) and not isinstance(error, AccountClosedError):
        write(row, state=row.refused, detail=detail, **OVER)
    else:
        longest = error.retry_after if isinstance(error, RateLimitedError) else 0.0
        put_off(row, max(longest, back_off(row.attempts)), detail=detail)


def put_off(row: Errand, seconds: float, **fields: Any) -> None:
    """Come back later, until it may be given up."""
    now = timezone.now()
    if row.may_be_given_up(now):
        write(row, state=row.given_up, **fields | OVER)
        return
    later: dict[str, Any] = {"next_attempt_at": now + datetime.timedelta(seconds=seconds), "attempts": row.attempts + 1}
    write(row, **later | fields)


def save(row: Errand, **fields: Any) -> None:
    """Write down while the claim is kept.

    Raises:
        _LostError: the claim has run out; whoever has it now must not be disturbed.
    """
    if not _own(row).filter(claimed_until__gt=timezone.now()).update(**fields):
        raise _LostError
    for name, value in fields.items():
        setattr(row, name, value)


def write(row: Errand, *, told: CallStep.Kind | None = None, **fields: Any) -> None:
    """Write what a step has come to and end the claim. A state that changed meanwhile, because somebody has spoken with
    the customer or made the call private, stays; what is known of the activity is written all the same.

    Args:
        told: what the story of the call tells of it.
    """
    with transaction.atomic():
        if _own(row).filter(state=row.state).update(claimed_until=None, **fields):
            if told is not None:
                tell(row.call_id, told)
            return
    kept = {name: fields[name] for name in ("activity_id", "sending_since") if name in fields}
    _own(row).update(claimed_until=None, next_attempt_at=timezone.now(), **kept)


def forget(row: Errand) -> None:
    """Nothing is left to be done or known."""
    _own(row).delete()


def _own(row: E) -> QuerySet[E]:
    return type(row)._default_manager.filter(pk=row.pk, claimed_until=row.claimed_until)
