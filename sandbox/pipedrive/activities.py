"""Activities, API v2: https://developers.pipedrive.com/docs/api/v1/Activities"""

from django.http import HttpResponse

from sandbox import clock
from sandbox.json_body import Json
from sandbox.pipedrive import queries
from sandbox.pipedrive.activity_body import checked_activity
from sandbox.pipedrive.answers import Refusal, success
from sandbox.pipedrive.company import Company, touch
from sandbox.pipedrive.gateway import Call
from sandbox.pipedrive.paging import page
from sandbox.pipedrive.state import pipedrive

_EMPTY: Json = {
    "deal_id": None,
    "lead_id": None,
    "person_id": None,
    "org_id": None,
    "project_id": None,
    "due_date": None,
    "due_time": None,
    "duration": None,
    "busy": False,
    "done": False,
    "marked_as_done_time": None,
    "location": None,
    "conference_meeting_client": None,
    "conference_meeting_url": None,
    "conference_meeting_id": None,
    "public_description": None,
    "priority": None,
    "note": None,
}


def create_activity(call: Call) -> HttpResponse:
    """Add an activity; the organisation is not filled in from the person."""
    fields = checked_activity({"type": "call", **call.body()}, call.company, call.user)
    now = clock.rfc3339(clock.now())
    activity: Json = {
        "id": call.company.next_id(),
        "subject": "Call",
        "owner_id": call.user["id"],
        "creator_user_id": call.user["id"],
        "is_deleted": False,
        "add_time": now,
        "update_time": now,
        **_EMPTY,
        "participants": [],
        "attendees": [],
    }
    _write(activity, fields)
    call.company.activities[activity["id"]] = activity
    return success(_shown(activity, with_attendees=True))


def update_activity(call: Call, activity_id: int) -> HttpResponse:
    """Change the given fields only."""
    activity = _existing(call.company, activity_id)
    fields = checked_activity(call.body(), call.company, call.user)
    _write(activity, fields)
    touch(activity)
    return success(_shown(activity, with_attendees=True))


def get_activity(call: Call, activity_id: int) -> HttpResponse:
    """Return one activity."""
    activity = _existing(call.company, activity_id)
    return success(_shown(activity, with_attendees="attendees" in call.query.get("include_fields", "")))


def delete_activity(call: Call, activity_id: int) -> HttpResponse:
    """Delete softly."""
    activity = _existing(call.company, activity_id)
    activity["is_deleted"] = True
    touch(activity)
    return success({"id": activity_id})


def list_activities(call: Call) -> HttpResponse:
    """List by primary participant, owner and so on; there is no filter by type, subject or due date."""
    query = call.query
    chosen = [each for each in call.company.activities.values() if not each["is_deleted"]]
    for name in ("owner_id", "deal_id", "person_id", "org_id"):
        if (number := queries.integer(query, name)) is not None:
            chosen = [each for each in chosen if each[name] == number]
    if (done := queries.boolean(query, "done")) is not None:
        chosen = [each for each in chosen if each["done"] is done]
    if (numbers := queries.ids(query)) is not None:
        chosen = [each for each in chosen if each["id"] in numbers]
    if (since := queries.moment(query, "updated_since")) is not None:
        chosen = [each for each in chosen if each["update_time"] >= since]
    if (until := queries.moment(query, "updated_until")) is not None:
        chosen = [each for each in chosen if each["update_time"] < until]
    rows, cursor = page(chosen, query, ("id", "update_time", "add_time", "due_date"))
    with_attendees = "attendees" in query.get("include_fields", "")
    data = [_shown(row, with_attendees=with_attendees) for row in rows]
    return success(data, additional_data={"next_cursor": cursor})


def _existing(company: Company, activity_id: int) -> Json:
    activity = company.activities.get(activity_id)
    if activity is None:
        raise Refusal(404, "Activity not found")
    if activity["is_deleted"] and pipedrive.switches.deleted_status != 200:
        raise Refusal(pipedrive.switches.deleted_status, "Activity not found")
    return activity


def _write(activity: Json, fields: Json) -> None:
    was_done = activity["done"]
    activity.update(fields)
    for name in ("due_time", "duration"):
        if name in fields:
            activity[name] = f"{fields[name]}:00"
    primary = (each["person_id"] for each in activity["participants"] if each["primary"])
    activity["person_id"] = next(primary, None)
    if activity["done"] and not was_done:
        activity["marked_as_done_time"] = clock.rfc3339(clock.now())
    elif not activity["done"]:
        activity["marked_as_done_time"] = None


def _shown(activity: Json, *, with_attendees: bool) -> Json:
    """Return a copy; attendees are answered on request and after writing only."""
    return {name: value for name, value in activity.items() if with_attendees or name != "attendees"}
