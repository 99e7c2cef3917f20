"""What the body of an activity may be: https://developers.pipedrive.com/docs/api/v1/Activities (v2)."""

from sandbox.json_body import Json
from sandbox.pipedrive import strict_types as strict
from sandbox.pipedrive.answers import Refusal
from sandbox.pipedrive.company import Company
from sandbox.pipedrive.state import pipedrive
from sandbox.pipedrive.visibility import sees

PLACE_PARTS = (
    "value",
    "country",
    "admin_area_level_1",
    "admin_area_level_2",
    "locality",
    "sublocality",
    "route",
    "street_number",
    "subpremise",
    "postal_code",
)
PLACE = strict.record_of({}, dict.fromkeys(PLACE_PARTS, strict.is_text))
_ATTENDEE = strict.record_of(
    {"email": strict.is_text},
    {
        "name": strict.is_text,
        "status": strict.is_text,
        "is_organizer": strict.is_flag,
        "person_id": strict.is_integer,
        "user_id": strict.is_integer,
    },
)
_CHECKS: dict[str, strict.Check] = {
    "subject": strict.is_text,
    "type": strict.is_text,
    "owner_id": strict.is_integer,
    "deal_id": strict.is_integer,
    "lead_id": strict.is_uuid,
    "org_id": strict.is_integer,
    "project_id": strict.is_integer,
    "due_date": strict.is_date,
    "due_time": strict.is_time_of_day,
    "duration": strict.is_duration,
    "busy": strict.is_flag,
    "done": strict.is_flag,
    "location": PLACE,
    "participants": strict.list_of(strict.record_of({"person_id": strict.is_integer, "primary": strict.is_flag})),
    "attendees": strict.list_of(_ATTENDEE),
    "public_description": strict.is_text,
    "priority": strict.is_integer,
    "note": strict.is_text,
}


def checked_activity(body: Json, company: Company, user: Json) -> Json:
    """Return the body when the real service would take it; refuse it otherwise."""
    if "person_id" in body:
        raise Refusal(400, "Validation failed: person_id is read-only, use participants")
    strict.check_fields(body, _CHECKS)
    if "type" in body:
        _check_type(body["type"], company)
    _check_links(body, company)
    _check_organization(body, company, user)
    _check_participants(body, company, user)
    return body


def _check_type(key_string: str, company: Company) -> None:
    kind = company.activity_types.get(key_string)
    if kind is None or not kind["active_flag"]:
        raise Refusal(400, "Validation failed: type: not the key_string of an active activity type")


def _check_links(body: Json, company: Company) -> None:
    if "owner_id" in body and company.active_user(body["owner_id"]) is None:
        raise Refusal(400, "Validation failed: owner_id: not an active user")
    for field, records in (("org_id", company.organizations), ("deal_id", company.deals)):
        if field in body and (body[field] not in records or records[body[field]]["is_deleted"]):
            message = f"Validation failed: {field}: not found"
            raise Refusal(400, message)
    if "deal_id" in body and "lead_id" in body:
        raise Refusal(400, "Validation failed: deal_id and lead_id exclude each other")


def _check_organization(body: Json, company: Company, user: Json) -> None:
    """Refuse an organisation the user may not see; that is supposed, as it is of persons."""
    status = pipedrive.switches.unseen_participant_status
    if "org_id" in body and not sees(user, company.organizations[body["org_id"]]) and status != 200:
        raise Refusal(status, "You do not have permission to link this organization")


def _check_participants(body: Json, company: Company, user: Json) -> None:
    participants = body.get("participants", [])
    if sum(each["primary"] for each in participants) > 1:
        raise Refusal(400, "Validation failed: participants: only one can be primary")
    numbers = [each["person_id"] for each in participants]
    if len(set(numbers)) < len(numbers):
        raise Refusal(400, "Validation failed: participants: the same person twice")
    for number in numbers:
        _check_participant(company, user, number)


def _check_participant(company: Company, user: Json, person_id: int) -> None:
    """Refuse a person who is gone (unknown, deleted, merged away), and one the user may not see.

    Neither answer is documented, nor seen live. Supposed: 400 for a person who is gone, as for any other link that
    leads nowhere, and 403 for one who is hidden; the switches `gone_participant_status` and
    `unseen_participant_status` make it another status.
    """
    switches = pipedrive.switches
    person = company.living_person(person_id)
    if person is None:
        raise Refusal(switches.gone_participant_status, "Validation failed: participants: person not found")
    if not sees(user, person) and switches.unseen_participant_status != 200:
        raise Refusal(switches.unseen_participant_status, "You do not have permission to link this person")
