"""Control of a company's records, as its people would change them in Pipedrive's own pages."""

import hashlib
import re

from sandbox import clock
from sandbox.control import ControlError, control_view
from sandbox.json_body import Json
from sandbox.pipedrive.answers import Refusal
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.custom_values import check_custom_values
from sandbox.pipedrive.events import announce
from sandbox.pipedrive.person_fields import BUILT_IN_FIELDS, FIELD_TYPES, PersonField
from sandbox.pipedrive.persons import change_person, merge_persons, remove_person
from sandbox.pipedrive.seed import contact_values
from sandbox.pipedrive.state import pipedrive


def company_of(order: Json) -> Company:
    """Return the company an order is about; the first one when it says nothing."""
    number = order.pop("company_id", None) or next(iter(pipedrive.companies))
    if number not in pipedrive.companies:
        raise ControlError("no such company")
    return pipedrive.companies[number]


def find(kind: str, number: int) -> tuple[Company, Json]:
    """Return a record of any company; ids are unique in the sandbox."""
    for company in pipedrive.companies.values():
        record: Json | None = getattr(company, kind).get(number)
        if record is not None:
            return company, record
    message = f"no such record: {kind} {number}"
    raise ControlError(message)


def _add_persons(order: Json) -> Json:
    """Add one person, or many (`persons: [...]`)."""
    company = company_of(order)
    added = [_add_person(company, each) for each in order.get("persons", [order])]
    return {"persons": added}


def _add_person(company: Company, order: Json) -> Json:
    fields = _person_fields(company, order)
    fields.setdefault("owner_id", next(iter(company.users)))
    person = company.add_person(fields)
    announce(company, "create", "person", person, None, fields["owner_id"])
    return dict(person)


def _change_person(order: Json, person_id: int) -> Json:
    company, person = find("persons", person_id)
    change_person(company, person, _person_fields(company, order), person["owner_id"])
    return dict(person)


def _delete_person(_order: Json, person_id: int) -> Json:
    company, person = find("persons", person_id)
    remove_person(company, person, person["owner_id"])
    return dict(person)


def _merge(order: Json, person_id: int) -> Json:
    """Merge this person into another one."""
    company, loser = find("persons", person_id)
    survivor = company.living_person(order["into"])
    if survivor is None:
        raise ControlError("no such person to merge into")
    merge_persons(company, loser, survivor, survivor["owner_id"])
    return dict(survivor)


def _person_fields(company: Company, order: Json) -> Json:
    """Let phones and e-mails be given as bare text; custom values need a field to lie in."""
    fields = dict(order)
    try:
        check_custom_values(company, fields.get("custom_fields", {}))
    except Refusal as refusal:
        raise ControlError(str(refusal)) from refusal
    for name in {"phones", "emails"} & set(fields):
        if all(isinstance(value, str) for value in fields[name]):
            fields[name] = contact_values(fields[name])
    return fields


def _add_organization(order: Json) -> Json:
    company = company_of(order)
    organization = company.add_organization(order["name"], order.get("owner_id") or next(iter(company.users)))
    organization["visible_to"] = order.get("visible_to", organization["visible_to"])
    return dict(organization)


def _add_user(order: Json) -> Json:
    company = company_of(order)
    user = company.add_user(order["name"], order["email"], admin=order.get("admin", False))
    announce(company, "create", "user", user, None, user["id"])
    return dict(user)


def _change_user(order: Json, user_id: int) -> Json:
    """Change fields of `GET /v1/users`, e.g. `active_flag`, `is_deleted`, `email`."""
    company, user = find("users", user_id)
    previous = {name: user[name] for name in order}
    user.update(order)
    announce(company, "change", "user", user, previous, user_id)
    return dict(user)


def _set_activity_type(order: Json) -> Json:
    """Add an activity type, or change `active_flag` or `name` of the one with this key_string."""
    company = company_of(order)
    key = order["key_string"]
    if key not in company.activity_types:
        company.add_activity_type(str(order.get("name", key)), key, "task", custom=True)
    company.activity_types[key].update(order)
    return dict(company.activity_types[key])


def _add_person_field(order: Json) -> Json:
    """Add a custom field; its key is made from its name and number unless it is given."""
    company = company_of(order)
    number = len(BUILT_IN_FIELDS) + len(company.custom_fields) + 1
    made = hashlib.sha256(f"{company.id} {number} {order['name']}".encode()).hexdigest()[:40]
    key = order.get("key", made)
    if not re.fullmatch(r"[0-9a-f]{40}", key) or key in company.custom_fields:
        raise ControlError("key must be 40 hexadecimal digits, and new")
    if order["field_type"] not in FIELD_TYPES:
        message = f"field_type must be one of {', '.join(FIELD_TYPES)}"
        raise ControlError(message)
    created = clock.spaced(clock.now())
    field = PersonField(number, order["name"], key, order["field_type"], is_custom=True, add_time=created)
    company.custom_fields[key] = field
    return {"id": field.id, "key": key, **field.as_v2()}


def _add_deal(order: Json) -> Json:
    """Add a deal of a person; `add_time` makes it older than now."""
    company, person = find("persons", order["person_id"])
    added = clock.parse_rfc3339(order["add_time"]) if "add_time" in order else None
    if "add_time" in order and added is None:
        raise ControlError("add_time must be like 2026-11-22T10:00:00Z")
    deal = company.add_deal(order["title"], person, status=order.get("status", "open"), add_time=added)
    company.persons.touch(person)
    return dict(deal)


def _change_company(order: Json, company_id: int) -> Json:
    """Set the daily budget, or forget what was spent (`forget_spent: true`)."""
    company = pipedrive.companies[company_id]
    company.daily_tokens = order.get("daily_tokens", company.daily_tokens)
    if order.get("forget_spent"):
        company.spent.clear()
    return {"id": company.id, "daily_tokens": company.daily_tokens, "tokens_left": company.tokens_left}


persons = control_view(pipedrive.lock, POST=_add_persons)
person = control_view(pipedrive.lock, PATCH=_change_person, DELETE=_delete_person)
merge = control_view(pipedrive.lock, POST=_merge)
person_fields = control_view(pipedrive.lock, POST=_add_person_field)
organizations = control_view(pipedrive.lock, POST=_add_organization)
users = control_view(pipedrive.lock, POST=_add_user)
user = control_view(pipedrive.lock, PATCH=_change_user)
activity_types = control_view(pipedrive.lock, POST=_set_activity_type)
deals = control_view(pipedrive.lock, POST=_add_deal)
company = control_view(pipedrive.lock, PATCH=_change_company)
