"""The phone index: who in a Pipedrive account has which number, kept here so that a call costs no search.

Writers come at the same time and with old news: the sweep, the poll, the events of webhooks. So the row of the index is
locked meanwhile, and each person is written only when what is told is not older than what is known.
"""

import datetime
from collections.abc import Iterator, Sequence

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from integrations.models import (
    Contact,
    ContactIndex,
    ContactNumber,
    Organization,
    PipedriveAccount,
    PipedriveEvent,
    PipedriveSubscription,
)
from integrations.phone_numbers import numbers_in
from integrations.pipedrive.payloads import Person
from integrations.signals import contacts_erased, numbers_changed, person_merged

EARLIEST = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
"""For a person without a time of change."""
GONE_ARE_KEPT = datetime.timedelta(days=2)
"""Longer than any word of a person's older state is on its way."""
AT_ONCE = 500
TOLD = ["name", "owner_id", "organization_id"]
WRITTEN = [*TOLD, "updated_at", "heard_at", "seen_at", "is_gone"]
LEASE = datetime.timedelta(seconds=25)
"""Longer than one request may take (3 s to connect, 15 s to answer) and its page to be written; renewed with each."""


class IndexGoneError(Exception):
    """The index was erased meanwhile, or another worker is at it: nothing may be written any more."""


def contacts_with(account: PipedriveAccount, number: str) -> list[Contact]:
    """The contacts that have an E.164 number, in one indexed query."""
    return list(Contact.objects.filter(numbers__account=account, numbers__e164=number))


def write_persons(
    index: ContactIndex, persons: Sequence[Person], *, heard_at: datetime.datetime | None = None
) -> list[datetime.datetime]:
    """Take over what Pipedrive says of persons (500 at most), where it is not older than what is known. Gives the times
    at which those had changed of which something new was told.

    Args:
        heard_at: the time of the event that tells it; None where it was read.

    Raises:
        IndexGoneError: the index was erased meanwhile.
    """
    numbers = {person.person_id: _numbers_of(person, region=index.region) for person in persons}
    with transaction.atomic():
        _lock(index)
        known = _known(index, list(numbers))
        told = [person for person in persons if _is_news(person, known.get(person.person_id), heard_at=heard_at)]
        contacts = [
            _contact(index, person, heard_at=heard_at, has_number=bool(numbers[person.person_id]))
            for person in told
            if numbers[person.person_id] or person.person_id in known or heard_at is not None
        ]
        _save(contacts)
        changed_numbers = _write_numbers(contacts, numbers)
    _tell(index.account, {number for changed in changed_numbers.values() for number in changed})
    return [
        contact.updated_at
        for contact in contacts
        if contact.person_id in changed_numbers or _differs(contact, known.get(contact.person_id))
    ]


def remove_person(
    index: ContactIndex, person_id: int, *, at: datetime.datetime, merged_into: int | None = None
) -> None:
    """A person was deleted at a time, or merged into another.

    Raises:
        IndexGoneError: the index was erased meanwhile.
    """
    with transaction.atomic():
        _lock(index)
        known = _known(index, [person_id]).get(person_id)
        if known is not None and known.updated_at > at:
            return
        gone = Contact(
            account_id=index.account_id,
            person_id=person_id,
            updated_at=at,
            seen_at=timezone.now(),
            is_gone=True,
        )
        _save([gone])
        changed = _write_numbers([gone], {person_id: set()})
    if merged_into is not None:
        person_merged.send(sender=ContactIndex, account=index.account, person_id=person_id, merged_into=merged_into)
    _tell(index.account, changed.get(person_id, set()))


def forget_person(index: ContactIndex, person_id: int) -> None:
    """A person is not shown to the reader any more. Whoever sees it later may tell of it, however old the news is.

    Raises:
        IndexGoneError: the index was erased meanwhile.
    """
    with transaction.atomic():
        _lock(index)
        lost = _delete(Contact.objects.filter(account=index.account_id, person_id=person_id))
    _tell(index.account, lost)


def drop_unseen(index: ContactIndex, *, since: datetime.datetime) -> None:
    """Forget the contacts that a whole sweep, begun at `since`, has not shown, and those that have had no number for
    long.

    Raises:
        IndexGoneError: the index was erased meanwhile.
    """
    of_account = Contact.objects.filter(account=index.account_id)
    for unseen in (
        of_account.filter(seen_at__lt=since, is_gone=False),
        of_account.filter(updated_at__lt=since - GONE_ARE_KEPT, numbers__isnull=True),
    ):
        while ids := list(unseen.values_list("pk", flat=True)[:AT_ONCE]):
            with transaction.atomic():
                _lock(index)
                lost = _delete(Contact.objects.filter(pk__in=ids))
            _tell(index.account, lost)


def keep_state(index: ContactIndex, **state: object) -> None:
    """Write down how far the index is, as the worker that is at it.

    Raises:
        IndexGoneError: it was erased meanwhile, or this worker was too slow and another is at it.
    """
    mine = ContactIndex.objects.filter(pk=index.pk, working_until=index.working_until)
    if not mine.update(**state):
        raise IndexGoneError
    for name, value in state.items():
        setattr(index, name, value)


def renew_lease(index: ContactIndex) -> None:
    """This worker is still at it.

    Raises:
        IndexGoneError: it is not: it was too slow, or the index was erased.
    """
    keep_state(index, working_until=timezone.now() + LEASE)


def erase_index(account: PipedriveAccount) -> None:
    """Forget everything that was read of an account's persons, in one statement a table."""
    with transaction.atomic():
        ContactIndex.objects.filter(account=account).delete()
        ContactNumber.objects.filter(account=account).delete()
        for model in (Contact, Organization, PipedriveEvent, PipedriveSubscription):
            model._default_manager.filter(account=account).delete()
        contacts_erased.send(sender=ContactIndex, account=account)


def erase_if_abandoned(account: PipedriveAccount) -> bool:
    """Forget an account's persons when nobody is connected to it any more, and say whether that is so."""
    if account.connections.exists():
        return False
    erase_index(account)
    return True


def erase_abandoned() -> None:
    """Forget what was written of an account while its last connection was going."""
    for account in PipedriveAccount.objects.filter(connections__isnull=True):
        erase_if_abandoned(account)


def _lock(index: ContactIndex) -> None:
    """Keep other writers of this index out. The account's row is left alone: webhooks and token counts refer to it."""
    row = ContactIndex.objects.order_by().select_for_update(no_key=True).filter(pk=index.pk)
    if not list(row.values_list("pk", flat=True)):
        raise IndexGoneError


def _delete(contacts: "QuerySet[Contact]") -> set[str]:
    """Delete contacts, their numbers first, and say which numbers those were."""
    numbers = ContactNumber.objects.filter(contact__in=list(contacts.values_list("pk", flat=True)))
    lost = set(numbers.values_list("e164", flat=True))
    numbers.delete()
    contacts.delete()
    return lost


def _known(index: ContactIndex, person_ids: list[int]) -> dict[int, Contact]:
    """What is known of some persons; they count as seen now."""
    rows = Contact.objects.filter(account=index.account_id, person_id__in=person_ids)
    rows.update(seen_at=timezone.now())
    return {contact.person_id: contact for contact in rows}


def _is_news(person: Person, known: Contact | None, *, heard_at: datetime.datetime | None) -> bool:
    """Whether what is told of a person is not older than what is known. Pipedrive's times of change have whole seconds;
    within one, the times of the events decide.
    """
    if known is None or person.updated_at is None:
        return True
    if known.is_gone or person.updated_at != known.updated_at:
        return person.updated_at > known.updated_at
    return heard_at is None or known.heard_at is None or heard_at >= known.heard_at


def _contact(index: ContactIndex, person: Person, *, heard_at: datetime.datetime | None, has_number: bool) -> Contact:
    """A person without a number is kept nameless, and only to know old news from new."""
    return Contact(
        account_id=index.account_id,
        person_id=person.person_id,
        name=person.name if has_number else "",
        owner_id=person.owner_id,
        organization_id=person.organization_id,
        updated_at=person.updated_at or EARLIEST,
        heard_at=heard_at,
        seen_at=timezone.now(),
    )


def _differs(contact: Contact, known: Contact | None) -> bool:
    return known is None or any(getattr(contact, name) != getattr(known, name) for name in TOLD)


def _numbers_of(person: Person, *, region: str) -> set[str]:
    return {number for phone in person.phones for number in numbers_in(phone, region=region)}


def _save(contacts: list[Contact]) -> None:
    Contact.objects.bulk_create(
        contacts, update_conflicts=True, unique_fields=["account", "person_id"], update_fields=WRITTEN
    )


def _write_numbers(contacts: list[Contact], numbers: dict[int, set[str]]) -> dict[int, set[str]]:
    """Make the numbers of contacts what they are now. Gives, by person, those that came or went."""
    by_key = {contact.pk: contact for contact in contacts}
    before: dict[int, dict[str, int]] = {pk: {} for pk in by_key}
    for row, pk, e164 in ContactNumber.objects.filter(contact_id__in=by_key).values_list("pk", "contact_id", "e164"):
        before[pk][e164] = row
    new, gone, changed = list[ContactNumber](), list[int](), dict[int, set[str]]()
    for pk, contact in by_key.items():
        now = numbers[contact.person_id]
        if differing := now ^ set(before[pk]):
            changed[contact.person_id] = differing
            new += [
                ContactNumber(account_id=contact.account_id, contact_id=pk, e164=e164)
                for e164 in sorted(now - set(before[pk]))
            ]
            gone += [before[pk][e164] for e164 in set(before[pk]) - now]
    ContactNumber.objects.filter(pk__in=gone).delete()
    ContactNumber.objects.bulk_create(new)
    return changed


def _tell(account: PipedriveAccount, numbers: set[str]) -> None:
    """After the commit: a call that was just found to have nobody looks once more after it began to wait, so that one
    of the two sees the other.
    """
    for chunk in _chunks(sorted(numbers)):
        numbers_changed.send(sender=ContactIndex, account=account, numbers=chunk)


def _chunks(numbers: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(numbers), AT_ONCE):
        yield numbers[start : start + AT_ONCE]
