"""Making a call private: what is known of the other side is erased at once, the activity is deleted by a worker.

The wish is a column of the call's row (`private_since`), so it outlives any process. From the moment it is written, no
worker sends the call, and whatever one has sent by then is found and deleted (calls/withdrawing.py).
"""

import datetime
import logging
from typing import Any

from django.db import transaction
from django.utils import timezone

from accounts.models import User
from calls.follow_ups import withdraw_follow_up
from calls.lease import ARRIVED_AFTER
from calls.models import Call, CallQuerySet, NewPerson, NumberChoice, PlannedCall
from calls.queue import call_up
from calls.reasons import Reason, Status
from calls.redaction import hide_number, redact_deliveries
from calls.sending import ClaimLostError
from calls.story import CallStep, tell
from calls.verdict import private

logger = logging.getLogger(__name__)

ERASED: dict[str, Any] = {
    "customer_number": "",
    "customer_number_typed": "",
    "person_name": "",
    "organization_id": None,
    "organization_name": "",
    "detail": "",
}
"""What tells who the other side was. The person's id stays until the activity has been looked for."""


def mark_private(call: Call, *, by: User) -> None:
    """Make a call private, for good. Marking it once more has another try at an activity that could not be deleted."""
    with transaction.atomic():
        hide_number(call.company_id, _mark(call, by=by))
    call.refresh_from_db()


def _mark(call: Call, *, by: User) -> str:
    """Make a call private but for what names no call. Gives the number that it had; empty: nobody knows it."""
    with transaction.atomic():
        row = Call.objects.select_for_update(of=("self",)).get(pk=call.pk)
        number: str = row.customer_number
        if row.private_since is None:
            changes = _first_wish(row, now=timezone.now())
            redact_deliveries(row, number=number)
            withdraw_follow_up(row.pk)
            PlannedCall.objects.filter(call=row).delete()
        elif row.reason != Reason.PRIVATE_NUMBER:
            changes = {**_due(_first_look(row, now=timezone.now())), "claimed_until": row.claimed_until}
        else:
            changes = {}
        for name, value in changes.items():
            setattr(row, name, value)
        row.save(update_fields=list(changes))
        _forget_number(row.company_id, number)
        tell(row.pk, CallStep.Kind.PRIVATE, by=by)
        if row.status == Status.PENDING:
            call_up(row.company_id)
    logger.info("call %s: marked private by user %s", row.reference, by.pk)
    return number


def _first_wish(row: Call, *, now: datetime.datetime) -> dict[str, Any]:
    """A worker that is about to send loses its claim, and with it the right to. One that may have sent keeps it: it
    will say what it has made.
    """
    erased = {"private_since": now, **ERASED}
    if row.activity_id is None and row.sending_since is None:
        verdict = private()
        end = {"status": verdict.status, "reason": verdict.reason, "next_attempt_at": None, "claimed_until": None}
        return erased | verdict.fields | end
    due = _due(_first_look(row, now=now))
    if row.sending_since is None:
        return erased | {"person_id": None} | due
    is_at_it = row.claimed_until is not None and row.claimed_until > now
    return erased | due | ({"claimed_until": row.claimed_until} if is_at_it else {})


def _first_look(row: Call, *, now: datetime.datetime) -> datetime.datetime:
    """What may be on its way is looked for when it has arrived, and no sooner."""
    return now if row.sending_since is None else max(now, row.sending_since + ARRIVED_AFTER)


def _due(at: datetime.datetime) -> dict[str, Any]:
    return {
        "status": Status.PENDING,
        "reason": Reason.QUEUED,
        "attempts": 0,
        "looked": 0,
        "next_attempt_at": at,
        "claimed_until": None,
    }


def _forget_number(company_id: int | None, number: str, *, listed_by: User | None = None) -> None:
    """Forget whom a number means, unless there is a call with it that is not private.

    Args:
        listed_by: a rep on whose list it is: that rep's calls with it need nothing any more.
    """
    needing = Call.objects.filter(company=company_id, customer_number=number)
    if listed_by is not None:
        needing = needing.exclude(rep=listed_by)
    if number and not needing.exists():
        for model in (NumberChoice, NewPerson):
            model.objects.filter(account__company=company_id, number=number).delete()


def erase_claimed(call: Call) -> None:
    """A worker has found that the number of the call that it has claimed is private.

    Raises:
        ClaimLostError: somebody else has the call by now.
    """
    erased = {"private_since": timezone.now(), **ERASED}
    with transaction.atomic():
        mine = Call.objects.filter(pk=call.pk, claimed_until=call.claimed_until, private_since__isnull=True)
        if not mine.update(**erased):
            raise ClaimLostError
        redact_deliveries(call, number=call.customer_number)
        hide_number(call.company_id, call.customer_number)
        _forget_number(call.company_id, call.customer_number, listed_by=call.rep)
    for name, value in erased.items():
        setattr(call, name, value)


def earlier_calls(user: User, number: str) -> CallQuerySet:
    """A rep's calls with a number that are not private yet."""
    calls: CallQuerySet = Call.objects.filter(rep=user, customer_number=number)
    calls = calls.filter(company=user.company)
    return calls.order_by("-started_at", "-id")


def make_number_private(user: User, number: str, *, with_logged: bool) -> int:
    """Make the earlier calls of a number private that has just been put on the rep's list: those that are not logged
    yet, and where the rep wants that, the logged ones, too. Says how many.
    """
    calls = earlier_calls(user, number)
    if not with_logged:
        calls = calls.exclude(status=Status.LOGGED)
    found = list(calls)
    if found:  # first, since nobody knows the number once the calls are private
        hide_number(user.company_id, number)
    for call in found:
        _mark(call, by=user)
    _forget_number(user.company_id, number, listed_by=user)
    return len(found)
