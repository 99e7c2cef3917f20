"""The stand-in answers in the shapes of Pipedrive's own OpenAPI documents, where those are at hand."""

from typing import Any

import pytest

from tests.openapi import check_answer, check_request, documents_missing, example, operation
from tests.sandbox.running_sandbox import Client, Json, Receiver, Sandbox

REASON = documents_missing()
pytestmark = [pytest.mark.processes, pytest.mark.skipif(bool(REASON), reason=REASON)]

CONTACT_SYNC = {"postal_address", "notes", "im", "birthday", "job_title"}
"""Answered only where the company has Contact Sync, which the stand-in's companies have not."""


def _ask(aino: Client, method: str, path: str, query: dict[str, str] | None = None, body: Any = None) -> Any:
    """Check the request, send it, check the answer."""
    check_request(method, f"/api/{path}", query or {}, body)
    answer = aino(method, path, params=query, json=body)
    check_answer(method, f"/api/{path}", answer.status_code, answer.json())
    return answer.json()


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("v1/users/me", {}),
        ("v1/users", {}),
        ("v1/users/find", {"term": "aino@esimerkki.example", "search_by_email": "1"}),
        ("v1/activityTypes", {}),
        ("v1/webhooks", {}),
        ("v2/persons", {"limit": "500", "sort_by": "id", "updated_since": "2026-01-01T00:00:00Z"}),
        ("v2/persons", {"limit": "500", "sort_by": "update_time", "custom_fields": f"{1:040x},{2:040x}"}),
        ("v2/persons/search", {"term": "400124387", "fields": "phone,name", "limit": "10"}),
        ("v2/activities", {"person_id": "110", "sort_by": "add_time", "sort_direction": "desc"}),
    ],
    ids=str,
)
def test_lists_have_the_documented_shape(aino: Client, path: str, query: dict[str, str]) -> None:
    assert _ask(aino, "GET", path, query)["success"] is True


def test_writing_an_activity_has_the_documented_shape(sandbox: Sandbox, aino: Client) -> None:
    person = sandbox.person("Eero")
    body = {
        "subject": "Puhelu",
        "type": "call",
        "done": True,
        "busy": False,
        "owner_id": person["owner_id"],
        "participants": [{"person_id": person["id"], "primary": True}],
        "org_id": person["org_id"],
        "due_date": "2026-03-01",
        "due_time": "07:00",
        "duration": "00:03",
        "note": "Ref abc",
    }
    made = _ask(aino, "POST", "v2/activities", body=body)["data"]
    assert made.keys() == example("POST", "/api/v2/activities")["data"].keys()
    number = made["id"]
    _ask(aino, "PATCH", f"v2/activities/{number}", body={"done": False})
    _ask(aino, "GET", f"v2/activities/{number}", {"include_fields": "attendees"})
    _ask(aino, "DELETE", f"v2/activities/{number}")
    _ask(aino, "GET", f"v2/activities/{number}")


def test_writing_a_person_has_the_documented_shape(sandbox: Sandbox, aino: Client) -> None:
    body = {"name": "Uusi Nimi", "phones": [{"value": "0400124399", "primary": True, "label": "work"}]}
    made = _ask(aino, "POST", "v2/persons", body=body)["data"]
    assert made.keys() == example("POST", "/api/v2/persons")["data"].keys() - CONTACT_SYNC
    _ask(aino, "PATCH", f"v2/persons/{made['id']}", body={"name": "Toinen Nimi"})
    _ask(aino, "GET", f"v2/persons/{made['id']}")
    _ask(aino, "DELETE", f"v2/persons/{made['id']}")
    _ask(aino, "GET", f"v2/organizations/{sandbox.person('Eero')['org_id']}")


def test_users_and_types_have_every_field_of_the_examples(aino: Client) -> None:
    for path in ("v1/users/me", "v1/users", "v1/activityTypes"):
        ours, theirs = aino("GET", path).json()["data"], example("GET", f"/api/{path}")["data"]
        first, shown = (ours[0], theirs[0]) if isinstance(theirs, list) else (ours, theirs)
        assert first.keys() == shown.keys(), path


def test_webhooks_have_the_documented_shape(aino: Client, receiver: Receiver) -> None:
    body = {
        "subscription_url": receiver.url,
        "event_action": "*",
        "event_object": "person",
        "name": "persons",
    }
    made = _ask(aino, "POST", "v1/webhooks", body=body)["data"]
    assert made.keys() == example("POST", "/api/v1/webhooks")["data"].keys()
    wrong = {**body, "subscription_url": "nowhere"}
    _ask(aino, "POST", "v1/webhooks", body=wrong)
    _ask(aino, "DELETE", f"v1/webhooks/{made['id']}")
    _ask(aino, "DELETE", f"v1/webhooks/{made['id']}")


def test_token_answers_have_the_documented_shape(sandbox: Sandbox) -> None:
    code = sandbox.order("pipedrive/control/authorize", user_email="aino@esimerkki.example")["code"]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": sandbox.redirect_uri}
    check_request("POST", "/oauth/token", {}, form)
    tokens = sandbox.token(**form)
    check_answer("POST", "/oauth/token", tokens.status_code, tokens.json())
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens.json()["refresh_token"]}
    check_request("POST", "/oauth/token", {}, refresh)
    refreshed = sandbox.token(**refresh)
    check_answer("POST", "/oauth/token", refreshed.status_code, refreshed.json(), "refresh_token")


def test_refusals_have_the_common_envelope(sandbox: Sandbox, aino: Client) -> None:
    assert _ask(aino, "POST", "v2/activities", body={"type": "carrier_pigeon"})["error"]
    sandbox.order("pipedrive/control/tokens/expire")
    answer = aino("GET", "v1/users/me")
    check_answer("GET", "/api/v1/users/me", answer.status_code, answer.json())


def test_costs_are_those_of_the_documents(sandbox: Sandbox, aino: Client, receiver: Receiver) -> None:
    test_writing_an_activity_has_the_documented_shape(sandbox, aino)
    test_writing_a_person_has_the_documented_shape(sandbox, aino)
    test_users_and_types_have_every_field_of_the_examples(aino)
    test_webhooks_have_the_documented_shape(aino, receiver)
    charged = [each for each in sandbox.state("requests")["requests"] if each["tokens"]]
    assert len(charged) > 15
    for each in charged:
        declared = operation(each["method"], each["path"])
        assert each["tokens"] == declared["x-token-cost"], each["operation"]


@pytest.mark.parametrize(
    ("method", "path", "query", "body"),
    [
        ("GET", "/api/v2/persons", {"page": "1"}, None),
        ("GET", "/api/v2/persons", {"limit": "many"}, None),
        ("GET", "/api/v2/persons", {"sort_by": "name"}, None),
        ("GET", "/api/v2/persons/search", {}, None),
        ("GET", "/api/v2/persons/search", {"term": "x", "exact_match": "yes"}, None),
        ("GET", "/api/v1/persons", {}, None),
        ("POST", "/api/v2/activities", {}, {"colour": "red"}),
        ("POST", "/api/v2/activities", {}, {"org_id": None}),
        ("POST", "/api/v2/activities", {}, {"participants": [{"id": 1}]}),
        ("DELETE", "/api/v2/activities/1", {}, {"a": 1}),
    ],
    ids=str,
)
def test_an_undocumented_request_is_noticed(method: str, path: str, query: dict[str, str], body: Json) -> None:
    with pytest.raises(AssertionError):
        check_request(method, path, query, body)
