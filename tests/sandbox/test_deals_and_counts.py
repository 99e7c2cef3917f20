"""Deals to link, what leaves a person unchanged, and counting requests."""

import pytest

from tests.sandbox.running_sandbox import Client, Json, Sandbox

pytestmark = pytest.mark.processes

NEWEST_OPEN = {"status": "open", "sort_by": "add_time", "sort_direction": "desc"}


def _deal(sandbox: Sandbox, person_id: int, title: str, **fields: str) -> Json:
    return sandbox.order("pipedrive/control/deals", person_id=person_id, title=title, **fields)


def test_open_deals_of_a_person_come_newest_first(sandbox: Sandbox, aino: Client) -> None:
    person = sandbox.person("Helmi")["id"]
    same_time = "2026-02-01T10:00:00Z"
    made = [_deal(sandbox, person, str(number), add_time=same_time)["id"] for number in range(3)]
    oldest = _deal(sandbox, person, "oldest", add_time="2025-02-01T10:00:00Z")["id"]
    _deal(sandbox, person, "won", status="won")
    _deal(sandbox, sandbox.person("Eero")["id"], "somebody else's")
    query = {**NEWEST_OPEN, "person_id": str(person)}
    rows = aino("GET", "v2/deals", params=query).json()["data"]
    assert [row["id"] for row in rows] == [*made[::-1], oldest]
    assert made == sorted(made)
    limited = aino("GET", "v2/deals", params={**query, "limit": "1"}).json()
    assert [row["id"] for row in limited["data"]] == made[-1:]
    rest = aino("GET", "v2/deals", params={**query, "cursor": limited["additional_data"]["next_cursor"]}).json()
    assert [row["id"] for row in rest["data"]] == [*made[-2::-1], oldest]


def test_deals_need_their_scope(sandbox: Sandbox, aino: Client) -> None:
    sandbox.order("pipedrive/control/switches", scopes=["base", "contacts:full"], existing_grants=True)
    assert aino("GET", "v2/deals").status_code == 403


def test_a_wrong_add_time_of_a_deal_is_refused(sandbox: Sandbox) -> None:
    body = {"person_id": sandbox.person("Eero")["id"], "title": "A", "add_time": "yesterday"}
    assert sandbox.http.post(f"{sandbox.url}/pipedrive/control/deals", json=body).status_code == 400


def test_an_activity_takes_a_deal_and_leaves_the_person_unchanged(sandbox: Sandbox, aino: Client) -> None:
    person = sandbox.order("pipedrive/control/persons", name="Vanha Nimi", update_time="2026-02-01T10:00:00Z")[
        "persons"
    ][0]
    deal = _deal(sandbox, sandbox.person("Eero")["id"], "Kauppa")["id"]
    link = [{"person_id": person["id"], "primary": True}]
    body = {"subject": "Puhelu", "participants": link, "deal_id": deal}
    assert aino("POST", "v2/activities", json=body).json()["data"]["deal_id"] == deal
    assert aino("POST", "v2/activities", json={**body, "deal_id": 999_999}).status_code == 400
    after = aino("GET", f"v2/persons/{person['id']}").json()["data"]
    assert after["update_time"] == "2026-02-01T10:00:00Z"


def test_requests_and_tokens_are_counted_by_operation(sandbox: Sandbox, aino: Client) -> None:
    person = sandbox.person("Eero")["id"]
    for _ in range(3):
        aino("GET", "v2/persons")
    aino("GET", f"v2/persons/{person}")
    aino("GET", "v2/persons/999999")
    aino("POST", "v2/activities", json={"subject": 5})
    sandbox.client("cecilia@toinen.example")("GET", "v2/persons")
    counted = sandbox.ask("pipedrive/control/requests/count", company_id=7001)
    assert counted["operations"]["GET /v2/persons"] == {"requests": 3, "tokens": 30, "statuses": {"200": 3}}
    single = counted["operations"]["GET /v2/persons/{person_id}"]
    assert single == {"requests": 2, "tokens": 2, "statuses": {"200": 1, "404": 1}}
    assert counted["tokens"] == 37
    everything = sandbox.ask("pipedrive/control/requests/count")
    assert everything["operations"]["GET /v2/persons"]["requests"] == 4
    assert everything["operations"]["POST oauth"]["requests"] == 2


def test_counts_can_begin_anew_and_the_log_be_read_from_an_index(sandbox: Sandbox, aino: Client) -> None:
    aino("GET", "v2/persons")
    before = sandbox.order("pipedrive/control/requests/count", "DELETE")
    assert (before["requests"], before["operations"]) == (0, {})
    aino("GET", "v1/users/me")
    counted = sandbox.ask("pipedrive/control/requests/count")
    assert list(counted["operations"]) == ["GET /v1/users/me"]
    newer = sandbox.ask("pipedrive/control/state", only="requests", since_index=before["next_index"])["requests"]
    assert [each["operation"] for each in newer] == ["GET /v1/users/me"]
    assert newer[0]["index"] == before["next_index"] == counted["next_index"] - 1


def test_spent_tokens_are_complete_by_operation_and_can_be_forgotten(sandbox: Sandbox, aino: Client) -> None:
    for path in ("v1/users/me", "v1/users", "v1/activityTypes", "v2/persons", "v2/personFields", "v2/deals"):
        aino("GET", path)
    counted = sandbox.ask("pipedrive/control/requests/count", company_id=7001)
    spent = sandbox.state("companies")["companies"][0]["spent"]
    assert spent == {name: each["tokens"] for name, each in counted["operations"].items() if each["tokens"]}
    assert sum(spent.values()) == sandbox.state("spent_tokens")["spent_tokens"] == 72
    sandbox.order("pipedrive/control/companies/7001", "PATCH", forget_spent=True)
    company = sandbox.state("companies")["companies"][0]
    assert company["spent"] == {}
    assert company["tokens_left"] == company["daily_tokens"]
