"""Creating a person for a number that nobody in Pipedrive has, once, where the company wants it."""

from contextlib import suppress

from django.utils import timezone, translation

from calls.matching import Match
from calls.models import Call, NewPerson
from calls.new_persons import OUTCOME_KNOWN_AFTER
from calls.own_eyes import look_before_creating
from calls.verdict import Verdict, still_reading, wait_for_contact
from integrations.contact_upkeep import make_sure
from integrations.contacts import IndexGoneError, contacts_with, write_persons
from integrations.errors import AccountClosedError, IntegrationError, OutcomeUnknownError, RefusedError
from integrations.models import ContactIndex, PipedriveConnection
from integrations.phone_numbers import for_display
from integrations.pipedrive.client import PipedriveClient


def create_person(call: Call, *, connection: PipedriveConnection, client: PipedriveClient) -> Match | Verdict:
    """The new person of an unknown number. Only when Pipedrive has just said that nobody has it: a poll (10 tokens) is
    cheap beside a duplicate, and so is a search where the rep sees more than who is polled with. A person that somebody
    deleted afterwards is not made again.

    Raises:
        IntegrationError: Pipedrive could not be asked.
    """
    account, number = connection.account, call.customer_number
    attempt, is_first = NewPerson.objects.get_or_create(account=account, number=number)
    if attempt.person_id is not None:
        call.findings["person"] = "created_before"
        return wait_for_contact(call)
    if not is_first and attempt.began_at > timezone.now() - OUTCOME_KNOWN_AFTER:
        return still_reading(call)
    is_certain = make_sure(account) and not contacts_with(account, number)
    since = None if is_first else attempt.began_at
    own = look_before_creating(call, connection=connection, client=client, since=since) if is_certain else None
    if own is not None or not is_certain:
        if is_first:
            NewPerson.objects.filter(pk=attempt.pk, person_id=None, began_at=attempt.began_at).delete()
        return own or still_reading(call)
    try:
        return _create(attempt, call, connection=connection, client=client)
    except OutcomeUnknownError:
        return still_reading(call)
    except IntegrationError as error:
        NewPerson.objects.filter(pk=attempt.pk, person_id=None).delete()
        if isinstance(error, RefusedError) and not isinstance(error, AccountClosedError):
            call.findings["person"] = "refused"
            return wait_for_contact(call, detail=f"no person could be created: {error} {error.vendor_message}".strip())
        raise


def _create(
    attempt: NewPerson, call: Call, *, connection: PipedriveConnection, client: PipedriveClient
) -> Match | Verdict:
    """Send, if no other worker is at the same number."""
    now = timezone.now()
    mine = NewPerson.objects.filter(pk=attempt.pk, person_id=None, began_at=attempt.began_at)
    if not mine.update(began_at=now):
        return still_reading(call)
    with translation.override(call.company.language):
        name = for_display(call.customer_number, region=call.company.region)
    person = client.create_person(name=name, number=call.customer_number, owner_id=connection.pipedrive_user_id)
    NewPerson.objects.filter(pk=attempt.pk).update(person_id=person.person_id)
    index = ContactIndex.objects.filter(account=connection.account).first()
    if index is not None:
        with suppress(IndexGoneError):
            write_persons(index, [person])
    call.findings["person"] = "created"
    return Match(person_id=person.person_id, name=person.name, organization_id=person.organization_id, how="created")
