"""One call on its way to Pipedrive: decide, send, record."""

import logging
from collections.abc import Iterable
from dataclasses import replace

from django.db import IntegrityError, InterfaceError, OperationalError, transaction

from accounts.licenses import has_valid_license
from calls.activity_types import ActivityTypeMissingError, usable_type
from calls.deals import deal_of
from calls.follow_ups import want_follow_ups
from calls.models import Call, CallQuerySet, CallStep, WebhookDelivery
from calls.organizations import is_organization_hidden, with_organization, without_organization
from calls.own_numbers import learn
from calls.personal import RepPolicy
from calls.planned_calls import want_planned_calls
from calls.policy import LoggingPolicy
from calls.privacy import erase_claimed
from calls.private_numbers import is_private
from calls.reasons import Reason, Rule, Status
from calls.recipient import found_meanwhile, may_be_another, recipient
from calls.redaction import hide_number, redact_deliveries
from calls.reps import find_rep
from calls.resume import contacts_have_changed
from calls.rules import company_rule_against, kind_of, skip_reason
from calls.sending import ClaimLostError, Sending, forget_attempt, look_for_activity
from calls.sync_errors import CRASHES_AT_MOST, verdict_on
from calls.verdict import (
    LOOK_AFTER,
    LOOK_FOR_TYPE_AFTER,
    Verdict,
    fail,
    held,
    logged,
    look_again,
    paused,
    private,
    retry,
    skip,
    wait,
    write,
)
from calls.withdrawing import may_have_activity, withdraw
from integrations.connections import client_for
from integrations.errors import AccountClosedError, IntegrationError, RefusedError
from integrations.models import PauseKind, PipedriveConnection
from integrations.pauses import let_others_ask, pause_of
from integrations.pipedrive.client import PipedriveClient
from integrations.token_budget import Tally

logger = logging.getLogger(__name__)

REAUTHORIZE = PipedriveConnection.State.REAUTHORIZE
ACCOUNT_CLOSED = PipedriveConnection.State.ACCOUNT_CLOSED


class _AnotherLegError(Exception):
    """This call turned out to be another leg of a call that the same rep has already."""


def take_step(call: Call, *, tally: Tally | None = None) -> Verdict | None:
    """Take one step with a claimed call; None when there is nothing to say of it any more.

    Args:
        tally: counts the tokens of many steps together.
    """
    try:
        return _decide(call, tally) if call.private_since is None else _take_back(call, tally)
    except _AnotherLegError:
        return None
    except ClaimLostError:
        # Where it is a wish for privacy that it was lost to, nobody else has the call yet.
        Call.objects.filter(pk=call.pk, claimed_until=call.claimed_until, private_since__isnull=False).hand_back()
        return None
    except Exception as error:
        logger.exception("call %s: a fault of our own", call.reference)
        return _after_crash(call, error)


def record(steps: Iterable[tuple[Call, Verdict | None]]) -> None:
    """Write down what steps have come to."""
    results = [(call, verdict) for call, verdict in steps if verdict is not None]
    if results:
        with transaction.atomic():
            write(results)
            logged_calls = [call for call, verdict in results if verdict.status == Status.LOGGED]
            want_follow_ups(logged_calls)
            want_planned_calls(logged_calls)
    for call, verdict in results:
        if found_meanwhile(call, verdict.reason):
            contacts_have_changed(call.company_id, [call.customer_number])
        logger.info("call %s: %s, %s", call.reference, verdict.status, verdict.reason)


def _after_crash(call: Call, error: Exception) -> Verdict:
    """A fault of our own: tried a few times, then for support to look at. A database that is away is no such fault."""
    detail = f"{type(error).__name__} in the connector"
    call.findings["trouble"] = "connector"
    if isinstance(error, OperationalError | InterfaceError):
        return retry(call, detail=detail)
    if call.crashes + 1 >= CRASHES_AT_MOST:
        return fail(Reason.ERROR, detail=detail)
    return replace(retry(call, detail=detail), fields={"crashes": call.crashes + 1})


def _decide(call: Call, tally: Tally | None) -> Verdict:
    policy = LoggingPolicy.of(call.company)
    learn(call.company, call.rep_number)
    kept_out = _kept_out(call, policy)
    # After that it is known whose call it is, where anybody knows it; and this comes before all that was decided there.
    if _has_private_number(call):
        erase_claimed(call)
        return _take_back(call, tally)
    if kept_out is not None:
        return kept_out
    connection = _connection_of(call)
    if connection is None:
        return wait(Reason.PIPEDRIVE_NOT_CONNECTED)
    if call.rep is not None and call.rep.email != call.rep_email == connection.email:
        call.findings["whose"] = "pipedrive"
    if held_until := call.held_until:
        return held(until=held_until)
    try:
        return _unusable(call, connection) or _log(call, connection, policy, tally)
    finally:
        let_others_ask(connection.account)


def _kept_out(call: Call, policy: LoggingPolicy) -> Verdict | None:
    """By rules, by a suspension, for want of a rep or of a license; None when nothing of that is in the way."""
    is_unconfirmed = call.sending_since is not None
    if not is_unconfirmed and (reason := skip_reason(call, policy)):
        rule = company_rule_against(call, policy) if reason == Reason.RULE else None
        return skip(reason, detail=rule or "")
    if call.company.is_suspended:
        return wait(Reason.COMPANY_SUSPENDED)
    _assign_rep(call)
    if call.rep is None:
        return wait(Reason.UNKNOWN_REP)
    call.findings["whose"] = "email" if call.rep.email == call.rep_email else "alias"
    is_left_out = kind_of(call) in RepPolicy.of(call.rep).left_out
    if not is_unconfirmed and is_left_out and not _is_wished_by_rep(call):
        return skip(Reason.RULE, detail=Rule.OF_REP)
    return None if has_valid_license(user=call.rep) else wait(Reason.NO_LICENSE)


def _is_wished_by_rep(call: Call) -> bool:
    """Somebody else's wish prevails over the company's rules alone."""
    wishes = (CallStep.Kind.ANYWAY, CallStep.Kind.PERSON)
    return bool(call.wish) and call.steps.filter(kind__in=wishes, by=call.rep).exists()


def _has_private_number(call: Call) -> bool:
    """Whether the call's number is on its rep's list of private ones."""
    if call.rep is None or not call.customer_number:
        return False
    return is_private(call.rep, call.customer_number, policy=RepPolicy.of(call.rep))


def _connection_of(call: Call) -> PipedriveConnection | None:
    """Of this company: what a rep logs for one company never goes into the Pipedrive of another."""
    own_connections = PipedriveConnection.objects.filter(user=call.rep, account__company=call.company)
    return own_connections.select_related("account__company").first()


def _take_back(call: Call, tally: Tally | None) -> Verdict:
    """The call is private: no license, rule or suspension keeps its activity from being deleted."""
    if not may_have_activity(call):
        return private()
    _assign_rep(call)
    if call.rep is None:
        return wait(Reason.UNKNOWN_REP)
    connection = _connection_of(call)
    if connection is None:
        return wait(Reason.PIPEDRIVE_NOT_CONNECTED)
    try:
        unusable = _unusable(call, connection)
        return unusable or withdraw(call, connection=connection, client=client_for(connection, tally=tally))
    finally:
        let_others_ask(connection.account)


def _assign_rep(call: Call) -> None:
    """Find whose call it is, if that was not known when it arrived or that person is not there any more."""
    if call.rep is not None and call.rep.is_active and call.rep.company_id == call.company_id:
        return
    call.rep = find_rep(company=call.company, email=call.rep_email)
    try:
        with transaction.atomic():
            call.save(update_fields=["rep"])
    except IntegrityError as error:
        _join_other_leg(call)
        raise _AnotherLegError from error


def _join_other_leg(call: Call) -> None:
    """The rep has this call already: one row stays, and the delivery that made the other becomes a duplicate, so that
    the books (calls/books.py) count one call.
    """
    legs = Call.objects.filter(company=call.company, external_id=call.external_id)
    with transaction.atomic():
        leg = legs.select_for_update(of=("self",)).get(rep=call.rep)
        call.deliveries.update(call=leg, outcome=WebhookDelivery.Outcome.DUPLICATE)
        if leg.private_since is not None:
            redact_deliveries(leg, number=call.customer_number)
            hide_number(leg.company_id, call.customer_number)
        legs.filter(pk=call.pk).delete()


def _unusable(call: Call, connection: PipedriveConnection) -> Verdict | None:
    """What to wait for before a connection can be used; None when it can."""
    if connection.state == REAUTHORIZE:
        return wait(Reason.PIPEDRIVE_REAUTHORIZE)
    if connection.state == ACCOUNT_CLOSED:
        return wait(Reason.PIPEDRIVE_ACCOUNT_CLOSED)
    pause = pause_of(connection)
    if pause is None:
        return None
    reason = Reason.RETRYING if pause.kind == PauseKind.OUTAGE else Reason.RATE_LIMITED
    return paused(call, reason, until=pause.until, others=_paused_alike(call, connection, pause.kind))


def _paused_alike(call: Call, connection: PipedriveConnection, kind: PauseKind) -> CallQuerySet:
    """The calls that a pause holds back like this one."""
    same_company: CallQuerySet = Call.objects.filter(company=call.company)
    if kind == PauseKind.RATE_LIMITED:
        return same_company.filter(rep=call.rep)
    return same_company.filter(rep__pipedrive_connection__account=connection.account)


def _log(call: Call, connection: PipedriveConnection, policy: LoggingPolicy, tally: Tally | None) -> Verdict:
    client = client_for(connection, tally=tally)
    try:
        if call.sending_since is not None:
            found = look_for_activity(call, client, owner_id=connection.pipedrive_user_id)
            call.findings["looked_for"] = "found" if found is not None else "not_there"
            if found is not None:
                return logged(found, connection)
            if call.looked < len(LOOK_AFTER):
                return look_again(call, detail="the activity is not there yet")
            forget_attempt(call)
        return _send(call, connection, policy, client)
    except ActivityTypeMissingError as error:
        return wait(Reason.ACTIVITY_TYPE_MISSING, detail=str(error), after=LOOK_FOR_TYPE_AFTER)
    except IntegrationError as error:
        return verdict_on(error, call=call, connection=connection)


def _send(call: Call, connection: PipedriveConnection, policy: LoggingPolicy, client: PipedriveClient) -> Verdict:
    """Find out for whom the call is, and create the activity. A person that turns out to be gone, or hidden from the
    rep while somebody else has the number, is no recipient.
    """
    activity_type = usable_type(connection.account, client, wanted=policy.activity_type)
    unseen: set[int] = set()
    while True:
        found = recipient(call, connection=connection, policy=policy, client=client, unseen=unseen)
        if isinstance(found, Verdict):
            return found
        match = with_organization(found, connection=connection, client=client)
        deal_id = deal_of(match.person_id, wanted=policy.deals, client=client)
        sending = Sending(call=call, match=match, client=client, connection=connection, policy=policy, deal_id=deal_id)
        try:
            return logged(sending.send(activity_type), connection)
        except AccountClosedError:
            raise
        except RefusedError:
            if may_be_another(match, connection=connection, client=client, unseen=unseen):
                continue
            if not is_organization_hidden(match, connection=connection, client=client):
                raise
        alone = replace(sending, match=without_organization(match))
        return logged(alone.send(activity_type), connection)
