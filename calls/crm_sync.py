"""One call on its way to Pipedrive: claim it, decide, send, record.

Pipedrive has no idempotency key. So the attempt is committed before the request leaves, and when no clear answer comes
back the activity is looked for by the reference in its note before anything is sent again.
"""

import datetime
import logging

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.licenses import has_valid_license
from calls.activity import activity_body, reference_line
from calls.activity_types import ActivityTypeMissingError, usable_type
from calls.matching import Match, find_person
from calls.models import Call, LoggingPolicy
from calls.reasons import Reason
from calls.reps import find_rep
from calls.rules import skip_reason
from calls.sync_errors import CRASHES_AT_MOST, verdict_on
from calls.verdict import (
    LOOK_AFTER,
    LOOK_FOR_TYPE_AFTER,
    Verdict,
    fail,
    logged,
    look_again,
    retry,
    skip,
    wait,
    wait_for_contact,
    write,
)
from integrations.connections import client_for
from integrations.errors import (
    AccountClosedError,
    IntegrationError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
)
from integrations.models import PipedriveConnection
from integrations.pipedrive.client import PipedriveClient

logger = logging.getLogger(__name__)

CLOCKS_MAY_DIFFER = datetime.timedelta(minutes=2)
REAUTHORIZE = PipedriveConnection.State.REAUTHORIZE
ACCOUNT_CLOSED = PipedriveConnection.State.ACCOUNT_CLOSED


class _ClaimLostError(Exception):
    """The claim went to another worker while this one was slow; it must not send."""


class _AnotherLegError(Exception):
    """This call turned out to be another leg of a call that the same rep has already."""


def log_to_crm(pk: int) -> None:
    """Take one step with a call, if it is due and nobody else is at it."""
    call = Call.objects.claim(pk)
    if call is None:
        return
    try:
        verdict = _decide(call)
    except (_AnotherLegError, _ClaimLostError):
        return
    except Exception as error:
        logger.exception("call %s: a fault of our own", call.reference)
        verdict = _after_crash(call, error)
    write(call, verdict)
    logger.info("call %s: %s, %s", call.reference, verdict.status, verdict.reason)


def _after_crash(call: Call, error: Exception) -> Verdict:
    detail = f"{type(error).__name__} in the connector"
    if call.attempts < CRASHES_AT_MOST:
        return retry(call, detail=detail)
    return fail(Reason.ERROR, detail=detail)


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
    connection = PipedriveConnection.objects.filter(user=call.rep).select_related("account").first()
    if connection is None:
        return wait(Reason.PIPEDRIVE_NOT_CONNECTED)
    return _unusable(call, connection) or _log(call, connection, policy)


def _assign_rep(call: Call) -> None:
    """Find whose call it is, if that was not known when it arrived."""
    if call.rep_id is not None:
        return
    call.rep = find_rep(company=call.company, email=call.rep_email)
    if call.rep is None:
        return
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
    pause = (connection.paused_until - timezone.now()).total_seconds() if connection.paused_until else 0
    if pause > 0:
        return retry(call, Reason.RATE_LIMITED, detail="", after=pause)
    return None


def _log(call: Call, connection: PipedriveConnection, policy: LoggingPolicy) -> Verdict:
    client = client_for(connection)
    try:
        if call.sending_since is not None:
            found = _look_for_activity(call, client)
            if found is not None:
                return _logged(found, connection)
            if call.looked < len(LOOK_AFTER):
                return look_again(call, detail="the activity is not there yet")
        match = find_person(client=client, number=call.customer_number, owner_id=connection.pipedrive_user_id)
        if match is None:
            return wait_for_contact(call)
        activity_id = _send(call, match, client=client, connection=connection, policy=policy)
    except ActivityTypeMissingError as error:
        return wait(Reason.ACTIVITY_TYPE_MISSING, detail=str(error), after=LOOK_FOR_TYPE_AFTER)
    except IntegrationError as error:
        return verdict_on(error, call=call, connection=connection)
    return _logged(activity_id, connection)


def _look_for_activity(call: Call, client: PipedriveClient) -> int | None:
    assert call.sending_since is not None  # noqa: S101 - the caller asked
    assert call.person_id is not None  # noqa: S101 - written together with sending_since
    since = call.sending_since - CLOCKS_MAY_DIFFER
    try:
        found = client.activity_with_reference(reference=reference_line(call), person_id=call.person_id, since=since)
    except NotFoundError:
        found = None
    if found is None:
        call.looked += 1
        call.save(update_fields=["looked"])
    return found


def _send(
    call: Call,
    match: Match,
    *,
    client: PipedriveClient,
    connection: PipedriveConnection,
    policy: LoggingPolicy,
) -> int:
    """Create the activity and give its id.

    Raises:
        OutcomeUnknownError: it may exist; `sending_since` stays set.
        IntegrationError: it does not exist.
    """

    def post(activity_type: str) -> int:
        body = activity_body(
            call=call,
            match=match,
            policy=policy,
            activity_type=activity_type,
            owner_id=connection.pipedrive_user_id,
        )
        return client.create_activity(body)

    activity_type = usable_type(connection.account, client, wanted=policy.activity_type)
    _commit_attempt(call, match)
    try:
        try:
            return post(activity_type)
        except AccountClosedError:
            raise
        except RefusedError:
            another = usable_type(connection.account, client, wanted=policy.activity_type, refused=activity_type)
            if another == activity_type:
                raise
            return post(another)
    except OutcomeUnknownError:
        raise
    except (IntegrationError, ActivityTypeMissingError):
        Call.objects.filter(pk=call.pk, claimed_until=call.claimed_until).update(sending_since=None)
        raise


def _commit_attempt(call: Call, match: Match) -> None:
    """Write down that a request is about to leave, and for whom. Whoever finds this row later looks before sending."""
    person = match.person
    now = timezone.now()
    still_mine = Call.objects.filter(pk=call.pk, claimed_until=call.claimed_until, claimed_until__gt=now)
    written = still_mine.update(
        sending_since=now,
        looked=0,
        person_id=person.person_id,
        person_name=person.name[:255],
        organization_id=person.organization_id,
        organization_name=person.organization_name[:255],
    )
    if not written:
        raise _ClaimLostError


def _logged(activity_id: int, connection: PipedriveConnection) -> Verdict:
    return logged(activity_id=activity_id, activity_url=connection.activity_url(activity_id))
