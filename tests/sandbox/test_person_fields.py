"""Fields of persons: both lists, custom values in the API and in webhooks."""

import pytest

from tests.sandbox.running_sandbox import Client, Json, Receiver, Sandbox, register_webhook

pytestmark = pytest.mark.processes


def _add_field(sandbox: Sandbox, name: str = "Mobile 2", field_type: str = "phone") -> str:
    key: str = sandbox.order("pipedrive/control/person-fields", name=name, field_type=field_type)["key"]
    return key


def test_the_built_in_phone_is_of_type_phone(aino: Client) -> None:
    fields = {each["field_code"]: each for each in aino("GET", "v2/personFields").json()["data"]}
    assert fields["phone"]["field_type"] == "phone"
    assert fields["name"]["field_type"] == fields["email"]["field_type"] == "varchar"
    assert not any(each["is_custom_field"] for each in fields.values())


def test_a_custom_field_has_a_key_of_40_hex_digits_in_both_lists(sandbox: Sandbox, aino: Client) -> None:
    key = _add_field(sandbox)
    assert len(key) == 40
    assert int(key, 16)
    custom = [each for each in aino("GET", "v2/personFields").json()["data"] if each["is_custom_field"]]
    assert [(each["field_code"], each["field_name"], each["field_type"]) for each in custom] == [
        (key, "Mobile 2", "phone")
    ]
    editable = [each for each in aino("GET", "v1/personFields").json()["data"] if each["edit_flag"]]
    assert [(each["key"], each["name"], each["field_type"]) for each in editable] == [(key, "Mobile 2", "phone")]
    other = sandbox.client("cecilia@toinen.example")("GET", "v2/personFields").json()["data"]
    assert key not in [each["field_code"] for each in other]


def test_the_list_of_v2_follows_a_cursor(sandbox: Sandbox, aino: Client) -> None:
    key = _add_field(sandbox)
    codes: list[str] = []
    query: dict[str, str] = {"limit": "5"}
    for _ in range(9):
        answer = aino("GET", "v2/personFields", params=query).json()
        codes += [each["field_code"] for each in answer["data"]]
        if (cursor := answer["additional_data"]["next_cursor"]) is None:
            break
        query["cursor"] = cursor
    assert len(codes) == len(set(codes)) == 13
    assert codes[-1] == key


def test_the_list_of_v1_is_paged_by_start(sandbox: Sandbox, aino: Client) -> None:
    _add_field(sandbox)
    first = aino("GET", "v1/personFields", params={"limit": 10}).json()
    assert first["additional_data"]["pagination"] == {
        "start": 0,
        "limit": 10,
        "more_items_in_collection": True,
        "next_start": 10,
    }
    rest = aino("GET", "v1/personFields", params={"limit": 10, "start": 10}).json()
    assert rest["additional_data"]["pagination"]["more_items_in_collection"] is False
    numbers = [each["id"] for each in first["data"] + rest["data"]]
    assert len(numbers) == len(set(numbers)) == 13


@pytest.mark.parametrize(("path", "tokens"), [("v1/personFields", 20), ("v2/personFields", 10)])
def test_the_lists_have_their_price_and_scopes(sandbox: Sandbox, aino: Client, path: str, tokens: int) -> None:
    assert aino("GET", path).status_code == 200
    assert sandbox.state("spent_tokens")["spent_tokens"] == tokens
    sandbox.order("pipedrive/control/switches", scopes=["base", "admin"], existing_grants=True)
    assert aino("GET", path).status_code == 200
    sandbox.order("pipedrive/control/switches", scopes=["base", "activities:full"], existing_grants=True)
    assert aino("GET", path).status_code == 403


@pytest.mark.parametrize(
    "order",
    [
        {"name": "A", "field_type": "shoe"},
        {"name": "A", "field_type": "phone", "key": "abc"},
        {"field_type": "phone"},
    ],
    ids=str,
)
def test_a_nonsensical_field_is_refused(sandbox: Sandbox, order: Json) -> None:
    url = f"{sandbox.url}/pipedrive/control/person-fields"
    assert sandbox.http.post(url, json=order).status_code == 400


def test_a_person_shows_every_custom_field_or_those_asked_for(sandbox: Sandbox, aino: Client) -> None:
    first, second = _add_field(sandbox), _add_field(sandbox, "Nickname", "varchar")
    person = sandbox.person("Eero")["id"]
    changed = aino("PATCH", f"v2/persons/{person}", json={"custom_fields": {first: "040 012 4300"}}).json()["data"]
    assert changed["custom_fields"] == {first: "040 012 4300", second: None}
    query = {"ids": str(person), "custom_fields": f"{first},{'0' * 40}"}
    assert aino("GET", "v2/persons", params=query).json()["data"][0]["custom_fields"] == {first: "040 012 4300"}
    single = aino("GET", f"v2/persons/{person}", params={"custom_fields": second}).json()["data"]
    assert single["custom_fields"] == {second: None}


def test_a_custom_value_not_named_is_kept(sandbox: Sandbox, aino: Client) -> None:
    first, second = _add_field(sandbox), _add_field(sandbox, "Nickname", "varchar")
    body = {"name": "Uusi Nimi", "custom_fields": {first: "040 012 4300"}}
    person = aino("POST", "v2/persons", json=body).json()["data"]["id"]
    changed = aino("PATCH", f"v2/persons/{person}", json={"custom_fields": {second: "Uuno"}}).json()["data"]
    assert changed["custom_fields"] == {first: "040 012 4300", second: "Uuno"}


def test_more_than_15_keys_are_refused(aino: Client) -> None:
    keys = [f"{number:040x}" for number in range(16)]
    assert aino("GET", "v2/persons", params={"custom_fields": ",".join(keys)}).status_code == 400
    assert aino("GET", "v2/persons", params={"custom_fields": ",".join(keys[:15])}).status_code == 200


def test_a_custom_value_of_no_field_or_of_the_wrong_type_is_refused(sandbox: Sandbox, aino: Client) -> None:
    key = _add_field(sandbox)
    for values in ({"0" * 40: "x"}, {key: 5}, {key: ["x"]}):
        assert aino("POST", "v2/persons", json={"name": "A", "custom_fields": values}).status_code == 400
    url = f"{sandbox.url}/pipedrive/control/persons"
    assert sandbox.http.post(url, json={"name": "A", "custom_fields": {"0" * 40: "x"}}).status_code == 400


def test_a_webhook_wraps_custom_values_with_their_type(sandbox: Sandbox, aino: Client, receiver: Receiver) -> None:
    first, second = _add_field(sandbox), _add_field(sandbox, "Nickname", "varchar")
    register_webhook(aino, receiver)
    body = {"name": "Uusi Nimi", "custom_fields": {first: "040 012 4300"}}
    person = aino("POST", "v2/persons", json=body).json()["data"]["id"]
    wrapped = {"type": "phone", "value": "040 012 4300"}
    assert receiver.wait_for(1)[0].json()["data"]["custom_fields"] == {first: wrapped, second: None}
    aino("PATCH", f"v2/persons/{person}", json={"custom_fields": {first: None}})
    changed = receiver.wait_for(2)[1].json()
    assert changed["data"]["custom_fields"] == {first: None, second: None}
    assert changed["previous"] == {"custom_fields": {first: wrapped}}
    aino("DELETE", f"v2/persons/{person}")
    assert receiver.wait_for(3)[2].json()["previous"]["custom_fields"] == {first: None, second: None}


def test_the_search_knows_custom_phones(sandbox: Sandbox, aino: Client) -> None:
    key = _add_field(sandbox)
    person = sandbox.person("Eero")["id"]
    sandbox.order(f"pipedrive/control/persons/{person}", "PATCH", custom_fields={key: "040 012 4300"})

    def found(fields: str) -> list[int]:
        query = {"term": "400124300", "fields": fields}
        items = aino("GET", "v2/persons/search", params=query).json()["data"]["items"]
        return [each["item"]["id"] for each in items]

    assert found("phone") == []
    assert found("custom_fields,phone") == [person]


def test_a_reset_forgets_custom_fields(sandbox: Sandbox) -> None:
    _add_field(sandbox)
    sandbox.order("pipedrive/control/reset")
    fields = sandbox.client()("GET", "v2/personFields").json()["data"]
    assert not any(each["is_custom_field"] for each in fields)
