"""Persons, API v2: https://developers.pipedrive.com/docs/api/v1/Persons"""

from django.http import HttpResponse

from sandbox.json_body import Json
from sandbox.pipedrive import queries
from sandbox.pipedrive import strict_types as strict
from sandbox.pipedrive.answers import Refusal, success
from sandbox.pipedrive.company import Company, touch
from sandbox.pipedrive.events import announce
from sandbox.pipedrive.gateway import Call
from sandbox.pipedrive.paging import page
from sandbox.pipedrive.state import pipedrive

_CONTACT_VALUES = strict.list_of(
    strict.record_of({"value": strict.is_text}, {"primary": strict.is_flag, "label": strict.is_text})
)
_CHECKS: dict[str, strict.Check] = {
    "name": strict.is_text,
    "owner_id": strict.is_integer,
    "org_id": strict.is_integer,
    "emails": _CONTACT_VALUES,
    "phones": _CONTACT_VALUES,
    "visible_to": strict.is_integer,
    "label_ids": strict.list_of(strict.is_integer),
    "custom_fields": lambda value: isinstance(value, dict),
}
_CONTACT_SYNC_FIELDS = {"job_title", "notes", "im", "birthday", "postal_address"}


def list_persons(call: Call) -> HttpResponse:
    """List persons; deleted ones never show."""
    query = call.query
    chosen = [each for each in call.company.persons.values() if not each["is_deleted"]]
    for name in ("owner_id", "org_id"):
        if (number := queries.integer(query, name)) is not None:
            chosen = [each for each in chosen if each[name] == number]
    if (numbers := queries.ids(query)) is not None:
        chosen = [each for each in chosen if each["id"] in numbers]
    if (since := queries.moment(query, "updated_since")) is not None:
        chosen = [each for each in chosen if each["update_time"] >= since]
    if (until := queries.moment(query, "updated_until")) is not None:
        chosen = [each for each in chosen if each["update_time"] < until]
    rows, cursor = page(chosen, query, ("id", "update_time", "add_time"))
    return success([dict(row) for row in rows], additional_data={"next_cursor": cursor})


def get_person(call: Call, person_id: int) -> HttpResponse:
    """Return one person."""
    return success(dict(_existing(call.company, person_id)))


def create_person(call: Call) -> HttpResponse:
    """Add a person; a name is needed."""
    fields = checked_person(call.body(), call.company)
    if not fields.get("name", "").strip():
        raise Refusal(400, "Validation failed: name: required")
    person = call.company.add_person({"owner_id": call.user["id"], **fields})
    announce(call.company, "create", "person", person, None, call.user["id"])
    return success(dict(person))


def update_person(call: Call, person_id: int) -> HttpResponse:
    """Change the given fields only."""
    person = _existing(call.company, person_id)
    change_person(call.company, person, checked_person(call.body(), call.company), call.user["id"])
    return success(dict(person))


def delete_person(call: Call, person_id: int) -> HttpResponse:
    """Delete softly: lists forget the person, the search does not."""
    person = _existing(call.company, person_id)
    remove_person(call.company, person, call.user["id"])
    return success({"id": person_id})


def checked_person(body: Json, company: Company) -> Json:
    """Return the body when the real service would take it; refuse it otherwise."""
    if _CONTACT_SYNC_FIELDS & set(body):
        raise Refusal(403, "Contact Sync is not enabled for the company")
    strict.check_fields(body, _CHECKS)
    if "owner_id" in body and company.active_user(body["owner_id"]) is None:
        raise Refusal(400, "Validation failed: owner_id: not an active user")
    if "org_id" in body and body["org_id"] not in company.organizations:
        raise Refusal(400, "Validation failed: org_id: not found")
    filled = dict(body)
    for name in {"phones", "emails"} & set(body):
        filled[name] = [{"primary": place == 0, "label": "work", **value} for place, value in enumerate(body[name])]
    return filled


def change_person(company: Company, person: Json, fields: Json, user_id: int, merged_from: int | None = None) -> None:
    """Change a person and tell the webhooks what changed."""
    previous = {name: person[name] for name, value in fields.items() if person.get(name) != value}
    person.update(fields)
    touch(person)
    extra = {"merged_from_id": merged_from} if merged_from else {}
    announce(company, "change", "person", person, previous, user_id, extra)


def remove_person(company: Company, person: Json, user_id: int, merged_to: int | None = None) -> None:
    """Delete a person and tell the webhooks."""
    previous = dict(person)
    person["is_deleted"] = True
    touch(person)
    extra = {"merged_to_id": merged_to} if merged_to else {}
    announce(company, "delete", "person", person, previous, user_id, extra)


def merge_persons(company: Company, loser: Json, survivor: Json, user_id: int) -> None:
    """Merge: the loser is deleted, the survivor takes over its phones and e-mails; two events tell of it."""
    fields = {
        name: survivor[name] + [{**value, "primary": False} for value in loser[name] if value not in survivor[name]]
        for name in ("phones", "emails")
    }
    remove_person(company, loser, user_id, merged_to=survivor["id"])
    change_person(company, survivor, fields, user_id, merged_from=loser["id"])


def _existing(company: Company, person_id: int) -> Json:
    person = company.persons.get(person_id)
    if person is None:
        raise Refusal(404, "Person not found")
    if person["is_deleted"] and pipedrive.switches.deleted_status != 200:
        raise Refusal(pipedrive.switches.deleted_status, "Person not found")
    return person
