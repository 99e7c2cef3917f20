"""Persons, API v2: https://developers.pipedrive.com/docs/api/v1/Persons"""

from collections.abc import Iterable, Mapping

from django.http import HttpResponse

from sandbox.json_body import Json
from sandbox.pipedrive import queries
from sandbox.pipedrive import strict_types as strict
from sandbox.pipedrive.answers import Refusal, success
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.custom_values import asked_keys, check_custom_values, shown_person
from sandbox.pipedrive.events import announce
from sandbox.pipedrive.gateway import Call
from sandbox.pipedrive.paging import cursor_place, page, rises_by
from sandbox.pipedrive.records import Records
from sandbox.pipedrive.state import pipedrive
from sandbox.pipedrive.visibility import seen_by, sees

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
    """List persons the user may see; deleted ones never show."""
    query = call.query
    keys = asked_keys(query)
    presorted = "update_time" if rises_by(query, "update_time") else "id"
    rows, cursor = page(_chosen(call, query), query, ("id", "update_time", "add_time"), presorted)
    data = [shown_person(call.company, row, keys) for row in rows]
    return success(data, additional_data={"next_cursor": cursor})


def _chosen(call: Call, query: Mapping[str, str]) -> Iterable[Json]:
    """Filter without copying: with 100,000 persons a page must not look at them all."""
    since = queries.moment(query, "updated_since")
    chosen = _candidates(call.company.persons, query, since or "")
    if (numbers := queries.ids(query)) is not None:
        chosen = filter(lambda each: each["id"] in numbers, chosen)
    if since is not None:
        chosen = filter(lambda each: each["update_time"] >= since, chosen)
    if (until := queries.moment(query, "updated_until")) is not None:
        chosen = filter(lambda each: each["update_time"] < until, chosen)
    if (owner_id := queries.integer(query, "owner_id")) is not None:
        chosen = filter(lambda each: each["owner_id"] == owner_id, chosen)
    if (org_id := queries.integer(query, "org_id")) is not None:
        chosen = filter(lambda each: each["org_id"] == org_id, chosen)
    return seen_by(call.user, filter(lambda each: not each["is_deleted"], chosen))


def _candidates(persons: Records, query: Mapping[str, str], since: str) -> Iterable[Json]:
    """Return the persons worth a look: by their changes where the list is sorted so, else by rising ids."""
    if rises_by(query, "update_time"):
        start = cursor_place(query, "update_time") or ("", 0)
        return persons.changed_from(*max(start, (since, 0)))
    if since and persons.most_changed_since(since) < len(persons) / 8:
        return sorted(persons.changed_from(since), key=lambda each: int(each["id"]))
    place = cursor_place(query, "id") if rises_by(query, "id") else None
    return persons.starting_at(place[1] if place else 0)


def get_person(call: Call, person_id: int) -> HttpResponse:
    """Return one person."""
    return success(shown_person(call.company, _existing(call, person_id), asked_keys(call.query)))


def create_person(call: Call) -> HttpResponse:
    """Add a person; a name is needed."""
    fields = checked_person(call.body(), call.company)
    if not fields.get("name", "").strip():
        raise Refusal(400, "Validation failed: name: required")
    person = call.company.add_person({"owner_id": call.user["id"], **fields})
    announce(call.company, "create", "person", person, None, call.user["id"])
    return success(shown_person(call.company, person))


def update_person(call: Call, person_id: int) -> HttpResponse:
    """Change the given fields only."""
    person = _existing(call, person_id)
    change_person(call.company, person, checked_person(call.body(), call.company), call.user["id"])
    return success(shown_person(call.company, person))


def delete_person(call: Call, person_id: int) -> HttpResponse:
    """Delete softly: lists forget the person, the search does not."""
    person = _existing(call, person_id)
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
    check_custom_values(company, body.get("custom_fields", {}))
    filled = dict(body)
    for name in {"phones", "emails"} & set(body):
        filled[name] = [{"primary": place == 0, "label": "work", **value} for place, value in enumerate(body[name])]
    return filled


def change_person(company: Company, person: Json, fields: Json, user_id: int, merged_from: int | None = None) -> None:
    """Change a person and tell the webhooks what changed; custom fields not named keep their values."""
    custom = fields.get("custom_fields", {})
    plain = {name: value for name, value in fields.items() if name != "custom_fields"}
    previous = {name: person[name] for name, value in plain.items() if person.get(name) != value}
    stored = person["custom_fields"]
    if changed := {key: stored.get(key) for key, value in custom.items() if stored.get(key) != value}:
        previous["custom_fields"] = changed
    person.update({**plain, "custom_fields": {**stored, **custom}})
    company.persons.touch(person)
    extra = {"merged_from_id": merged_from} if merged_from else {}
    announce(company, "change", "person", person, previous, user_id, extra)


def remove_person(company: Company, person: Json, user_id: int, merged_to: int | None = None) -> None:
    """Delete a person and tell the webhooks."""
    previous = dict(person)
    person["is_deleted"] = True
    company.persons.touch(person)
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


def _existing(call: Call, person_id: int) -> Json:
    person = call.company.persons.get(person_id)
    switches = pipedrive.switches
    if person is None:
        raise Refusal(404, "Person not found")
    if person["is_deleted"] and switches.deleted_status != 200:
        raise Refusal(switches.deleted_status, "Person not found")
    if not sees(call.user, person):
        raise Refusal(switches.unseen_status, "You do not have permission to view this person")
    return person
