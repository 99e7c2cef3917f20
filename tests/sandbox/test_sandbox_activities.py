"""The stand-in takes the activities Pipedrive would take, and refuses the others."""

from typing import Any

import pytest

from tests.sandbox.running_sandbox import Client, Json, Sandbox

pytestmark = pytest.mark.processes

GOOD: dict[str, Any] = {
    "subject": "Puhelu",
    "type": "call",
    "done": True,
    "busy": False,
    "due_date": "2026-03-01",
    "due_time": "07:00",
    "duration": "00:03",
    "note": "<p>Ref abc</p>",
}
REFUSED: list[tuple[str, dict[str, Any]]] = [
    ("unknown field", {"colour": "red"}),
    ("read-only person_id", {"person_id": 110}),
    ("subject a number", {"subject": 1}),
    ("subject null", {"subject": None}),
    ("unknown type", {"type": "carrier_pigeon"}),
    ("type by id", {"type": 103}),
    ("done as text", {"done": "true"}),
    ("done as number", {"done": 1}),
    ("busy as text", {"busy": "false"}),
    ("owner as text", {"owner_id": "101"}),
    ("owner unknown", {"owner_id": 999_999}),
    ("owner of another company", {"owner_id": "cecilia"}),
    ("owner deactivated", {"owner_id": "eino"}),
    ("organisation unknown", {"org_id": 999_999}),
    ("organisation empty text", {"org_id": ""}),
    ("organisation null", {"org_id": None}),
    ("deal unknown", {"deal_id": 999_999}),
    ("lead not a UUID", {"lead_id": "abc"}),
    ("project as text", {"project_id": "1"}),
    ("date the Finnish way", {"due_date": "1.3.2026"}),
    ("date impossible", {"due_date": "2026-02-30"}),
    ("time with seconds", {"due_time": "07:00:00"}),
    ("time impossible", {"due_time": "24:00"}),
    ("duration in seconds", {"duration": 180}),
    ("duration with seconds", {"duration": "00:02:52"}),
    ("participants an object", {"participants": {"person_id": 110, "primary": True}}),
    ("participant a bare id", {"participants": [110]}),
    ("participant without primary", {"participants": [{"person_id": 110}]}),
    ("participant id as text", {"participants": [{"person_id": "110", "primary": True}]}),
    ("participant unknown", {"participants": [{"person_id": 999_999, "primary": True}]}),
    ("participant field unknown", {"participants": [{"person_id": 110, "primary": True, "name": "x"}]}),
    ("location as text", {"location": "Helsinki"}),
    ("attendees without e-mail", {"attendees": [{"name": "x"}]}),
    ("priority as text", {"priority": "high"}),
    ("note as a list", {"note": ["x"]}),
]


def _with_user_ids(sandbox: Sandbox, fields: dict[str, Any]) -> dict[str, Any]:
    """Put a user's id where the table names the user."""
    owner = fields.get("owner_id")
    if owner not in ("cecilia", "eino"):
        return fields
    users = sandbox.state("users")["users"]
    return {**fields, "owner_id": next(each["id"] for each in users if each["email"].startswith(owner))}


@pytest.mark.parametrize("fields", [fields for _, fields in REFUSED], ids=[name for name, _ in REFUSED])
def test_a_wrong_activity_is_refused_and_nothing_is_made(sandbox: Sandbox, aino: Client, fields: Json) -> None:
    answer = aino("POST", "v2/activities", json={**GOOD, **_with_user_ids(sandbox, fields)})
    assert answer.status_code == 400
    body = answer.json()
    assert body["success"] is False
    assert body["data"] is None
    assert body["additional_data"] is None
    assert body["error"]
    assert body["error_info"]
    assert sandbox.state("activities")["activities"] == []


def test_a_good_activity_is_answered_in_full(sandbox: Sandbox, aino: Client) -> None:
    person = sandbox.person("Eero")
    link = [{"person_id": person["id"], "primary": True}]
    answer = aino("POST", "v2/activities", json={**GOOD, "participants": link})
    assert answer.status_code == 200
    activity = answer.json()["data"]
    assert activity["participants"] == link
    assert activity["person_id"] == person["id"]
    assert activity["org_id"] is None, "the organisation is not filled in from the person"
    assert (activity["due_date"], activity["due_time"], activity["duration"]) == (
        "2026-03-01",
        "07:00:00",
        "00:03:00",
    )
    assert activity["marked_as_done_time"].endswith("Z")
    assert activity["owner_id"] == activity["creator_user_id"]
    assert aino("GET", f"v2/activities/{activity['id']}").json()["data"]["note"] == GOOD["note"]


def test_forms_and_broken_json_are_refused(aino: Client) -> None:
    assert aino("POST", "v2/activities", data={"subject": "x"}).status_code == 415
    headers = {**aino.headers, "Content-Type": "application/json"}
    url = f"{aino.sandbox.url}/pipedrive/api/v2/activities"
    assert aino.sandbox.http.post(url, data="{", headers=headers).status_code == 400
    assert aino.sandbox.http.post(url, data="[]", headers=headers).status_code == 400


def test_a_deactivated_type_is_refused(sandbox: Sandbox, aino: Client) -> None:
    sandbox.order("pipedrive/control/activity-types", key_string="call", active_flag=False)
    assert aino("POST", "v2/activities", json=GOOD).status_code == 400
    types = {each["key_string"]: each for each in aino("GET", "v1/activityTypes").json()["data"]}
    assert types["call"]["active_flag"] is False


def test_a_deleted_person_cannot_take_part(sandbox: Sandbox, aino: Client) -> None:
    person = sandbox.person("Eero")
    assert aino("DELETE", f"v2/persons/{person['id']}").status_code == 200
    link = [{"person_id": person["id"], "primary": True}]
    assert aino("POST", "v2/activities", json={**GOOD, "participants": link}).status_code == 400


def test_the_list_filters_by_the_primary_participant_only(sandbox: Sandbox, aino: Client) -> None:
    first, second = sandbox.person("Eero")["id"], sandbox.person("Helmi")["id"]
    links = [{"person_id": first, "primary": True}, {"person_id": second, "primary": False}]
    made = aino("POST", "v2/activities", json={**GOOD, "participants": links}).json()["data"]["id"]

    def found(person_id: int) -> list[int]:
        rows = aino("GET", "v2/activities", params={"person_id": person_id}).json()["data"]
        return [row["id"] for row in rows]

    assert found(first) == [made]
    assert found(second) == []


def test_the_list_is_sorted_and_filtered_by_time(aino: Client) -> None:
    made = [aino("POST", "v2/activities", json=GOOD).json()["data"]["id"] for _ in range(3)]
    query = {"sort_by": "add_time", "sort_direction": "desc", "updated_since": "2026-01-01T00:00:00Z"}
    rows = aino("GET", "v2/activities", params=query).json()["data"]
    assert [row["id"] for row in rows] == made[::-1]
    assert rows[0]["note"] == GOOD["note"]
    assert aino("GET", "v2/activities", params={"updated_since": "2099-01-01T00:00:00Z"}).json()["data"] == []
    assert aino("GET", "v2/activities", params={"updated_since": "2026-01-01T00:00:00.5Z"}).status_code == 400


def test_a_patch_changes_only_what_it_names(sandbox: Sandbox, aino: Client) -> None:
    made = aino("POST", "v2/activities", json={**GOOD, "done": False}).json()["data"]
    changed = aino("PATCH", f"v2/activities/{made['id']}", json={"done": True}).json()["data"]
    assert changed["done"] is True
    assert changed["marked_as_done_time"]
    assert changed["subject"] == GOOD["subject"]
    assert aino("PATCH", f"v2/activities/{made['id']}", json={"done": "yes"}).status_code == 400


def test_a_deleted_activity_is_gone(aino: Client) -> None:
    made = aino("POST", "v2/activities", json=GOOD).json()["data"]["id"]
    assert aino("DELETE", f"v2/activities/{made}").json() == {"success": True, "data": {"id": made}}
    assert aino("PATCH", f"v2/activities/{made}", json={"done": True}).status_code == 404
    assert aino("GET", "v2/activities").json()["data"] == []


def test_another_company_sees_nothing_of_it(sandbox: Sandbox, aino: Client) -> None:
    made = aino("POST", "v2/activities", json=GOOD).json()["data"]["id"]
    cecilia = sandbox.client("cecilia@toinen.example")
    assert cecilia("GET", "v2/activities").json()["data"] == []
    assert cecilia("GET", f"v2/activities/{made}").status_code == 404
