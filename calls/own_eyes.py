"""Contacts that only a rep sees: where neither an admin nor the rep reads the phone index, the rep's own eyes are asked
before a number counts as nobody's.
"""

import datetime

from django.utils import timezone
from django.utils.dateparse import parse_datetime

from calls.matching import Match
from calls.models import Call, CallStep, NewPerson
from calls.new_persons import OUTCOME_KNOWN_AFTER
from calls.searching import Found, has_number, search
from calls.verdict import Verdict, wait_for_contact
from integrations.contact_reader import may_see_more
from integrations.errors import AccountClosedError, RefusedError
from integrations.models import PipedriveConnection
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.refusals import hides
from integrations.token_budget import budget_of

SEARCHED_AGAIN_AFTER = datetime.timedelta(hours=23)
"""A search costs 20 tokens, and a call may wait for 30 days; its later looks are a day apart."""
SURE_FOR = datetime.timedelta(minutes=10)
"""How long "nobody" is good enough to create a person."""


def look_with_own_eyes(
    call: Call, *, connection: PipedriveConnection, client: PipedriveClient
) -> Match | Verdict | None:
    """Whom the rep alone sees, for a number that the index does not know: the person once created for it (1 token), or
    else by a search, at the call's first look and then once a day at most. Of several the best is taken: they could
    not be shown to whoever would have to choose. None: nobody, or the rep sees no more than the index has.

    Raises:
        IntegrationError: Pipedrive could not be asked. That is never "nobody".
    """
    if not may_see_more(connection):
        return None
    try:
        found = _created_before(call, connection=connection, client=client)
        if found is None and _is_time(call, connection):
            found = _searched(call, connection=connection, client=client)
    except AccountClosedError:
        raise
    except RefusedError as error:
        return wait_for_contact(call, detail=f"{error} {error.vendor_message}".strip())
    return None if found is None else _noted(call, found)


def look_before_creating(
    call: Call, *, connection: PipedriveConnection, client: PipedriveClient, since: datetime.datetime | None
) -> Match | None:
    """The same by a search just before a person is created, unless one has said a moment ago that there is nobody.

    Args:
        since: when another attempt was begun, whose answer was lost: what it made may be for the rep's eyes only.

    Raises:
        IntegrationError: Pipedrive could not be asked.
    """
    if not may_see_more(connection):
        return None
    latest, sure_from = _searched_at(call), timezone.now() - SURE_FOR
    if latest is not None and latest > max(sure_from, since or sure_from):
        return None
    return _noted(call, _searched(call, connection=connection, client=client))


def _noted(call: Call, found: Found) -> Match | None:
    """For the call's story."""
    match = found.match
    call.findings |= {"looked": "own_eyes", "found": 1 + len(match.others) if match else 0}
    call.findings |= {"rejected": found.rejected} | ({"how": match.how} if match else {})
    return match


def _created_before(call: Call, *, connection: PipedriveConnection, client: PipedriveClient) -> Found | None:
    """The person that was created for the number and that the index has lost, since its reader does not see it."""
    made = NewPerson.objects.filter(account=connection.account, number=call.customer_number).first()
    if made is None or made.person_id is None:
        return None
    try:
        person = client.person(made.person_id)
    except RefusedError as error:
        if not hides(error):
            raise
        return None
    if person.is_deleted or not has_number(person, call.customer_number, region=call.company.region):
        return None
    match = Match(person_id=person.person_id, name=person.name, organization_id=person.organization_id)
    return Found(match=match, rejected=0)


def _is_time(call: Call, connection: PipedriveConnection) -> bool:
    """Whether a search is worth its tokens now: at first, when somebody has the call tried again, and once a day."""
    latest = _searched_at(call)
    if latest is None or latest < call.tried_since:
        return True
    return latest < timezone.now() - SEARCHED_AGAIN_AFTER and not budget_of(connection.account).is_short


def _searched_at(call: Call) -> datetime.datetime | None:
    """When the latest search for the call was. That stays with its findings."""
    steps = call.steps.filter(kind=CallStep.Kind.ATTEMPT).values_list("data", flat=True)
    told = [parse_datetime(str(data.get("searched", ""))) for data in (*steps, call.findings)]
    latest = max((moment for moment in told if moment is not None), default=None)
    if latest is not None:
        call.findings["searched"] = latest.isoformat()
    return latest


def _searched(call: Call, *, connection: PipedriveConnection, client: PipedriveClient) -> Found:
    """Search, and keep when that was. Whom it finds may be whom an attempt without an answer has made."""
    found = search(
        client=client,
        number=call.customer_number,
        region=call.company.region,
        owner_id=connection.pipedrive_user_id,
    )
    now = timezone.now()
    call.findings["searched"] = now.isoformat()
    if found.match is not None:
        unanswered = NewPerson.objects.filter(account=connection.account, number=call.customer_number, person_id=None)
        unanswered.filter(began_at__lt=now - OUTCOME_KNOWN_AFTER).update(person_id=found.match.person_id)
    return found
