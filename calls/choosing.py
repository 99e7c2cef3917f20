"""Several persons have a call's number: people see who they are and say which one is meant."""

import datetime
from dataclasses import dataclass

from django.utils import timezone

from accounts.models import User
from calls.matching import best, chosen_contact
from calls.models import Call
from calls.policy import LoggingPolicy, NumberChoice, SeveralContacts
from calls.resume import contact_chosen
from calls.story import CallStep, tell
from integrations.contacts import EARLIEST, contacts_with
from integrations.models import Contact, Organization, PipedriveAccount, PipedriveConnection


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A person of Pipedrive who has the number.

    Attributes:
        organization_name: as far as it is known here.
        is_own: whether the call's rep owns the person in Pipedrive.
        updated_at: None where Pipedrive does not tell.
    """

    person_id: int
    name: str
    organization_name: str
    is_own: bool
    updated_at: datetime.datetime | None
    url: str


@dataclass(frozen=True, kw_only=True)
class ContactChoice:
    """Whom the calls of a rep with a number can be logged to.

    Attributes:
        candidates: the rep's own first, then those updated last.
        goes_to: whom the next call is logged to; None where it would wait for somebody to choose.
        is_remembered: whether somebody has chosen that person.
    """

    account: PipedriveAccount
    number: str
    candidates: tuple[Candidate, ...]
    goes_to: Candidate | None
    is_remembered: bool


class NotACandidateError(Exception):
    """The person who was chosen does not have the number, or has it no longer."""


def contact_choice(call: Call) -> ContactChoice | None:
    """Who has the number of a call, and whom the next call is logged to. None where there is nothing to choose: nobody
    has it, one person has it and was not chosen, or the rep is not connected to a Pipedrive of the call's company.
    """
    connections = PipedriveConnection.objects.filter(user=call.rep_id, account__company=call.company_id)
    connection = connections.select_related("account").first() if call.rep_id and call.customer_number else None
    if connection is None:
        return None
    account, owner_id = connection.account, connection.pipedrive_user_id
    contacts = contacts_with(account, call.customer_number)
    chosen = chosen_contact(account, call.customer_number, contacts)
    if chosen is None and len(contacts) < 2:
        return None
    contacts.sort(key=lambda each: (each.owner_id == owner_id, each.updated_at), reverse=True)
    candidates = _candidates(contacts, connection)
    must_ask = LoggingPolicy.of(call.company).several_contacts == SeveralContacts.ASK
    following = chosen or (None if must_ask else best(contacts, owner_id=owner_id))
    return ContactChoice(
        account=account,
        number=call.customer_number,
        candidates=candidates,
        goes_to=candidates[contacts.index(following)] if following else None,
        is_remembered=chosen is not None,
    )


def _candidates(contacts: list[Contact], connection: PipedriveConnection) -> tuple[Candidate, ...]:
    organization_ids = [contact.organization_id for contact in contacts if contact.organization_id]
    organizations = Organization.objects.filter(account=connection.account, organization_id__in=organization_ids)
    names = dict(organizations.values_list("organization_id", "name"))
    return tuple(
        Candidate(
            person_id=contact.person_id,
            name=contact.name or str(contact.person_id),
            organization_name=names.get(contact.organization_id or 0, ""),
            is_own=contact.owner_id == connection.pipedrive_user_id,
            updated_at=contact.updated_at if contact.updated_at > EARLIEST else None,
            url=f"{connection.api_url}/person/{contact.person_id}",
        )
        for contact in contacts
    )


def choose(call: Call, *, person_id: int, by: User) -> Candidate:
    """Remember whom the calls with this number are logged to, and let those go on that wait for it.

    Raises:
        NotACandidateError: that person does not have the number.
    """
    choice = contact_choice(call)
    candidates = choice.candidates if choice else ()
    chosen = next((candidate for candidate in candidates if candidate.person_id == person_id), None)
    if choice is None or chosen is None:
        raise NotACandidateError
    values = {"person_id": person_id, "chosen_by": by, "chosen_at": timezone.now()}
    NumberChoice.objects.update_or_create(account=choice.account, number=choice.number, defaults=values)
    tell(call.pk, CallStep.Kind.CHOSEN, by=by)
    contact_chosen(call.company_id, choice.number)
    return chosen
