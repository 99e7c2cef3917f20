"""Very many persons: added fast, the same for the same seed and paged."""

from collections import Counter
from typing import Any

import pytest
from requests import Response

from tests.sandbox.running_sandbox import Client, Json, Receiver, Sandbox, register_webhook

pytestmark = pytest.mark.processes


def _add(sandbox: Sandbox, count: int, **order: Any) -> Json:
    return sandbox.order("pipedrive/control/persons/many", count=count, **order)


def _added(sandbox: Sandbox) -> list[Json]:
    people: list[Json] = [each for each in sandbox.state("persons")["persons"] if each["company_id"] == 7001]
    return people[12:]


def _pages(client: Client, **query: str) -> list[Json]:
    rows: list[Json] = []
    while True:
        answer = client("GET", "v2/persons", params={"limit": "500", **query}).json()
        rows += answer["data"]
        if (cursor := answer["additional_data"]["next_cursor"]) is None:
            return rows
        query["cursor"] = cursor


def test_the_same_seed_makes_the_same_persons(sandbox: Sandbox) -> None:
    def made(seed: int) -> list[tuple[str, str]]:
        sandbox.order("pipedrive/control/reset")
        _add(sandbox, 50, seed=seed)
        return [(each["name"], each["phones"][0]["value"]) for each in _added(sandbox)]

    assert made(1) == made(1)
    assert made(1) != made(2)


def test_most_have_an_organization_that_about_three_share(sandbox: Sandbox) -> None:
    answer = _add(sandbox, 3000)
    employers = Counter(each["org_id"] for each in _added(sandbox))
    employed = 3000 - employers.pop(None)
    assert answer["added"] == 3000
    assert answer["organizations"] == len(employers)
    assert 0.55 < employed / 3000 < 0.65
    assert 2.5 < employed / len(employers) < 3.5


def test_every_number_is_unique_and_written_in_many_ways(sandbox: Sandbox) -> None:
    _add(sandbox, 2000)
    _add(sandbox, 2000, seed=2)
    sample = sandbox.ask("pipedrive/control/persons/sample", n=5000)
    assert sample["total"] == 4011
    numbers = [number for each in sample["persons"] for number in each["e164"]]
    assert len(numbers) == len(set(numbers)) + 1, "of the demo data two share one number"
    texts = [text for each in sample["persons"] for text in each["phones"]]
    shapes = {"".join("9" if sign.isdigit() else sign for sign in text) for text in texts}
    assert len(shapes) > 20


def test_numbers_are_shared_on_request(sandbox: Sandbox) -> None:
    _add(sandbox, 100, shared_numbers=10)
    sample = sandbox.ask("pipedrive/control/persons/sample", n=200)["persons"]
    owners = Counter(each["e164"][0] for each in sample if each["id"] >= _added(sandbox)[0]["id"])
    assert sum(owners.values()) - len(owners) == 10


def test_a_sample_is_the_same_again_and_of_one_company(sandbox: Sandbox) -> None:
    _add(sandbox, 100, company_id=7002)
    first = sandbox.ask("pipedrive/control/persons/sample", n=5, company_id=7002)
    assert first == sandbox.ask("pipedrive/control/persons/sample", n=5, company_id=7002)
    assert first["total"] == 110
    assert len(first["persons"]) == 5
    assert sandbox.ask("pipedrive/control/persons/sample")["total"] == 11


def test_only_a_loud_order_is_announced_as_a_bulk_edit(sandbox: Sandbox, aino: Client, receiver: Receiver) -> None:
    register_webhook(aino, receiver)
    _add(sandbox, 20)
    _add(sandbox, 5, seed=2, silent=False)
    events = [each.json() for each in receiver.wait_for(5)]
    assert all(each["meta"]["is_bulk_edit"] for each in events)
    assert {each["data"]["id"] for each in events} == {each["id"] for each in _added(sandbox)[20:]}


def test_the_time_of_change_can_be_given(sandbox: Sandbox, aino: Client) -> None:
    _add(sandbox, 600, update_time="2026-02-01T10:00:00Z")
    rows = _pages(aino, sort_by="update_time", updated_until="2026-02-01T10:00:01Z")
    assert len(rows) == 600
    assert {each["update_time"] for each in rows} == {"2026-02-01T10:00:00Z"}
    assert len(_pages(aino, updated_since="2026-02-01T10:00:01Z")) == 12


@pytest.mark.parametrize(
    "order", [{"count": 0}, {"count": 3000, "silent": False}, {"count": 1, "colour": "red"}], ids=str
)
def test_a_nonsensical_order_is_refused(sandbox: Sandbox, order: Json) -> None:
    url = f"{sandbox.url}/pipedrive/control/persons/many"
    assert sandbox.http.post(url, json=order).status_code == 400


@pytest.mark.parametrize("field", ["id", "update_time", "add_time"])
@pytest.mark.parametrize("direction", ["asc", "desc"])
def test_pages_in_any_order_hold_everyone_once(sandbox: Sandbox, aino: Client, field: str, direction: str) -> None:
    _add(sandbox, 1200)
    _add(sandbox, 700, seed=2, update_time="2026-02-01T10:00:00Z")
    rows = _pages(aino, sort_by=field, sort_direction=direction)
    keys = [(each[field], each["id"]) for each in rows]
    assert len(keys) == 1912
    assert keys == sorted(set(keys), reverse=direction == "desc")


def test_a_delta_holds_a_changed_person_once_whatever_it_is_sorted_by(sandbox: Sandbox, aino: Client) -> None:
    _add(sandbox, 600, update_time="2026-02-01T10:00:00Z")
    people = _added(sandbox)
    for person in (people[500], people[7], people[500]):
        aino("PATCH", f"v2/persons/{person['id']}", json={"name": "Uusi Nimi"})
    aino("DELETE", f"v2/persons/{people[9]['id']}")
    since = {"updated_since": "2026-02-01T10:00:01Z"}
    changed = [each["id"] for each in _pages(aino, **since) if each["name"] == "Uusi Nimi"]
    assert changed == [people[7]["id"], people[500]["id"]]
    by_time = [each["id"] for each in _pages(aino, sort_by="update_time", **since)]
    assert sorted(by_time) == [each["id"] for each in _pages(aino, **since)]
    assert people[9]["id"] not in by_time
    assert len(by_time) == 14


def test_a_hundred_thousand_are_paged_in_every_order(sandbox: Sandbox, aino: Client) -> None:
    _add(sandbox, 100_000)
    since = "2026-01-01T00:00:00Z"
    queries = [{"sort_by": "id"}, {"sort_by": "id", "updated_since": since}]
    for query in [*queries, {"sort_by": "update_time", "updated_since": since}]:
        pages = [answer.json()["data"] for answer in _first_pages(aino, {"limit": "500", **query}, 5)]
        assert len({person["id"] for page in pages for person in page}) == 5 * 500, query
    assert aino("GET", "v2/persons", params={"updated_since": "2099-01-01T00:00:00Z"}).json()["data"] == []


def _first_pages(client: Client, query: dict[str, str], count: int) -> list[Response]:
    answers: list[Response] = []
    for _ in range(count):
        answers.append(client("GET", "v2/persons", params=query))
        cursor = answers[-1].json()["additional_data"]["next_cursor"]
        if cursor is None:
            break
        query = {**query, "cursor": cursor}
    return answers
