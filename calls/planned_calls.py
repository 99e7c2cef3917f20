"""Which calls complete a planned one, and which of the rep's activities that is."""

import datetime
import re
from collections.abc import Iterable, Sequence

from accounts.models import CODE_LETTERS
from calls.errands import plan_errands
from calls.models import Call
from calls.planned_call import PlannedCall
from calls.policy import LoggingPolicy, PlannedCalls
from calls.working_hours import HELSINKI
from integrations.pipedrive.payloads import Activity

TASK = "calls.tasks.complete_planned_calls"
MADE_BY_US = re.compile(rf"Ref (F-)?[{CODE_LETTERS}]{{12}}")
"""The line in the note of a logged call, and of a task to call back. Pipedrive may leave out the tags around it."""


def want_planned_calls(calls: Sequence[Call]) -> None:
    """Calls that have just been logged: somebody has been spoken with, as may have been planned."""
    plan_errands([call for call in calls if call.answered], _plan, task=TASK)


def _plan(calls: Sequence[Call]) -> bool:
    companies = {call.company_id for call in calls}
    policies = LoggingPolicy.objects.filter(company__in=companies, planned_calls=PlannedCalls.COMPLETE)
    wanting = set(policies.values_list("company_id", flat=True))
    rows = [PlannedCall(company_id=call.company_id, call=call) for call in calls if call.company_id in wanting]
    PlannedCall.objects.bulk_create(rows, ignore_conflicts=True)
    return bool(rows)


def is_planned(activity: Activity, call: Call, *, owner_id: int, types: Iterable[str]) -> bool:
    """Whether an open activity is a call that the rep has planned with that person for the day of a call."""
    return (
        activity.is_open
        and activity.owner_id == owner_id
        and activity.person_id == call.person_id
        and activity.type in types
        and _day_of(activity) == call.started_at.astimezone(HELSINKI).date()
        and activity.activity_id != call.activity_id
        and MADE_BY_US.search(activity.note) is None
    )


def nearest(activities: Iterable[Activity], call: Call) -> Activity | None:
    """The one that is due nearest to a call; those without a time only where there is no other."""

    def distance(activity: Activity) -> tuple[float, int]:
        due_at = _due_at(activity)
        seconds = float("inf") if due_at is None else abs((due_at - call.started_at).total_seconds())
        return seconds, activity.activity_id

    return min(activities, key=distance, default=None)


def _due_at(activity: Activity) -> datetime.datetime | None:
    if activity.due_date is None or activity.due_time is None:
        return None
    return datetime.datetime.combine(activity.due_date, activity.due_time, tzinfo=datetime.UTC)


def _day_of(activity: Activity) -> datetime.date | None:
    """Pipedrive gives day and time in UTC; a day without a time is the day that was meant."""
    due_at = _due_at(activity)
    return activity.due_date if due_at is None else due_at.astimezone(HELSINKI).date()
