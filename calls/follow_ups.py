"""Which missed calls get a task to call back, and when it is over. Rows alone: what is to be asked of Pipedrive is done
by calls/follow_up_step.py, in a task of the queue of its own, so that no call waits for it.
"""

import datetime
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from calls.errands import plan_errands
from calls.follow_up import FollowUp
from calls.models import Call
from calls.policy import FollowUpUnit, LoggingPolicy
from calls.reasons import Status
from calls.working_hours import HELSINKI, WorkingHours, works_on
from integrations.queue import wake

TASK = "calls.tasks.keep_follow_ups"
State = FollowUp.State
UNFINISHED = (State.WANTED, State.OPEN)
OLDEST_CALL = datetime.timedelta(days=7)
"""Of a call that is logged later than that, nobody expects to be called back."""
LONGEST_SEARCH_DAYS = 400


def want_follow_ups(calls: Sequence[Call]) -> None:
    """Calls that have just been logged: those that were missed may need a task."""
    missed = [call for call in calls if call.direction == Call.Direction.IN and not call.answered]
    plan_errands(missed, _plan_all, task=TASK)


def _plan_all(missed: Sequence[Call]) -> bool:
    return bool([call for call in missed if _plan(call)])


def _plan(call: Call) -> bool:
    """A row for a missed call, where the company wants it and nobody has spoken with the customer since. A number that
    has a task already keeps that one; whether somebody has done it in Pipedrive is then looked up.
    """
    policy = LoggingPolicy.of(call.company)
    is_late = call.started_at < timezone.now() - OLDEST_CALL
    if not policy.follow_up or is_late or not call.customer_number or _conversations(call).exists():
        return False
    due_on, due_at = due(call.started_at, policy)
    row = FollowUp(
        company_id=call.company_id, call=call, customer_number=call.customer_number, due_on=due_on, due_at=due_at
    )
    FollowUp.objects.bulk_create([row], ignore_conflicts=True)
    earlier = FollowUp.objects.filter(company=call.company_id, customer_number=call.customer_number, state=State.OPEN)
    earlier.exclude(call=call).update(missed_again=call, next_attempt_at=timezone.now())
    return True


def _conversations(call: Call) -> "QuerySet[Call]":
    """The calls in which somebody has spoken with a customer after a call."""
    calls = Call.objects.filter(company=call.company_id, customer_number=call.customer_number)
    return calls.filter(answered=True, started_at__gt=call.started_at)


def due(started_at: datetime.datetime, policy: LoggingPolicy) -> tuple[datetime.date, datetime.datetime | None]:
    """The day on which to call back at the latest, and the time where it is counted in hours."""
    if policy.follow_up_unit == FollowUpUnit.HOURS:
        due_at = started_at + datetime.timedelta(hours=policy.follow_up_after)
        return due_at.astimezone(HELSINKI).date(), due_at
    day = started_at.astimezone(HELSINKI).date()
    return _working_day_after(day, policy.follow_up_after, policy.working_hours), None


def _working_day_after(day: datetime.date, days: int, hours: WorkingHours) -> datetime.date:
    for _day in range(LONGEST_SEARCH_DAYS):
        day += datetime.timedelta(days=1)
        days -= works_on(hours, day)
        if days <= 0:
            return day
    return day


def end_what_is_over() -> None:
    """Tasks of customers with whom somebody has spoken since, whether or not that call is logged. Found by the calls
    themselves, so nothing has to be remembered.
    """
    spoken = Call.objects.filter(
        company=OuterRef("company"),
        customer_number=OuterRef("customer_number"),
        answered=True,
        started_at__gt=OuterRef("call__started_at"),
    )
    over = FollowUp.objects.filter(Exists(spoken), state__in=UNFINISHED).select_related("missed_again__company")
    for row in over:
        _end(row)


def withdraw_follow_up(call_id: int) -> None:
    """The call is private: its task is to be deleted, also one that is done, and the number forgotten at once."""
    rows = FollowUp.objects.filter(call=call_id).exclude(state=State.PRIVATE)
    if rows.update(state=State.PRIVATE, customer_number="", next_attempt_at=timezone.now(), attempts=0):
        wake(TASK)


def _end(row: FollowUp) -> None:
    """One that may be on its way is ended when its outcome is known: it is found here again."""
    now = timezone.now()
    same = FollowUp.objects.filter(pk=row.pk, state=row.state)
    with transaction.atomic():
        if row.state == State.OPEN:
            ended = same.update(state=State.CLOSING, next_attempt_at=now, attempts=0)
        else:
            unclaimed = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)
            ended = same.filter(unclaimed, sending_since=None).update(state=State.DROPPED, next_attempt_at=None)
        if ended:
            plan_again(row)


def plan_again(row: FollowUp) -> None:
    """A task is over: a later missed call that it stood for as well may need one of its own."""
    later = row.missed_again
    if later is not None and later.status == Status.LOGGED and later.private_since is None:
        _plan(later)
