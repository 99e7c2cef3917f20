"""The person a call is logged to: by the index, where it can tell; else by one search, by asking, by waiting."""

import datetime
from collections.abc import Collection

from django.utils import timezone

from calls.matching import Answer, Match, NoMatch, Several, match
from calls.models import Call
from calls.own_eyes import look_with_own_eyes
from calls.policy import LoggingPolicy, SeveralContacts, UnknownCaller
from calls.reasons import Reason
from calls.rules import kind_of
from calls.searching import search
from calls.unknown_callers import create_person
from calls.verdict import Verdict, still_reading, tries, wait, wait_for_contact
from integrations.contact_reader import hears_of_changes, recheck
from integrations.contact_upkeep import look_for_changes_soon, read_soon
from integrations.errors import AccountClosedError, RefusedError
from integrations.models import Contact, ContactIndex, PipedriveConnection
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.refusals import hides

RECHECK_AFTER = datetime.timedelta(minutes=10)
"""A person whose deletion nobody would have told of is looked at again before a call is logged to it (1 token)."""
RECHECKS_AT_MOST = 3
LOOK_AGAIN_AFTER = 3600.0
"""Seconds after which a call that waits for a choice is looked at again; what changes its contacts wakes it at once."""


def recipient(
    call: Call,
    *,
    connection: PipedriveConnection,
    policy: LoggingPolicy,
    client: PipedriveClient,
    unseen: Collection[int] = (),
) -> Match | Verdict:
    """Whom to log a call to, or what becomes of it instead.

    Args:
        unseen: persons whom the rep has turned out not to see.

    Raises:
        IntegrationError: Pipedrive could not be asked. That is never "nobody".
    """
    answer = _checked_match(call, connection=connection, policy=policy, unseen=unseen)
    _note(call, answer)
    if isinstance(answer, Match):
        return answer
    if isinstance(answer, Several):
        return wait(Reason.SEVERAL_CONTACTS, after=LOOK_AGAIN_AFTER)
    if answer is NoMatch.NOT_KNOWN_YET:
        return _while_reading(call, connection=connection, policy=policy, client=client)
    own = look_with_own_eyes(call, connection=connection, client=client)
    if own is not None:
        return own
    if _wants_new_person(call, policy):
        return create_person(call, connection=connection, client=client)
    look_for_changes_soon(connection.account)
    return wait_for_contact(call)


def _note(call: Call, answer: Answer) -> None:
    """For the call's story: who was found, and why this one."""
    match answer:
        case Match():
            call.findings |= {"looked": "index", "found": 1 + len(answer.others), "how": answer.how}
        case Several():
            call.findings |= {"looked": "index", "found": len(answer.contacts)}
        case NoMatch.NOBODY:
            call.findings |= {"looked": "index", "found": 0}
        case NoMatch.NOT_KNOWN_YET:
            call.findings["looked"] = "reading"


def _wants_new_person(call: Call, policy: LoggingPolicy) -> bool:
    """By the company's rules, or by somebody's wish for this call."""
    by_rule = policy.unknown_caller == UnknownCaller.CREATE_PERSON and kind_of(call) in policy.create_person_for
    return by_rule or call.wish == Call.Wish.PERSON


def _checked_match(
    call: Call, *, connection: PipedriveConnection, policy: LoggingPolicy, unseen: Collection[int]
) -> Answer:
    """What the index says; where webhooks do not tell of deletions, held against the person as it is now."""
    account = connection.account
    for _recheck in range(RECHECKS_AT_MOST):
        answer = match(
            account=account,
            number=call.customer_number,
            owner_id=connection.pipedrive_user_id,
            policy=policy,
            unseen=unseen,
        )
        if not isinstance(answer, Match) or _was_seen_lately(answer, connection):
            break
        if not recheck(account, answer.person_id):
            break
    return answer


def _was_seen_lately(answer: Match, connection: PipedriveConnection) -> bool:
    lately = timezone.now() - RECHECK_AFTER
    seen = Contact.objects.filter(account=connection.account, person_id=answer.person_id, seen_at__gte=lately)
    return seen.exists() or hears_of_changes(connection.account)


def _while_reading(
    call: Call, *, connection: PipedriveConnection, policy: LoggingPolicy, client: PipedriveClient
) -> Match | Verdict:
    """The persons are still being read. A call that has come meanwhile is worth one search; those that have waited for
    the connection wait for the index, too, unless it does not get on.
    """
    index = ContactIndex.objects.filter(account=connection.account).first()
    if index is None:
        read_soon(connection.account)
        return still_reading(call)
    is_new = call.received_at >= index.begun_at and not tries(call, Reason.QUEUED)
    if not is_new and not index.problem:
        return still_reading(call)
    searched = search(
        client=client,
        number=call.customer_number,
        region=call.company.region,
        owner_id=connection.pipedrive_user_id,
    )
    found = searched.match
    call.findings |= {"looked": "search", "found": 1 + len(found.others) if found else 0}
    call.findings |= {"rejected": searched.rejected} | ({"how": found.how} if found else {})
    must_ask = policy.several_contacts == SeveralContacts.ASK and found is not None and found.others
    if found is not None and not must_ask:
        return found
    if not index.problem:
        return still_reading(call)
    return wait(Reason.SEVERAL_CONTACTS, after=LOOK_AGAIN_AFTER) if must_ask else wait_for_contact(call)


def found_meanwhile(call: Call, reason: Reason) -> bool:
    """Whether a call that has just begun to wait for a contact need not: somebody got the number, or was chosen for it,
    while that was being decided. The word of it came too early to wake the call.
    """
    if reason not in (Reason.NO_CONTACT, Reason.SEVERAL_CONTACTS):
        return False
    connections = PipedriveConnection.objects.filter(user=call.rep_id, account__company=call.company_id)
    connection = connections.select_related("account").first()
    if connection is None:
        return False
    answer = match(
        account=connection.account,
        number=call.customer_number,
        owner_id=connection.pipedrive_user_id,
        policy=LoggingPolicy.of(call.company),
    )
    if reason == Reason.NO_CONTACT:
        return isinstance(answer, Match | Several)
    return isinstance(answer, Match) or answer is NoMatch.NOBODY


def may_be_another(match: Match, *, connection: PipedriveConnection, client: PipedriveClient, unseen: set[int]) -> bool:
    """Whether to look for the recipient anew, since Pipedrive has just refused an activity with this one: the person is
    not there any more, or the rep does not see it and somebody else has the number, too. Then it is added to `unseen`.
    Asked with the rep's own eyes first (1 token): the index has whom its reader sees.

    Raises:
        IntegrationError: Pipedrive could not be asked.
    """
    if not ContactIndex.objects.filter(account=connection.account, swept_at__isnull=False).exists():
        return False
    if _sees(client, match.person_id):
        return False
    if _is_gone(connection, person_id=match.person_id):
        return True
    unseen.add(match.person_id)
    return bool(match.others)


def _sees(client: PipedriveClient, person_id: int) -> bool:
    """Whether the rep sees a person. One who may not ask for any person is not told either way."""
    try:
        return not client.person(person_id).is_deleted
    except AccountClosedError:
        raise
    except RefusedError as error:
        return not hides(error)


def _is_gone(connection: PipedriveConnection, *, person_id: int) -> bool:
    """Whether a person has left the index, looked at anew by its reader."""
    recheck(connection.account, person_id)
    return not Contact.objects.filter(account=connection.account, person_id=person_id, is_gone=False).exists()
