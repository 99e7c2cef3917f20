"""Every request of the client, held against Pipedrive's own documents and against the sandbox."""

import datetime
import logging
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from integrations.connections import client_for
from integrations.errors import IntegrationError, NotFoundError, OutcomeUnknownError, TryLaterError
from integrations.models import PipedriveConnection
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive_app import oauth_app
from tests.integrations.oauth import begin, code_for, come_back
from tests.openapi import check_request, documents_missing
from tests.sandbox.running_sandbox import Json, Sandbox

pytestmark = pytest.mark.django_db
Connect = Callable[[User], PipedriveConnection]
LONG_AGO = datetime.datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=datetime.UTC)
BODY: Json = {
    "subject": "Incoming call, 2 min 52 s",
    "type": "call",
    "done": True,
    "due_date": "2026-03-01",
    "due_time": "07:00",
    "duration": "00:03",
    "busy": False,
    "note": "Ref ABCDEFGHJKMN",
}


@pytest.fixture
def client(bo: User, connected: Connect) -> PipedriveClient:
    return client_for(connected(bo))


def activity_for(outside: Sandbox, **changes: Any) -> Json:
    person_id = outside.person("Eero")["id"]
    return BODY | {"participants": [{"person_id": person_id, "primary": True}]} | changes


def register(client: PipedriveClient, outside: Sandbox) -> int:
    """Have the sandbox's own front page told of users; it is an address that answers."""
    return client.register_webhook(entity="user", name="Test", url=f"{outside.url}/", user="a", password="b")


KEY = "f" * 40
NOT_IN_THE_DOCUMENTS = {"custom_phone_fields", "open_deals"}
"""The documents beside the repository leave these operations out."""
USES: dict[str, Callable[[PipedriveClient, Sandbox], Any]] = {
    "me": lambda client, _outside: client.me(),
    "active_activity_types": lambda client, _outside: client.active_activity_types(),
    "search_persons_by_phone": lambda client, _outside: client.search_persons_by_phone("400124387"),
    "persons": lambda client, outside: client.persons([outside.person("Eero")["id"], outside.person("Helmi")["id"]]),
    "person": lambda client, outside: client.person(outside.person("Eero")["id"]),
    "users": lambda client, _outside: client.users(),
    "all_persons": lambda client, _outside: client.all_persons(cursor="", phone_fields=[KEY]),
    "changed_persons": lambda client, _outside: client.changed_persons(since=LONG_AGO, cursor="", phone_fields=[]),
    "custom_phone_fields": lambda client, _outside: client.custom_phone_fields(),
    "create_person": lambda client, _outside: client.create_person(name="A", number="+358400999888", owner_id=101),
    "organization_name": lambda client, outside: client.organization_name(outside.person("Eero")["org_id"]),
    "open_deals": lambda client, outside: client.open_deals(person_id=outside.person("Eero")["id"], limit=2),
    "webhooks": lambda client, _outside: client.webhooks(),
    "register_webhook": register,
    "delete_webhook": lambda client, outside: client.delete_webhook(register(client, outside)),
    "create_activity": lambda client, outside: client.create_activity(activity_for(outside)),
    "delete_activity": lambda client, outside: client.delete_activity(client.create_activity(activity_for(outside))),
    "mark_activity_done": lambda client, outside: client.mark_activity_done(
        client.create_activity(activity_for(outside))
    ),
    "is_activity_open": lambda client, outside: client.is_activity_open(client.create_activity(activity_for(outside))),
    "activity": lambda client, outside: client.activity(client.create_activity(activity_for(outside))),
    "open_activities": lambda client, outside: client.open_activities(
        person_id=outside.person("Eero")["id"], owner_id=101
    ),
    "activity_with_reference": lambda client, outside: client.activity_with_reference(
        reference="Ref X", person_id=outside.person("Eero")["id"], owner_id=1, since=LONG_AGO
    ),
}


def test_every_method_is_held_against_the_documents() -> None:
    assert set(USES) == {name for name in vars(PipedriveClient) if not name.startswith("_")}


@pytest.mark.skipif(bool(documents_missing()), reason=documents_missing())
@pytest.mark.parametrize("method", USES)
def test_what_it_sends_is_as_documented(outside: Sandbox, client: PipedriveClient, method: str) -> None:
    before = len(outside.state("requests")["requests"])
    USES[method](client, outside)
    sent = outside.state("requests")["requests"][before:]
    assert sent
    for request in sent:
        assert request["status"] in (200, 201)
        if method not in NOT_IN_THE_DOCUMENTS:
            check_request(request["method"], request["path"], request["query"], request["body"])


@pytest.mark.skipif(bool(documents_missing()), reason=documents_missing())
@pytest.mark.parametrize(
    "form",
    [
        {"grant_type": "authorization_code", "code": "x", "redirect_uri": "http://localhost:8000/"},
        {"grant_type": "refresh_token", "refresh_token": "x"},
    ],
)
def test_the_forms_of_the_token_endpoint_are_as_documented(form: Json) -> None:
    check_request("POST", "/oauth/token", {}, form)


class TestReading:
    def test_a_search_gives_candidates_with_their_organisation(self, outside: Sandbox, client: PipedriveClient) -> None:
        found = client.search_persons_by_phone("400124387")
        assert [(person.name, person.phones) for person in found] == [("Eero Mäkinen", ("+358400124387",))]
        assert found[0].organization_name == "Kuusikon Puutarha Oy"

    def test_a_search_follows_the_pages(self, outside: Sandbox, client: PipedriveClient) -> None:
        many = [{"name": f"Kaima {number}", "phones": ["0501234567"]} for number in range(130)]
        outside.order("pipedrive/control/persons", persons=many)
        assert len(client.search_persons_by_phone("501234567")) == 130

    def test_deleted_persons_are_left_out_of_a_list(self, outside: Sandbox, client: PipedriveClient) -> None:
        eero, helmi = outside.person("Eero")["id"], outside.person("Helmi")["id"]
        outside.order(f"pipedrive/control/persons/{eero}", "DELETE")
        assert [person.person_id for person in client.persons([eero, helmi])] == [helmi]

    def test_a_person_that_is_not_there_is_not_found(self, client: PipedriveClient) -> None:
        with pytest.raises(NotFoundError):
            client.person(999_999)

    def test_inactive_activity_types_are_left_out(self, outside: Sandbox, client: PipedriveClient) -> None:
        outside.order("pipedrive/control/activity-types", key_string="task", active_flag=False)
        assert set(client.active_activity_types()) == {"call", "meeting", "deadline", "email"}


class TestWriting:
    def test_the_activity_is_found_by_its_reference(self, outside: Sandbox, client: PipedriveClient) -> None:
        since = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=1)
        person_id = outside.person("Eero")["id"]
        number = client.create_activity(activity_for(outside))
        owner_id = outside.state("activities")["activities"][0]["owner_id"]
        for whose in (person_id, None):
            where = {"person_id": whose, "owner_id": owner_id, "since": since}
            assert client.activity_with_reference(reference="Ref ABCDEFGHJKMN", **where) == number
            assert client.activity_with_reference(reference="Ref OTHER", **where) is None

    @pytest.mark.parametrize(
        "body", [{}, [], {"data": None}, {"data": {}}, {"data": {"id": None}}, {"data": {"id": "x"}}, {"data": [1]}]
    )
    def test_an_answer_without_an_id_leaves_the_outcome_unknown(
        self, outside: Sandbox, client: PipedriveClient, body: Any
    ) -> None:
        outside.order("pipedrive/control/faults", path="v2/activities", status=201, body=body)
        with pytest.raises(OutcomeUnknownError):
            client.create_activity(activity_for(outside))

    def test_an_empty_answer_leaves_it_unknown_too(self, outside: Sandbox, client: PipedriveClient) -> None:
        outside.order("pipedrive/control/faults", path="v2/activities", status=201, body="")
        with pytest.raises(OutcomeUnknownError):
            client.create_activity(activity_for(outside))

    def test_a_write_after_a_refused_token_is_carried_out_once(self, outside: Sandbox, client: PipedriveClient) -> None:
        outside.order("pipedrive/control/tokens/expire")
        client.create_activity(activity_for(outside))
        assert len(outside.state("activities")["activities"]) == 1


OF_ANY_ACTIVITY: dict[str, Callable[[PipedriveClient, Sandbox], Any]] = {
    "delete_activity": lambda client, _outside: client.delete_activity(1),
    "mark_activity_done": lambda client, _outside: client.mark_activity_done(1),
    "is_activity_open": lambda client, _outside: client.is_activity_open(1),
    "activity": lambda client, _outside: client.activity(1),
}
"""Without making the activity first, which the strange answer would hit."""


@pytest.mark.parametrize(
    "body", [{}, [], None, {"data": 5}, {"data": [5]}, {"data": {"items": 5}}, {"data": "x"}], ids=str
)
@pytest.mark.parametrize("method", [name for name in USES if name not in ("create_activity", "create_person", "me")])
def test_a_read_with_a_strange_answer_is_tried_later_or_finds_nothing(
    outside: Sandbox, client: PipedriveClient, method: str, body: Any
) -> None:
    outside.order("pipedrive/control/faults", path="/api/", status=200, body="null" if body is None else body)
    try:
        found = (USES | OF_ANY_ACTIVITY)[method](client, outside)
    except TryLaterError:
        return
    assert not found


def test_neither_tokens_nor_numbers_are_logged(
    outside: Sandbox, bo: User, browser_of: Callable[[User], Client], caplog: pytest.LogCaptureFixture
) -> None:
    """A whole connect and search, one refresh and some trouble, with every log as talkative as it gets."""
    caplog.set_level(logging.DEBUG)
    browser = browser_of(bo)
    code, state = code_for(outside, bo.email), begin(browser)["state"]
    come_back(browser, code=code, state=state)
    connection = PipedriveConnection.objects.get()
    old = connection.access_token
    outside.order("pipedrive/control/tokens/expire")
    client = client_for(connection)
    client.search_persons_by_phone("400124387")
    for fault in ({"status": 500}, {"drop": True}, {"status": 400, "body": {"error": "no 400124387"}}):
        outside.order("pipedrive/control/faults", path="persons/search", **fault)
        with pytest.raises(IntegrationError) as raised:
            client.search_persons_by_phone("400124387")
        assert "400124387" not in str(raised.value)
    connection.refresh_from_db()
    secrets = [code, state, old, connection.access_token, connection.refresh_token, oauth_app().client_secret]
    assert [each for each in (*secrets, "400124387", "Bearer") if each in caplog.text] == []
    assert "users/me" in caplog.text
