"""Deleting the activity of a private call in Pipedrive, however far its sending had come."""

from calls.models import Call
from calls.reasons import Reason
from calls.sending import ClaimLostError, forget_attempt, look_for_activity
from calls.sync_errors import verdict_on
from calls.verdict import LOOK_AFTER, Verdict, activity_fields, fail, is_in_account_of, look_again, private
from integrations.errors import IntegrationError
from integrations.models import PipedriveConnection
from integrations.pipedrive.client import PipedriveClient


def may_have_activity(call: Call) -> bool:
    """Whether there is an activity of the call, or may be one."""
    return call.activity_id is not None or call.sending_since is not None


def withdraw(call: Call, *, connection: PipedriveConnection, client: PipedriveClient) -> Verdict:
    """One step towards a private call of which nothing is left in Pipedrive. Deleting what is deleted already does no
    harm, so a worker that dies in between costs nothing.
    """
    try:
        if call.sending_since is not None and not _is_found(call, connection=connection, client=client):
            if call.looked < len(LOOK_AFTER):
                return look_again(call, detail="the activity is not there yet")
            forget_attempt(call)
        if call.activity_id is not None:
            if not is_in_account_of(connection, call):
                return fail(Reason.PIPEDRIVE_REFUSED, detail="the activity is in another Pipedrive account")
            client.delete_activity(call.activity_id)
            return private(was_in=connection)
    except IntegrationError as error:
        return verdict_on(error, call=call, connection=connection)
    return private()


def _is_found(call: Call, *, connection: PipedriveConnection, client: PipedriveClient) -> bool:
    """Look for the activity of an attempt whose outcome is unknown, and keep its id before it is deleted: a refusal to
    delete it is then no question of whether it exists.
    """
    activity_id = look_for_activity(call, client, owner_id=connection.pipedrive_user_id)
    if activity_id is None:
        return False
    found = {**activity_fields(activity_id, connection), "sending_since": None}
    mine = Call.objects.filter(pk=call.pk, claimed_until=call.claimed_until)
    if not mine.update(**found):
        raise ClaimLostError
    for name, value in found.items():
        setattr(call, name, value)
    return True
