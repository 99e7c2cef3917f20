"""Token costs, burst limits and faults to order."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from tests.sandbox.running_sandbox import Client, Sandbox

pytestmark = pytest.mark.processes

ACTIVITY = {"subject": "Puhelu", "type": "call"}


def test_every_operation_costs_what_pipedrive_says(sandbox: Sandbox, aino: Client) -> None:
    person = sandbox.person("Eero")["id"]
    made = aino("POST", "v2/activities", json=ACTIVITY).json()["data"]["id"]
    costs = [
        ("GET", "v1/users/me", 2),
        ("GET", "v1/users", 20),
        ("GET", "v1/users/find?term=bo", 40),
        ("GET", "v1/activityTypes", 20),
        ("GET", "v1/webhooks", 10),
        ("GET", "v2/persons", 10),
        ("GET", f"v2/persons/{person}", 1),
        ("GET", "v2/persons/search?term=400124387", 20),
        ("GET", "v2/activities", 10),
        ("GET", f"v2/activities/{made}", 1),
        ("DELETE", f"v2/activities/{made}", 3),
        ("DELETE", f"v2/persons/{person}", 3),
    ]
    for method, path, tokens in costs:
        before = sandbox.state("spent_tokens")["spent_tokens"]
        assert aino(method, path).status_code == 200, path
        assert sandbox.state("spent_tokens")["spent_tokens"] - before == tokens, path
    company = sandbox.state("companies")["companies"][0]
    assert company["spent"]["POST /v2/activities"] == 5
    assert company["spent"]["GET /v2/activities/{activity_id}"] == 1


def test_the_daily_budget_is_the_companys_and_ends_in_429(sandbox: Sandbox, aino: Client) -> None:
    company = sandbox.state("companies")["companies"][0]["id"]
    sandbox.order(f"pipedrive/control/companies/{company}", "PATCH", daily_tokens=7)
    good = aino("POST", "v2/activities", json=ACTIVITY)
    assert good.headers["x-daily-ratelimit-token-limit"] == "7"
    assert good.headers["x-daily-ratelimit-token-remaining"] == "2"
    refused = sandbox.client("bo@esimerkki.example")("POST", "v2/activities", json=ACTIVITY)
    assert refused.status_code == 429
    assert refused.headers["x-daily-ratelimit-token-remaining"] == "0"
    assert sandbox.client("cecilia@toinen.example")("POST", "v2/activities", json=ACTIVITY).status_code == 200


def test_the_81st_request_within_two_seconds_is_429(sandbox: Sandbox, aino: Client) -> None:
    person = sandbox.person("Eero")["id"]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: aino("GET", f"v2/persons/{person}"), range(90)))
    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 10
    assert refused[0].headers["x-ratelimit-limit"] == "80"
    assert refused[0].headers["x-ratelimit-remaining"] == "0"
    assert refused[0].json()["errorCode"] == 429
    assert 1 <= int(refused[0].headers["x-ratelimit-reset"]) <= 2
    assert sandbox.client("bo@esimerkki.example")("GET", "v1/users/me").status_code == 200, "each token has its own"


def test_the_11th_search_within_two_seconds_is_429_and_later_ones_work(aino: Client) -> None:
    query = {"term": "400124387"}
    answers = [aino("GET", "v2/persons/search", params=query).status_code for _ in range(11)]
    assert answers == [200] * 10 + [429]
    time.sleep(2.05)
    assert aino("GET", "v2/persons/search", params=query).status_code == 200


@pytest.mark.parametrize("status", [402, 403, 429, 500, 503])
def test_a_fault_before_the_work_leaves_nothing(sandbox: Sandbox, aino: Client, status: int) -> None:
    sandbox.order("pipedrive/control/faults", method="POST", path="/v2/activities", status=status, times=2)
    assert [aino("POST", "v2/activities", json=ACTIVITY).status_code for _ in range(3)] == [
        status,
        status,
        200,
    ]
    assert len(sandbox.state("activities")["activities"]) == 1


def test_a_fault_after_the_work_leaves_the_activity(sandbox: Sandbox, aino: Client) -> None:
    sandbox.order("pipedrive/control/faults", path="/v2/activities", status=500, after=True)
    assert aino("POST", "v2/activities", json=ACTIVITY).status_code == 500
    assert len(sandbox.state("activities")["activities"]) == 1
    last = sandbox.state("requests")["requests"][-1]
    assert (last["status"], last["tokens"], last["fault"]) == (500, 5, True)


@pytest.mark.parametrize("after", [False, True])
def test_a_dropped_connection_gives_no_answer(sandbox: Sandbox, aino: Client, *, after: bool) -> None:
    sandbox.order("pipedrive/control/faults", path="/v2/activities", drop=True, after=after)
    with pytest.raises(requests.ConnectionError):
        aino("POST", "v2/activities", json=ACTIVITY)
    assert len(sandbox.state("activities")["activities"]) == int(after)
    assert sandbox.state("requests")["requests"][-1]["status"] is None


@pytest.mark.parametrize(("after", "status"), [(False, 504), (True, 200)])
def test_a_hanging_answer_comes_late(sandbox: Sandbox, aino: Client, *, after: bool, status: int) -> None:
    sandbox.order("pipedrive/control/faults", path="/v2/activities", hang_seconds=0.3, after=after)
    started = time.monotonic()
    assert aino("POST", "v2/activities", json=ACTIVITY).status_code == status
    assert time.monotonic() - started >= 0.3
    assert len(sandbox.state("activities")["activities"]) == int(after)


def test_a_fault_can_be_a_page_of_html_or_any_body(sandbox: Sandbox, aino: Client) -> None:
    orders = [
        {"status": 403, "html": True},
        {"status": 200, "body": "not json"},
        {"status": 400, "body": {"a": 1}},
    ]
    sandbox.order("pipedrive/control/faults", faults=orders)
    assert aino("GET", "v1/users/me").text.startswith("<!DOCTYPE html>")
    assert aino("GET", "v1/users/me").text == "not json"
    assert aino("GET", "v1/users/me").json() == {"a": 1}


def test_a_fault_can_strike_one_company_only_and_the_token_endpoint(sandbox: Sandbox, aino: Client) -> None:
    sandbox.order("pipedrive/control/faults", status=500, company_id=7002, times=9)
    sandbox.order("pipedrive/control/faults", path="/oauth/token", status=503)
    assert aino("GET", "v1/users/me").status_code == 200
    assert sandbox.redeem("x").status_code == 503
    assert sandbox.redeem("x").status_code == 400
    assert sandbox.client("cecilia@toinen.example")("GET", "v1/users/me").status_code == 500


def test_a_fault_can_strike_at_random_and_the_same_seed_strikes_the_same(sandbox: Sandbox, aino: Client) -> None:
    rounds = []
    for _round in range(2):
        sandbox.order("pipedrive/control/faults", path="/v1/users/me", status=503, chance=0.5, seed=7, times=1000)
        rounds.append([aino("GET", "v1/users/me").status_code for _ in range(30)])
        (fault,) = sandbox.order("pipedrive/control/faults", "GET")["faults"]
        assert fault["struck"] == rounds[-1].count(503)
        sandbox.order("pipedrive/control/faults", "DELETE")
    assert rounds[0] == rounds[1]
    assert set(rounds[0]) == {200, 503}


def test_a_nonsensical_order_is_refused(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/pipedrive/control"
    assert sandbox.http.post(f"{url}/faults", json={"colour": "red"}).status_code == 400
    assert sandbox.http.post(f"{url}/switches", json={"delay_ms": "5"}).status_code == 400
    assert sandbox.http.post(f"{url}/authorize", json={"user_email": "eino@esimerkki.example"}).status_code == 400


def test_each_request_is_delayed_as_ordered(sandbox: Sandbox, aino: Client) -> None:
    sandbox.order("pipedrive/control/switches", delay_ms=100)
    started = time.monotonic()
    aino("GET", "v1/users/me")
    assert time.monotonic() - started >= 0.1


def test_the_pages_show_names_escaped(sandbox: Sandbox, aino: Client) -> None:
    person = sandbox.person("<b>Olli")
    link = [{"person_id": person["id"], "primary": True}]
    body = {**ACTIVITY, "subject": "<script>", "participants": link}
    made = aino("POST", "v2/activities", json=body).json()["data"]["id"]
    for path in ("pipedrive/", f"pipedrive/activities/{made}", f"pipedrive/person/{person['id']}"):
        page = sandbox.http.get(f"{sandbox.url}/{path}")
        assert page.status_code == 200
        assert "&lt;b&gt;Olli&lt;/b&gt; &amp; &quot;Pojat&quot;" in page.text
        assert "<script>" not in page.text
    assert sandbox.http.get(f"{sandbox.url}/pipedrive/activities/999999").status_code == 404
    assert "/mustalinja/" in sandbox.http.get(f"{sandbox.url}/").text
