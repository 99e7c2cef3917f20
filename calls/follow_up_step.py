"""One step of one follow-up task at Pipedrive, with the discipline of calls: an attempt is committed before its request
leaves, and what has no known outcome is looked for by its own reference before anything is sent again.
"""

import datetime
from typing import Any

from django.db import transaction
from django.utils import timezone, translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from accounts.readable import moment_words
from calls.activity_types import ActivityTypeMissingError, usable_type
from calls.errands import OVER, at_pipedrive, put_off, save, work_off, write
from calls.follow_up import FollowUp
from calls.follow_ups import end_what_is_over, plan_again
from calls.policy import FollowUpFor, LoggingPolicy
from calls.sending import CLOCKS_MAY_DIFFER
from calls.story import CallStep, tell
from calls.verdict import LOOK_AFTER, LOOK_FOR_TYPE_AFTER, back_off
from integrations.errors import AccountClosedError, IntegrationError, OutcomeUnknownError, RefusedError
from integrations.models import Contact, PipedriveConnection
from integrations.phone_numbers import for_display
from integrations.pipedrive.client import PipedriveClient

State = FollowUp.State


def work_on_follow_ups() -> None:
    """Take one step with each task that is due."""
    end_what_is_over()
    work_off(FollowUp.objects.select_related("call__company", "call__rep", "missed_again__company"), _step)


def _step(row: FollowUp, connection: PipedriveConnection | None) -> None:
    if row.call.private_since is not None and row.state != State.PRIVATE:
        save(row, state=State.PRIVATE, customer_number="")
    if row.activity_id is None and row.sending_since is None and row.state == State.PRIVATE:
        row.delete()
        return
    at_pipedrive(row, connection, _ask)


def _ask(row: FollowUp, connection: PipedriveConnection, client: PipedriveClient) -> None:
    if row.sending_since is not None:
        _look(row, connection, client)
    elif row.state == State.PRIVATE:
        client.delete_activity(row.activity_id or 0)
        with transaction.atomic():
            row.delete()
            tell(row.call_id, CallStep.Kind.TASK_GONE)
    elif row.state == State.WANTED:
        _make(row, connection, client)
    elif row.state == State.CLOSING:
        _close(row, client)
    else:
        _check(row, client)


def _make(row: FollowUp, connection: PipedriveConnection, client: PipedriveClient) -> None:
    """Create the task; where the contact's owner may not have it, for the rep."""
    policy = LoggingPolicy.of(row.call.company)
    try:
        activity_type = usable_type(connection.account, client, wanted=policy.activity_type)
    except ActivityTypeMissingError as error:
        put_off(row, LOOK_FOR_TYPE_AFTER, detail=str(error))
        return
    owner_id = _owner_of(row, connection, policy)
    try:
        _send(row, client, activity_type, owner_id=owner_id)
    except AccountClosedError:
        raise
    except RefusedError:
        if owner_id == connection.pipedrive_user_id:
            raise
        _send(row, client, activity_type, owner_id=connection.pipedrive_user_id)


def _send(row: FollowUp, client: PipedriveClient, activity_type: str, *, owner_id: int) -> None:
    save(row, sending_since=timezone.now(), looked=0, owner_id=owner_id)
    try:
        activity_id = client.create_activity(task_body(row, activity_type=activity_type, owner_id=owner_id))
    except OutcomeUnknownError:
        raise
    except IntegrationError:
        save(row, sending_since=None)
        raise
    write(row, told=CallStep.Kind.TASK, state=State.OPEN, activity_id=activity_id, sending_since=None, **OVER)


def _look(row: FollowUp, connection: PipedriveConnection, client: PipedriveClient) -> None:
    """Find out what became of an attempt: first with the person, who may have been deleted meanwhile, then with the
    owner; twice not there, it never was.
    """
    assert row.sending_since is not None  # noqa: S101 - the caller asked
    try:
        found = client.activity_with_reference(
            reference=row.reference_line,
            since=row.sending_since - CLOCKS_MAY_DIFFER,
            person_id=row.call.person_id if row.looked == 0 else None,
            owner_id=row.owner_id or connection.pipedrive_user_id,
        )
    except AccountClosedError:
        raise
    except RefusedError as error:
        # The task may be there all the same.
        put_off(row, back_off(row.attempts), detail=str(error))
        return
    if found is not None:
        state = State.OPEN if row.state == State.WANTED else row.state
        next_one = {} if state == State.OPEN else {"next_attempt_at": timezone.now()}
        write(row, told=CallStep.Kind.TASK, state=state, activity_id=found, sending_since=None, **OVER | next_one)
    elif row.looked + 1 < len(LOOK_AFTER):
        put_off(row, LOOK_AFTER[1], looked=row.looked + 1, detail="the task is not there yet")
    else:
        write(row, sending_since=None, looked=0)


def _close(row: FollowUp, client: PipedriveClient) -> None:
    """Mark it as done; doing so twice does no harm. One that somebody has deleted stays deleted."""
    assert row.activity_id is not None  # noqa: S101 - a constraint of the database
    client.mark_activity_done(row.activity_id)
    write(row, told=CallStep.Kind.TASK_DONE, state=State.CLOSED, **OVER)


def _check(row: FollowUp, client: PipedriveClient) -> None:
    """The customer was missed again: has somebody done or deleted the task meanwhile (1 token)?"""
    assert row.activity_id is not None  # noqa: S101 - a constraint of the database
    if client.is_activity_open(row.activity_id):
        write(row, missed_again=None, **OVER)
        return
    with transaction.atomic():
        write(row, told=CallStep.Kind.TASK_LEFT, state=State.LEFT, **OVER)
        plan_again(row)


def _owner_of(row: FollowUp, connection: PipedriveConnection, policy: LoggingPolicy) -> int:
    if policy.follow_up_for == FollowUpFor.OWNER:
        contact = Contact.objects.filter(account=connection.account_id, person_id=row.call.person_id or 0).first()
        if contact is not None and contact.owner_id:
            return contact.owner_id
    return connection.pipedrive_user_id


def task_body(row: FollowUp, *, activity_type: str, owner_id: int) -> dict[str, Any]:
    """The body of `POST /api/v2/activities`, in the company's language."""
    call = row.call
    with translation.override(call.company.language):
        who = call.person_name or for_display(call.customer_number, region=call.company.region)
        lines = [
            _("Missed call %(moment)s") % {"moment": moment_words(call.started_at)},
            _("From: %(number)s") % {"number": call.customer_number},
            row.reference_line,
        ]
        subject = _("Call back: %(name)s") % {"name": who}
    body: dict[str, Any] = {
        "subject": subject,
        "type": activity_type,
        "done": False,
        "owner_id": owner_id,
        "participants": [{"person_id": call.person_id, "primary": True}],
        "busy": False,
        "note": "<br>".join(escape(line) for line in lines),
        **_due_fields(row),
    }
    return body | ({} if call.organization_id is None else {"org_id": call.organization_id})


def _due_fields(row: FollowUp) -> dict[str, str]:
    if row.due_at is None:
        return {"due_date": row.due_on.isoformat()}
    utc = row.due_at.astimezone(datetime.UTC)
    return {"due_date": utc.strftime("%Y-%m-%d"), "due_time": utc.strftime("%H:%M")}
