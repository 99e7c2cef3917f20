"""Persons: paging, deltas, search, and the webhooks that tell of changes."""

import base64

import pytest

from tests.sandbox.running_sandbox import Client, Json, Receiver, Sandbox, register_webhook

pytestmark = pytest.mark.processes


def _search(client: Client, term: str, **options: str) -> list[str]:
    query = {"term": term, "fields": "phone", **options}
    items = client("GET", "v2/persons/search", params=query).json()["data"]["items"]
    return [each["item"]["name"] for each in items]


def test_pages_follow_the_cursor_to_the_end(aino: Client) -> None:
    seen, query = [], {"limit": "5"}
    for _ in range(10):
        answer = aino("GET", "v2/persons", params=query).json()
        seen += [person["id"] for person in answer["data"]]
        if (cursor := answer["additional_data"]["next_cursor"]) is None:
            break
        query["cursor"] = cursor
    assert len(seen) == 12
    assert seen == sorted(set(seen))


@pytest.mark.parametrize(
    "query",
    [
        {"limit": "501"},
        {"limit": "0"},
        {"limit": "x"},
        {"cursor": "nonsense"},
        {"sort_by": "name"},
        {"updated_since": "2026-11-22T10:00:00.123Z"},
        {"updated_since": "2026-11-22"},
        {"ids": ",".join(str(number) for number in range(101))},
        {"owner_id": "aino"},
    ],
    ids=str,
)
def test_a_wrong_list_query_is_refused(aino: Client, query: dict[str, str]) -> None:
    assert aino("GET", "v2/persons", params=query).status_code == 400


def test_a_delta_shows_changes_and_hides_deletions(sandbox: Sandbox, aino: Client) -> None:
    first, second = sandbox.person("Eero")["id"], sandbox.person("Helmi")["id"]
    aino("DELETE", f"v2/persons/{first}")
    ids = f"{first},{second}"
    assert [each["id"] for each in aino("GET", "v2/persons", params={"ids": ids}).json()["data"]] == [second]
    assert aino("GET", f"v2/persons/{first}").status_code == 404
    assert aino("GET", "v2/persons", params={"updated_since": "2099-01-01T00:00:00Z"}).json()["data"] == []


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("400124390", ["Katri Lehtonen"]),
        ("+358400124390", ["Katri Lehtonen"]),
        ("0400124387", []),
        ("0400124388", ["Helmi Koskela"]),
        ("400124389", ["Ilmari Saarinen"]),
        ("+358400124389", []),
        ("400124392", ["Päivi Rantanen", "Pekka Rantanen"]),
    ],
)
def test_the_search_compares_digits_and_knows_no_trunk_zero(aino: Client, term: str, found: list[str]) -> None:
    assert _search(aino, term) == found


def test_an_exact_match_is_of_the_text_as_typed(aino: Client) -> None:
    assert _search(aino, "+358 40 012 4390", exact_match="true") == ["Katri Lehtonen"]
    assert _search(aino, "+358400124390", exact_match="true") == []


def test_the_raw_switch_makes_it_a_plain_substring(sandbox: Sandbox, aino: Client) -> None:
    sandbox.order("pipedrive/control/switches", search_matching="raw")
    assert _search(aino, "400124390") == []
    assert _search(aino, "012 4390") == ["Katri Lehtonen"]


def test_a_deleted_person_stays_in_the_index_unmarked(sandbox: Sandbox, aino: Client) -> None:
    aino("DELETE", f"v2/persons/{sandbox.person('Katri')['id']}")
    assert _search(aino, "400124390") == ["Katri Lehtonen"]


def test_a_new_person_is_found_after_the_lag_only(sandbox: Sandbox, aino: Client) -> None:
    sandbox.order("pipedrive/control/switches", search_lag_seconds=60)
    made = aino("POST", "v2/persons", json={"name": "Uusi Nimi", "phones": [{"value": "0400124399"}]})
    assert made.json()["data"]["phones"] == [{"value": "0400124399", "primary": True, "label": "work"}]
    assert _search(aino, "0400124399") == []


@pytest.mark.parametrize("query", [{"term": "4"}, {"term": ""}, {"term": "4" * 300}, {"term": "44", "fields": "shoe"}])
def test_a_wrong_search_is_refused(aino: Client, query: dict[str, str]) -> None:
    assert aino("GET", "v2/persons/search", params=query).status_code == 400


def test_a_search_hit_has_the_documented_shape(aino: Client) -> None:
    query = {"term": "400124390", "fields": "phone"}
    hit = aino("GET", "v2/persons/search", params=query).json()["data"]["items"][0]
    assert hit["item"]["phones"] == ["+358 40 012 4390", "09 4123 4568"]
    assert hit["item"]["organization"]["name"] == "Lehtosen Leipomo Ky"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": ""}, 400),
        ({"name": "A", "phone": "1"}, 400),
        ({"name": "A", "phones": ["1"]}, 400),
        ({"name": "A", "job_title": "x"}, 403),
    ],
)
def test_a_wrong_person_is_refused(aino: Client, body: Json, status: int) -> None:
    assert aino("POST", "v2/persons", json=body).status_code == status


def test_changes_of_persons_reach_the_webhook(sandbox: Sandbox, aino: Client, receiver: Receiver) -> None:
    assert register_webhook(aino, receiver).status_code == 201
    person = aino("POST", "v2/persons", json={"name": "Uusi Nimi"}).json()["data"]
    created = receiver.wait_for(1)[0]
    assert created.headers["authorization"] == "Basic " + base64.b64encode(b"portal:secret").decode()
    assert created.json()["meta"]["action"] == "create"
    assert created.json()["data"]["name"] == "Uusi Nimi"
    assert created.json()["previous"] is None
    aino("PATCH", f"v2/persons/{person['id']}", json={"phones": [{"value": "0400124399"}]})
    changed = receiver.wait_for(2)[1].json()
    assert changed["previous"] == {"phones": []}
    aino("DELETE", f"v2/persons/{person['id']}")
    deleted = receiver.wait_for(3)[2].json()
    assert deleted["data"] is None
    assert deleted["meta"]["entity_id"] == str(person["id"])


def test_a_merge_is_told_by_two_events(sandbox: Sandbox, aino: Client, receiver: Receiver) -> None:
    register_webhook(aino, receiver)
    loser, survivor = sandbox.person("Eero"), sandbox.person("Helmi")
    sandbox.order(f"pipedrive/control/persons/{loser['id']}/merge", into=survivor["id"])
    events = {each.json()["meta"]["action"]: each.json() for each in receiver.wait_for(2)}
    assert events["delete"]["meta"]["merged_to_id"] == survivor["id"]
    assert events["change"]["meta"]["merged_from_id"] == loser["id"]
    assert len(events["change"]["data"]["phones"]) == 2


def test_a_refused_webhook_is_tried_again(sandbox: Sandbox, aino: Client, receiver: Receiver) -> None:
    register_webhook(aino, receiver)
    receiver.answers[:] = [500, 503]
    aino("POST", "v2/persons", json={"name": "Uusi Nimi"})
    attempts = [each.json()["meta"] for each in receiver.wait_for(3)]
    assert [meta["attempt"] for meta in attempts] == [1, 2, 3]
    assert len({meta["id"] for meta in attempts}) == 1


@pytest.mark.parametrize(
    "fields",
    [
        {"subscription_url": "http://127.0.0.1:9/"},
        {"subscription_url": "http://portal.example/hook"},
        {"name": ""},
        {"event_object": "shoe"},
        {"event_action": "added"},
        {"colour": "red"},
    ],
    ids=str,
)
def test_a_wrong_webhook_is_refused(aino: Client, receiver: Receiver, fields: Json) -> None:
    answer = register_webhook(aino, receiver, **fields)
    assert answer.status_code == 400
    assert answer.json()["status"] == "error"
    assert next(iter(fields)) in answer.json()["errors"]


def test_webhooks_are_listed_and_deleted_by_their_owner(sandbox: Sandbox, aino: Client, receiver: Receiver) -> None:
    made = register_webhook(aino, receiver).json()["data"]["id"]
    assert [each["id"] for each in aino("GET", "v1/webhooks").json()["data"]] == [made]
    bo = sandbox.client("bo@esimerkki.example")
    assert bo("GET", "v1/webhooks").json()["data"] == []
    sandbox.order("pipedrive/control/switches", list_all_webhooks=True)
    assert [each["id"] for each in bo("GET", "v1/webhooks").json()["data"]] == [made]
    assert bo("DELETE", f"v1/webhooks/{made}").status_code == 403
    assert aino("DELETE", f"v1/webhooks/{made}").status_code == 200
    assert aino("DELETE", f"v1/webhooks/{made}").status_code == 404
