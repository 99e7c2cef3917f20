"""`GET /api/v2/persons/search`: https://developers.pipedrive.com/docs/api/v1/Persons#searchPersons

Pipedrive does not say how it matches phones. Supposed here: the digits of the stored text contain the digits
of the term, so a trunk zero finds nothing that is stored with a country code. The switch
`search_matching: raw` makes it a plain substring of the text as typed. Deleted persons
stay in the index, unmarked.
"""

import datetime as dt
from dataclasses import dataclass
from functools import lru_cache

from django.http import HttpResponse

from sandbox import clock
from sandbox.json_body import Json
from sandbox.pipedrive import queries
from sandbox.pipedrive.answers import Refusal, success
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.custom_values import written_values
from sandbox.pipedrive.gateway import Call
from sandbox.pipedrive.paging import page
from sandbox.pipedrive.state import pipedrive
from sandbox.pipedrive.visibility import seen_by

FIELDS = ("custom_fields", "email", "notes", "phone", "name")
LONGEST_TERM = 255


@dataclass(frozen=True)
class _Term:
    """What is searched for; with 100,000 persons it must not be prepared anew for each."""

    text: str
    lower: str
    digits: str
    exact: bool

    def is_text(self, stored: str) -> bool:
        if self.exact:
            return stored.lower() == self.lower
        return self.lower in stored.lower()

    def is_phone(self, stored: str) -> bool:
        if self.exact:
            return stored.lower() == self.lower
        if pipedrive.switches.search_matching == "raw":
            return self.text in stored
        return self.digits != "" and self.digits in _digits(stored)


def search_persons(call: Call) -> HttpResponse:
    """Find persons by a term."""
    query = call.query
    exact = queries.boolean(query, "exact_match") or False
    term = _term(query.get("term", ""), exact=exact)
    wanted = _Term(term, term.lower(), _digits(term), exact)
    fields = queries.words(query, "fields", FIELDS)
    organization_id = queries.integer(query, "organization_id")
    found = [
        person
        for person in seen_by(call.user, _indexed(call.company))
        if organization_id in (None, person["org_id"]) and _matches(call.company, person, wanted, fields)
    ]
    rows, cursor = page(found, query, ("id",))
    items = [{"result_score": 1.0 if exact else 0.5, "item": _item(row, call.company)} for row in rows]
    return success({"items": items}, additional_data={"next_cursor": cursor})


def _term(text: str, *, exact: bool) -> str:
    term = text.strip()
    shortest = 1 if exact else 2
    if not shortest <= len(term) <= LONGEST_TERM:
        message = f"Bad request: term must have {shortest} to {LONGEST_TERM} characters"
        raise Refusal(400, message)
    return term


def _indexed(company: Company) -> list[Json]:
    """Return the persons the index knows already: it lags behind."""
    lag = pipedrive.switches.search_lag_seconds
    if not lag:
        return list(company.persons.values())
    latest = clock.rfc3339(clock.now() - dt.timedelta(seconds=lag))
    return [person for person in company.persons.values() if person["add_time"] <= latest]


def _matches(company: Company, person: Json, wanted: _Term, fields: tuple[str, ...]) -> bool:
    if "phone" in fields:
        for phone in person["phones"]:
            if wanted.is_phone(phone["value"]):
                return True
    if "name" in fields and wanted.is_text(person["name"]):
        return True
    if "email" in fields and any(wanted.is_text(email["value"]) for email in person["emails"]):
        return True
    return (
        "custom_fields" in fields
        and bool(company.custom_fields)
        and (
            any(wanted.is_phone(value) for value in written_values(company, person, phones=True))
            or any(wanted.is_text(value) for value in written_values(company, person, phones=False))
        )
    )


@lru_cache(maxsize=400_000)
def _digits(text: str) -> str:
    return "".join(sign for sign in text if sign in "0123456789")


def _item(person: Json, company: Company) -> Json:
    organization = company.organizations.get(person["org_id"])
    return {
        "id": person["id"],
        "type": "person",
        "name": person["name"],
        "phones": [phone["value"] for phone in person["phones"]],
        "emails": [email["value"] for email in person["emails"]],
        "visible_to": person["visible_to"],
        "owner": {"id": person["owner_id"]},
        "organization": _brief(organization) if organization else None,
        "custom_fields": [
            value for phones in (True, False) for value in written_values(company, person, phones=phones)
        ],
        "notes": [],
    }


def _brief(organization: Json) -> Json:
    return {"id": organization["id"], "name": organization["name"], "address": organization["address"]}
