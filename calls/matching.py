"""Who in Pipedrive has the customer's number, by the phone index."""

import enum
from collections.abc import Collection
from dataclasses import dataclass

from calls.policy import LoggingPolicy, NumberChoice, SeveralContacts
from integrations.contacts import contacts_with
from integrations.models import Contact, ContactIndex, PipedriveAccount


@dataclass(frozen=True, kw_only=True)
class Match:
    """The person a call belongs to.

    Attributes:
        others: names of further persons with the same number.
        how: why this one: `only`, `chosen`, `own` (the rep's), `latest` (updated), `created`.
    """

    person_id: int
    name: str
    organization_id: int | None = None
    organization_name: str = ""
    others: tuple[str, ...] = ()
    how: str = "only"


@dataclass(frozen=True, kw_only=True)
class Several:
    """Several persons have the number, and the company wants to be asked."""

    contacts: tuple[Contact, ...]


class NoMatch(enum.Enum):
    """There is no person to log the call to."""

    NOBODY = "nobody"
    NOT_KNOWN_YET = "not known yet"


Answer = Match | Several | NoMatch


def match(
    *,
    account: PipedriveAccount,
    number: str,
    owner_id: int,
    policy: LoggingPolicy,
    unseen: Collection[int] = (),
) -> Answer:
    """Whose an E.164 number is. Until every person has been read once, nobody can tell.

    Args:
        owner_id: the rep in Pipedrive, whose own contacts come first.
        unseen: persons whom the rep does not see. Where one of them would have been the answer, nobody is asked which
            of the others is meant: to choose one would change the answer for the colleagues, too.
    """
    if not ContactIndex.objects.filter(account=account, swept_at__isnull=False).exists():
        return NoMatch.NOT_KNOWN_YET
    contacts = [contact for contact in contacts_with(account, number) if contact.person_id not in unseen]
    if not contacts:
        return NoMatch.NOBODY
    chosen = chosen_contact(account, number, contacts)
    must_ask = policy.several_contacts == SeveralContacts.ASK and not unseen
    if chosen is None and len(contacts) > 1 and must_ask:
        return Several(contacts=tuple(contacts))
    if chosen is not None:
        return _match_of(chosen, contacts, how="chosen")
    found = best(contacts, owner_id=owner_id)
    return _match_of(found, contacts, how=why_best(found.owner_id, len(contacts), owner_id=owner_id))


def chosen_contact(account: PipedriveAccount, number: str, contacts: list[Contact]) -> Contact | None:
    """Whom somebody has chosen for the number, if that person still has it."""
    choice = NumberChoice.objects.filter(account=account, number=number).first()
    if choice is None:
        return None
    return next((contact for contact in contacts if contact.person_id == choice.person_id), None)


def best(contacts: list[Contact], *, owner_id: int) -> Contact:
    """The rep's own contact, then the one updated last, then the one that has been there longest."""
    return max(contacts, key=lambda contact: (contact.owner_id == owner_id, contact.updated_at, -contact.person_id))


def why_best(owner: int | None, candidates: int, *, owner_id: int) -> str:
    """What speaks for the best of some candidates: there is no other, it is the rep's own, or it was updated last."""
    if candidates == 1:
        return "only"
    return "own" if owner == owner_id else "latest"


def _match_of(contact: Contact, contacts: list[Contact], *, how: str) -> Match:
    others = [each.name for each in contacts if each.pk != contact.pk]
    return Match(
        person_id=contact.person_id,
        name=contact.name,
        organization_id=contact.organization_id,
        others=tuple(others),
        how=how,
    )
