"""Who in Pipedrive has the customer's number."""

from dataclasses import dataclass, replace

from integrations.errors import NotFoundError
from integrations.phone_numbers import national_significant_number, numbers_in
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.payloads import Person

LISTED_AT_MOST = 100


@dataclass(frozen=True, kw_only=True)
class Match:
    """The person a call belongs to.

    Attributes:
        others: names of further persons with the same number.
    """

    person: Person
    others: tuple[str, ...] = ()


def find_person(*, client: PipedriveClient, number: str, owner_id: int) -> Match | None:
    """The person with an E.164 number; None when Pipedrive has nobody. With several, the rep's own contact, then the
    one updated last.

    One search for the digits that every way of writing the number shares. Its hits are only candidates: Pipedrive's
    search returns numbers that merely look alike, and deleted persons. Each is held against the number, and the
    person's present record is read.

    Args:
        owner_id: the rep in Pipedrive.

    Raises:
        IntegrationError: Pipedrive could not be asked. That is never "nobody".
    """
    hits = client.search_persons_by_phone(national_significant_number(number))
    candidates = {hit.person_id: hit for hit in hits if _has_number(hit, number)}
    persons = [person for person in _present(client, sorted(candidates)) if _has_number(person, number)]
    if not persons:
        return None
    best = max(persons, key=lambda person: (person.owner_id == owner_id, person.updated_at, -person.person_id))
    others = tuple(person.name for person in persons if person is not best)
    hit = candidates[best.person_id]
    if hit.organization_id == best.organization_id:
        best = replace(best, organization_name=hit.organization_name)
    return Match(person=best, others=others)


def _has_number(person: Person, number: str) -> bool:
    return any(number in numbers_in(phone) for phone in person.phones)


def _present(client: PipedriveClient, person_ids: list[int]) -> list[Person]:
    """The persons as they are now, without the deleted: one costs 1 token, a list 10."""
    if len(person_ids) > 1:
        return client.persons(person_ids[:LISTED_AT_MOST])
    try:
        persons = [client.person(person_id) for person_id in person_ids]
    except NotFoundError:
        return []
    return [person for person in persons if not person.is_deleted]
