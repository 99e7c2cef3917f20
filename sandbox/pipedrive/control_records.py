"""Control of a company's records, as its people would change them in Pipedrive's own pages."""

from sandbox.control import ControlError, control_view
from sandbox.json_body import Json
from sandbox.pipedrive.company import Company, touch
from sandbox.pipedrive.events import announce
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
    fields = _person_fields(order)
    fields.setdefault("owner_id", next(iter(company.users)))
    person = company.add_person(fields)
    announce(company, "create", "person", person, None, fields["owner_id"])
    return dict(person)


def _change_person(order: Json, person_id: int) -> Json:
    company, person = find("persons", person_id)
    change_person(company, person, _person_fields(order), person["owner_id"])
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


def _person_fields(order: Json) -> Json:
    """Let phones and e-mails be given as bare text."""
    fields = dict(order)
    for name in {"phones", "emails"} & set(fields):
        if all(isinstance(value, str) for value in fields[name]):
            fields[name] = contact_values(fields[name])
    return fields


def _add_organization(order: Json) -> Json:
    company = company_of(order)
    return dict(company.add_organization(order["name"], order.get("owner_id") or next(iter(company.users))))


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


def _add_deal(order: Json) -> Json:
    company, person = find("persons", order["person_id"])
    deal = company.add_deal(order["title"], person, status=order.get("status", "open"))
    touch(person)
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
organizations = control_view(pipedrive.lock, POST=_add_organization)
users = control_view(pipedrive.lock, POST=_add_user)
user = control_view(pipedrive.lock, PATCH=_change_user)
activity_types = control_view(pipedrive.lock, POST=_set_activity_type)
deals = control_view(pipedrive.lock, POST=_add_deal)
company = control_view(pipedrive.lock, PATCH=_change_company)
