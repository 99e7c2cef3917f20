"""One call on its way to Pipedrive: claim it, decide, send, record."""

import logging
from dataclasses import replace

from django.db import IntegrityError, InterfaceError, OperationalError, transaction

from accounts.licenses import has_valid_license
from calls.activity_types import ActivityTypeMissingError, usable_type
from calls.matching import find_person
from calls.models import Call, LoggingPolicy
from calls.reasons import Reason
from calls.reps import find_rep
from calls.rules import skip_reason
from calls.sending import ClaimLostError, Sending, look_for_activity
from calls.sync_errors import CRASHES_AT_MOST, verdict_on
from calls.verdict import (
    LOOK_AFTER,
    LOOK_FOR_TYPE_AFTER,
    Verdict,
    fail,
    logged,
    look_again,
    paused,
    retry,
    skip,
    wait,
    wait_for_contact,
    write,
)
from integrations.connections import client_for
from integrations.errors import IntegrationError
from integrations.models import PipedriveConnection
from integrations.pauses import answered, outage_left, pause_left

logger = logging.getLogger(__name__)

REAUTHORIZE = PipedriveConnection.State.REAUTHORIZE
ACCOUNT_CLOSED = PipedriveConnection.State.ACCOUNT_CLOSED


class _AnotherLegError(Exception):
    """This call turned out to be another leg of a call that the same rep has already."""


def log_to_crm(pk: int) -> None:
    """Take one step with a call, if it is due and nobody else is at it."""
    call = Call.objects.claim(pk)
    if call is None:
        return
    try:
        verdict = _decide(call)
    except (_AnotherLegError, ClaimLostError):
        return
    except Exception as error:
        logger.exception("call %s: a fault of our own", call.reference)
        verdict = _after_crash(call, error)
    write(call, verdict)
    logger.info("call %s: %s, %s", call.reference, verdict.status, verdict.reason)


def _after_crash(call: Call, error: Exception) -> Verdict:
    """A fault of our own: tried a few times, then for support to look at. A database that is away is no such fault."""
    detail = f"{type(error).__name__} in the connector"
    if isinstance(error, OperationalError | InterfaceError):
        return retry(call, detail=detail)
    if call.crashes + 1 >= CRASHES_AT_MOST:
        return fail(Reason.ERROR, detail=detail)
    return replace(retry(call, detail=detail), fields={"crashes": call.crashes + 1})


def _decide(call: Call) -> Verdict:
    policy = LoggingPolicy.of(call.company)
    is_unconfirmed = call.sending_since is not None
    if not is_unconfirmed and (reason := skip_reason(call, policy)):
        return skip(reason)
    if call.company.is_suspended:
        return wait(Reason.COMPANY_SUSPENDED)
    _assign_rep(call)
    if call.rep is None:
        return wait(Reason.UNKNOWN_REP)
    if not has_valid_license(user=call.rep):
        return wait(Reason.NO_LICENSE)
    # Of this company: what a rep logs for one company never goes into the Pipedrive of another.
    own_connections = PipedriveConnection.objects.filter(user=call.rep, account__company=call.company)
    connection = own_connections.select_related("account__company").first()
    if connection is None:
        return wait(Reason.PIPEDRIVE_NOT_CONNECTED)
    return _unusable(call, connection) or _log(call, connection, policy)


def _assign_rep(call: Call) -> None:
    """Find whose call it is, if that was not known when it arrived or that person is not there any more."""
    if call.rep is not None and call.rep.is_active and call.rep.company_id == call.company_id:
        return
    call.rep = find_rep(company=call.company, email=call.rep_email)
    try:
        with transaction.atomic():
            call.save(update_fields=["rep"])
    except IntegrityError as error:
        legs = Call.objects.filter(company=call.company, external_id=call.external_id)
        call.deliveries.update(call=legs.get(rep=call.rep))
        legs.filter(pk=call.pk).delete()
        raise _AnotherLegError from error


def _unusable(call: Call, connection: PipedriveConnection) -> Verdict | None:
    """What to wait for before a connection can be used; None when it can."""
    if connection.state == REAUTHORIZE:
        return wait(Reason.PIPEDRIVE_REAUTHORIZE)
    if connection.state == ACCOUNT_CLOSED:
        return wait(Reason.PIPEDRIVE_ACCOUNT_CLOSED)
    if (seconds := outage_left(connection.account)) > 0:
        return paused(call, Reason.RETRYING, seconds=seconds)
    if (seconds := pause_left(connection)) > 0:
        return paused(call, Reason.RATE_LIMITED, seconds=seconds)
    return None


def _log(call: Call, connection: PipedriveConnection, policy: LoggingPolicy) -> Verdict:
    client = client_for(connection)
    try:
        if call.sending_since is not None:
            found = look_for_activity(call, client, owner_id=connection.pipedrive_user_id)
            if found is not None:
                return _logged(found, connection)
            if call.looked < len(LOOK_AFTER):
                return look_again(call, detail="the activity is not there yet")
        activity_type = usable_type(connection.account, client, wanted=policy.activity_type)
        match = find_person(client=client, number=call.customer_number, owner_id=connection.pipedrive_user_id)
        if match is None:
            answered(connection)
            return wait_for_contact(call)
        sending = Sending(call=call, match=match, client=client, connection=connection, policy=policy)
        activity_id = sending.send(activity_type)
        answered(connection)
    except ActivityTypeMissingError as error:
        return wait(Reason.ACTIVITY_TYPE_MISSING, detail=str(error), after=LOOK_FOR_TYPE_AFTER)
    except IntegrationError as error:
        return verdict_on(error, call=call, connection=connection)
    return _logged(activity_id, connection)


def _logged(activity_id: int, connection: PipedriveConnection) -> Verdict:
    return logged(activity_id=activity_id, activity_url=connection.activity_url(activity_id))
