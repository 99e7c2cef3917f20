"""Asking Pipedrive's search who has a number, while the phone index is not there yet, or where it cannot know. It costs
20 tokens and more.
"""

import datetime
from dataclasses import dataclass, replace

from calls.matching import Match, why_best
from integrations.errors import RefusedError
from integrations.phone_numbers import national_significant_number, numbers_in
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.payloads import Person
from integrations.pipedrive.refusals import hides

LISTED_AT_MOST = 100
LONG_AGO = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, kw_only=True)
class Found:
    """What a search has come to.

    Attributes:
        match: None when nobody has the number.
        rejected: how many hits merely look alike, or are not there any more.
    """

    match: Match | None
    rejected: int


def search(*, client: PipedriveClient, number: str, region: str, owner_id: int) -> Found:
    """The person with an E.164 number. With several, the rep's own contact, then the one updated last.

    One search for the digits that every way of writing the number shares. Its hits are only candidates: Pipedrive's
    search returns numbers that merely look alike, and deleted persons. Each is held against the number, and the
    person's present record is read.

    Args:
        owner_id: the rep in Pipedrive.

    Raises:
        IntegrationError: Pipedrive could not be asked. That is never "nobody".
    """
    hits = client.search_persons_by_phone(national_significant_number(number))
    candidates = {hit.person_id: hit for hit in hits if has_number(hit, number, region=region)}
    present = _present(client, sorted(candidates))
    persons = [person for person in present if has_number(person, number, region=region)]
    rejected = len(hits) - len(persons)
    if not persons:
        return Found(match=None, rejected=rejected)
    best = max(
        persons, key=lambda person: (person.owner_id == owner_id, person.updated_at or LONG_AGO, -person.person_id)
    )
    hit = candidates[best.person_id]
    if hit.organization_id == best.organization_id:
        best = replace(best, organization_name=hit.organization_name)
    match = Match(
        person_id=best.person_id,
        name=best.name,
        organization_id=best.organization_id,
        organization_name=best.organization_name,
        others=tuple(person.name for person in persons if person.person_id != best.person_id),
        how=why_best(best.owner_id, len(persons), owner_id=owner_id),
    )
    return Found(match=match, rejected=rejected)


def has_number(person: Person, number: str, *, region: str) -> bool:
    """Whether one of a person's numbers, however written, is this E.164 number."""
    return any(number in numbers_in(phone, region=region) for phone in person.phones)


def _present(client: PipedriveClient, person_ids: list[int]) -> list[Person]:
    """The persons as they are now, without the deleted and those that the user does not see: one costs 1 token, a list
    10.
    """
    if len(person_ids) > 1:
        return client.persons(person_ids[:LISTED_AT_MOST])
    try:
        persons = [client.person(person_id) for person_id in person_ids]
    except RefusedError as error:
        if not hides(error):
            raise
        return []
    return [person for person in persons if not person.is_deleted]
