"""The way through Pipedrive's consent page, step by step."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client

from tests.sandbox.running_sandbox import Json, Sandbox

CALLBACK = "/integrations/pipedrive/callback/"
CONFIRM = "/integrations/pipedrive/confirm/"
OVERVIEW = "/integrations/"


def begin(client: Client) -> dict[str, str]:
    """Press "Connect Pipedrive"; the query with which the browser leaves."""
    answer = client.post("/integrations/pipedrive/connect/")
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer["Location"]).query)
    return {name: values[0] for name, values in query.items()}


def code_for(outside: Sandbox, email: str) -> str:
    """Say Allow at Pipedrive."""
    return str(outside.order("pipedrive/control/authorize", user_email=email)["code"])


def come_back(client: Client, **query: str) -> Any:
    return client.get(CALLBACK, query)


def grants(outside: Sandbox) -> list[tuple[str, bool]]:
    """Whose grants there are at Pipedrive, and whether they live."""
    return [(grant["user_email"], grant["alive"]) for grant in outside.state("grants")["grants"]]


def oauth_requests(outside: Sandbox, ending: str) -> list[Json]:
    """The requests to an OAuth address, `token` or `revoke`."""
    requests: list[Json] = outside.state("requests")["requests"]
    return [each for each in requests if each["path"].rstrip("/").endswith(f"/oauth/{ending}")]
