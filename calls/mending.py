"""What people do by hand about a call that is not in Pipedrive: try it now, against a rule, or for a new person."""

from django.db import transaction

from accounts.models import User
from calls.models import Call, CallQuerySet
from calls.reasons import Reason, Rule, Status
from calls.resume import try_again
from calls.story import CallStep, tell

OVERRULED = (Reason.RULE, Reason.BLOCKED_NUMBER, Reason.INTERNAL_CALL)
"""What a wish prevails over. A hidden or short number has nobody to log to, and what is private stays so."""
HURRIED = (Reason.QUEUED, Reason.RETRYING)
"""Pending calls that may go now. The others wait because Pipedrive wants it, or for what was sent already."""


class NothingToDoError(Exception):
    """The call is logged, on its way, or such that nobody can log it."""


def may_be_tried(call: Call, by: User) -> bool:
    """Whether "log it now" would do anything. What a rep does not want logged, only the rep can want after all."""
    if call.private_since is not None:
        return False
    if call.reason == Reason.RULE and call.detail == Rule.OF_REP:
        return call.rep_id == by.pk
    match call.status:
        case Status.PENDING:
            return call.reason in HURRIED and call.sending_since is None
        case Status.SKIPPED:
            return call.reason in OVERRULED
    return call.status in (Status.WAITING, Status.FAILED)


def may_get_new_person(call: Call) -> bool:
    """Whether the number is one that nobody has."""
    return call.status == Status.WAITING and call.reason == Reason.NO_CONTACT


def log_now(call: Call, *, by: User) -> None:
    """Have a call tried at once: look again at what it waits for, try again what failed, log what a rule left out.

    Raises:
        NothingToDoError: nothing of that helps, or a worker is at it this moment.
    """
    if not may_be_tried(call, by):
        raise NothingToDoError
    is_skipped = call.status == Status.SKIPPED
    _try(call, wish=Call.Wish.LOG if is_skipped else "", kind=_Kind.ANYWAY if is_skipped else _Kind.AGAIN, by=by)


def log_to_new_person(call: Call, *, by: User) -> None:
    """Have a person created for a number that nobody has; once for each number (calls/unknown_callers.py).

    Raises:
        NothingToDoError: the call does not wait for a contact, or a worker is at it this moment.
    """
    if not may_get_new_person(call):
        raise NothingToDoError
    _try(call, wish=Call.Wish.PERSON, kind=_Kind.PERSON, by=by)


_Kind = CallStep.Kind


def _try(call: Call, *, wish: str, kind: CallStep.Kind, by: User) -> None:
    """All or nothing, and only if nothing has become of the call meanwhile."""
    as_seen: CallQuerySet = Call.objects.filter(pk=call.pk, status=call.status, reason=call.reason)
    with transaction.atomic():
        if not try_again(as_seen):
            raise NothingToDoError
        if wish:
            Call.objects.filter(pk=call.pk).update(wish=wish)
        tell(call.pk, kind, by=by)
