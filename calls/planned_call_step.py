"""One step of completing one planned call at Pipedrive. Which activity it is, is committed before it is marked as done:
then a repetition marks the same one again, which changes nothing.
"""

from django.db import IntegrityError, transaction

from calls.errands import OVER, at_pipedrive, forget, put_off, save, work_off, write
from calls.planned_call import PlannedCall
from calls.planned_calls import is_planned, nearest
from calls.policy import LoggingPolicy, PlannedCalls
from calls.reasons import Status
from calls.story import CallStep
from integrations.models import PipedriveConnection
from integrations.pipedrive.client import PipedriveClient
from integrations.token_budget import budget_of

State = PlannedCall.State
ALWAYS_A_CALL = "call"
LOOK_AGAIN_SECONDS = 2.0
WITHOUT_TOKENS_SECONDS = 1800.0


def complete_what_was_planned() -> None:
    """Take one step with each call whose planned one is to be completed."""
    work_off(PlannedCall.objects.select_related("call__company", "call__rep"), _step)


def _step(row: PlannedCall, connection: PipedriveConnection | None) -> None:
    """A call that has become private is not spoken of any more."""
    if row.call.private_since is not None or row.call.status != Status.LOGGED:
        forget(row)
        return
    at_pipedrive(row, connection, _ask)


def _ask(row: PlannedCall, connection: PipedriveConnection, client: PipedriveClient) -> None:
    """Where few of the day's tokens are left, they are for logging calls."""
    if budget_of(connection.account).is_short:
        put_off(row, WITHOUT_TOKENS_SECONDS, detail="few of the day's tokens are left")
    elif row.activity_id is None:
        _look(row, connection, client)
    else:
        _look_again(row, connection, client)


def _look(row: PlannedCall, connection: PipedriveConnection, client: PipedriveClient) -> None:
    """Find the planned call among the rep's open activities with the person, and complete it."""
    policy = LoggingPolicy.of(row.call.company)
    if policy.planned_calls != PlannedCalls.COMPLETE or row.call.person_id is None:
        forget(row)
        return
    owner_id, types = connection.pipedrive_user_id, {policy.activity_type, ALWAYS_A_CALL}
    found = client.open_activities(person_id=row.call.person_id, owner_id=owner_id)
    fitting = [each for each in found if is_planned(each, row.call, owner_id=owner_id, types=types)]
    taken = PlannedCall.objects.filter(company=row.company_id, activity_id__in=[each.activity_id for each in fitting])
    taken_ids = set(taken.values_list("activity_id", flat=True))
    chosen = nearest((each for each in fitting if each.activity_id not in taken_ids), row.call)
    if chosen is None:
        forget(row)
        return
    try:
        with transaction.atomic():
            save(row, state=State.CLOSING, activity_id=chosen.activity_id)
    except IntegrityError:
        put_off(row, LOOK_AGAIN_SECONDS, detail="another call has just taken the planned one")
        return
    _close(row, client)


def _look_again(row: PlannedCall, connection: PipedriveConnection, client: PipedriveClient) -> None:
    """It was chosen in an earlier step (1 token): has somebody done, deleted or moved it meanwhile?"""
    assert row.activity_id is not None  # noqa: S101 - the caller asked
    activity = client.activity(row.activity_id)
    types = {LoggingPolicy.of(row.call.company).activity_type, ALWAYS_A_CALL}
    if activity.done:
        write(row, told=CallStep.Kind.PLANNED, state=State.CLOSED, **OVER)
    elif is_planned(activity, row.call, owner_id=connection.pipedrive_user_id, types=types):
        _close(row, client)
    else:
        write(row, state=State.LEFT, detail="changed in Pipedrive meanwhile", **OVER)


def _close(row: PlannedCall, client: PipedriveClient) -> None:
    assert row.activity_id is not None  # noqa: S101 - a constraint of the database
    client.mark_activity_done(row.activity_id)
    write(row, told=CallStep.Kind.PLANNED, state=State.CLOSED, **OVER)
