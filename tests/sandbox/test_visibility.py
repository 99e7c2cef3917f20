"""A person for its owner's eyes only: Aino is an admin and sees all, Bo and Daniel are not."""

import pytest

from tests.sandbox.running_sandbox import Client, Receiver, Sandbox, register_webhook

pytestmark = pytest.mark.processes


@pytest.fixture
def bo(sandbox: Sandbox) -> Client:
    """Return the API as Bo sees it, who owns every other person."""
    return sandbox.client("bo@esimerkki.example")


@pytest.fixture
def hidden(sandbox: Sandbox) -> int:
    """Return a person of Aino's that only she and admins see."""
    person = sandbox.person("Eero")
    sandbox.order(f"pipedrive/control/persons/{person['id']}", "PATCH", visible_to=1)
    number: int = person["id"]
    return number


def _link(person_id: int) -> dict[str, object]:
    return {"subject": "Puhelu", "type": "call", "participants": [{"person_id": person_id, "primary": True}]}


def test_a_hidden_person_is_seen_by_the_owner_and_by_admins_only(
    sandbox: Sandbox, aino: Client, bo: Client, hidden: int
) -> None:
    of_bo = sandbox.person("Helmi")["id"]
    sandbox.order(f"pipedrive/control/persons/{of_bo}", "PATCH", visible_to=1)

    def listed(client: Client) -> set[int]:
        rows = client("GET", "v2/persons", params={"limit": 500}).json()["data"]
        return {row["id"] for row in rows} & {hidden, of_bo}

    assert listed(aino) == {hidden, of_bo}
    assert listed(bo) == {of_bo}
    assert listed(sandbox.client("daniel@esimerkki.example")) == set()


def test_a_hidden_person_is_not_answered_searched_or_changed(
    sandbox: Sandbox, aino: Client, bo: Client, hidden: int
) -> None:
    query = {"term": "400124387", "fields": "phone"}
    assert len(aino("GET", "v2/persons/search", params=query).json()["data"]["items"]) == 1
    assert bo("GET", "v2/persons/search", params=query).json()["data"]["items"] == []
    for method, body in (("GET", None), ("PATCH", {"name": "A"}), ("DELETE", None)):
        assert bo(method, f"v2/persons/{hidden}", json=body).status_code == 403
    assert aino("GET", f"v2/persons/{hidden}").status_code == 200
    sandbox.order("pipedrive/control/switches", unseen_status=404)
    assert bo("GET", f"v2/persons/{hidden}").status_code == 404


def test_a_hidden_person_cannot_be_linked(sandbox: Sandbox, aino: Client, bo: Client, hidden: int) -> None:
    assert bo("POST", "v2/activities", json=_link(hidden)).status_code == 403
    assert aino("POST", "v2/activities", json=_link(hidden)).status_code == 200
    sandbox.order("pipedrive/control/switches", unseen_participant_status=200)
    assert bo("POST", "v2/activities", json=_link(hidden)).status_code == 200


def test_a_hidden_organization_is_neither_answered_nor_linked(sandbox: Sandbox, aino: Client, bo: Client) -> None:
    owner = next(each["id"] for each in sandbox.state("users")["users"] if each["email"].startswith("aino@"))
    made = sandbox.order("pipedrive/control/organizations", name="Ainon Oy", owner_id=owner, visible_to=1)
    address, body = f"v2/organizations/{made['id']}", {"subject": "Puhelu", "org_id": made["id"]}
    assert [client("GET", address).status_code for client in (aino, bo)] == [200, 403]
    assert [client("POST", "v2/activities", json=body).status_code for client in (aino, bo)] == [200, 403]
    sandbox.order("pipedrive/control/switches", unseen_status=404, unseen_participant_status=404)
    assert [bo("GET", address).status_code, bo("POST", "v2/activities", json=body).status_code] == [404, 404]
    sandbox.order("pipedrive/control/switches", unseen_participant_status=200)
    assert bo("POST", "v2/activities", json=body).status_code == 200


def test_a_vanished_person_cannot_be_linked_and_the_status_is_a_switch(sandbox: Sandbox, aino: Client) -> None:
    loser, survivor = sandbox.person("Eero")["id"], sandbox.person("Helmi")["id"]
    sandbox.order(f"pipedrive/control/persons/{loser}/merge", into=survivor)
    assert aino("POST", "v2/activities", json=_link(loser)).status_code == 400
    sandbox.order("pipedrive/control/switches", gone_participant_status=404)
    assert aino("POST", "v2/activities", json=_link(loser)).status_code == 404
    assert aino("POST", "v2/activities", json=_link(survivor)).status_code == 200


def test_an_event_goes_to_the_webhooks_of_those_who_may_see_it(
    sandbox: Sandbox, aino: Client, bo: Client, receiver: Receiver, hidden: int
) -> None:
    register_webhook(aino, receiver, subscription_url=f"{receiver.url}/aino/")
    register_webhook(bo, receiver, subscription_url=f"{receiver.url}/bo/")
    users = {each["email"].split("@")[0]: str(each["id"]) for each in sandbox.state("users")["users"]}
    sandbox.order(f"pipedrive/control/persons/{hidden}", "PATCH", name="Eero Salainen")
    event = receiver.wait_for(1)[0]
    assert event.path == "/aino/"
    assert event.json()["meta"]["permitted_user_ids"] == [users["aino"]]
    aino("PATCH", f"v2/persons/{hidden}", json={"visible_to": 3})
    assert {each.path for each in receiver.wait_for(3)[1:]} == {"/aino/", "/bo/"}
    assert set(receiver.received[2].json()["meta"]["permitted_user_ids"]) >= {users["aino"], users["bo"]}


def test_a_webhook_sees_with_the_eyes_of_the_user_it_names(
    sandbox: Sandbox, aino: Client, receiver: Receiver, hidden: int
) -> None:
    bo_id = next(each["id"] for each in sandbox.state("users")["users"] if each["email"].startswith("bo@"))
    register_webhook(aino, receiver, user_id=bo_id)
    aino("PATCH", f"v2/persons/{hidden}", json={"name": "Eero Salainen"})
    aino("PATCH", f"v2/persons/{sandbox.person('Helmi')['id']}", json={"name": "Helmi Julkinen"})
    assert [each.json()["data"]["name"] for each in receiver.wait_for(1)] == ["Helmi Julkinen"]
