"""The companies to which it happens: each in a Pipedrive of its own, with reps and persons who call."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.portal.running_portal import Portal
from tests.portal.tenants import Person, Tenant, new_number
from tests.sandbox.running_sandbox import Json

ESIMERKKI_OY, TOINEN_OY = 7001, 7002
TOKENS_FOR_EVERYTHING = 100_000_000
CONTACTS = 30


@dataclass(frozen=True)
class Rep:
    """Somebody whose calls are logged."""

    tenant: Tenant
    person: Person


@dataclass
class Cast:
    """Everybody.

    Attributes:
        admins: one for each company; they see all of its calls.
        numbers: of the persons in each rep's Pipedrive, by the rep's tenant.
    """

    portal: Portal
    reps: list[Rep] = field(default_factory=list)
    admins: list[Person] = field(default_factory=list)
    numbers: dict[str, list[str]] = field(default_factory=dict)

    def numbers_for(self, rep: Rep) -> list[str]:
        return self.numbers[rep.tenant.name]

    def calls(self, **filters: str) -> list[Json]:
        """All calls as the portal's API gives them to the companies' admins."""
        return [call for admin in self.admins for call in _all_pages(admin, filters)]

    def has_calls(self, **filters: str) -> bool:
        return any(admin.browser.calls(page_size="1", **filters) for admin in self.admins)

    def story(self, call: Json) -> Json:
        """One call in full."""
        answers = (admin.browser.api(f"calls/{call['id']}/") for admin in self.admins)
        found: Json = next((answer.json() for answer in answers if answer.ok), call)
        return found


def _all_pages(admin: Person, filters: dict[str, str]) -> list[Json]:
    calls: list[Json] = []
    answer = admin.browser.api("calls/", query={"page_size": "200", **filters})
    while True:
        assert answer.status_code == 200, answer.text
        page = answer.json()
        calls += page["results"]
        if not page["next"]:
            return calls
        answer = admin.browser.api(page["next"])


def gather(portal: Portal, *, companies: Sequence[tuple[int, Sequence[str]]]) -> Cast:
    """Sign everybody up and connect everything; `companies` are ids of Pipedrive's with the names of the reps there,
    the first of whom is the company's admin.
    """
    cast = Cast(portal)
    for company_id, names in companies:
        portal.sandbox.order(f"pipedrive/control/companies/{company_id}", "PATCH", daily_tokens=TOKENS_FOR_EVERYTHING)
        tenant = Tenant(portal, seats=len(names))
        cast.numbers[tenant.name] = _add_contacts(portal, company_id)
        people = [_join(tenant, name, company_id) for name in names]
        tenant.link_mustalinja(people[0])
        cast.admins.append(people[0])
        cast.reps += [Rep(tenant, person) for person in people]
    for admin in cast.admins:
        admin.wait_for_contacts()
    return cast


def _add_contacts(portal: Portal, company_id: int) -> list[str]:
    numbers = [new_number() for _contact in range(CONTACTS)]
    persons = [{"name": f"Asiakas {number[-4:]}", "phones": [number]} for number in numbers]
    portal.sandbox.order("pipedrive/control/persons", company_id=company_id, persons=persons)
    return numbers


def _join(tenant: Tenant, name: str, company_id: int) -> Person:
    person = tenant.join(name)
    person.add_to_pipedrive(company_id=company_id)
    person.connect()
    return person
