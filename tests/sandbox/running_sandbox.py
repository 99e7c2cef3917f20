"""The running sandbox as a test speaks to it, and a small server that receives what it sends."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any

import requests

APP = ("sandbox-client", "sandbox-secret")
Json = dict[str, Any]
SECONDS_OF_PATIENCE = 30.0
"""How long a test waits for what comes within a second where nothing else runs: machines are shared."""


@dataclass
class Received:
    """One request that arrived."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        """Return the parsed body."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """A server that keeps what it gets and answers the statuses in `answers`, then 200."""

    url: str
    received: list[Received] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def wait_for(self, count: int, seconds: float = SECONDS_OF_PATIENCE) -> list[Received]:
        """Return once so many requests have arrived."""
        wait_until(lambda: len(self.received) >= count, seconds)
        return self.received


def wait_until(holds: Callable[[], bool], seconds: float = SECONDS_OF_PATIENCE, *, every: float = 0.01) -> None:
    """Wait for a condition, looking every so many seconds; fail when it never holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(every)


def handler_for(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    """Return the request handler that writes into the receiver."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.answers.pop(0) if receiver.answers else 200
            receiver.received.append(Received(self.command, self.path, headers, body))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_DELETE = _answer  # noqa: N815 - the names http.server calls

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name http.server gives
            """Say nothing."""

    return Handler


class Sandbox:
    """The running sandbox, spoken to over HTTP."""

    def __init__(self, url: str, redirect_uri: str) -> None:
        self.url = url
        self.redirect_uri = redirect_uri
        self.http = requests.Session()

    def order(self, endpoint: str, verb: str = "POST", **body: Any) -> Json:
        """Give an order to a control endpoint, e.g. `pipedrive/control/faults`."""
        answer = self.http.request(verb, f"{self.url}/{endpoint}", json=body)
        assert answer.ok, answer.text
        ordered: Json = answer.json()
        return ordered

    def state(self, *parts: str) -> Json:
        """Return parts of the Pipedrive stand-in's state."""
        answer = self.http.get(f"{self.url}/pipedrive/control/state", params={"only": ",".join(parts)})
        state: Json = answer.json()
        return state

    def ask(self, endpoint: str, **query: Any) -> Json:
        """Ask a control endpoint, e.g. `pipedrive/control/requests/count`."""
        answer = self.http.get(f"{self.url}/{endpoint}", params=query)
        assert answer.ok, answer.text
        found: Json = answer.json()
        return found

    def person(self, name: str) -> Json:
        """Return a person of the first company by the beginning of the name."""
        return next(
            each
            for each in self.state("persons")["persons"]
            if each["company_id"] == 7001 and each["name"].startswith(name)
        )

    def token(self, **form: str) -> requests.Response:
        """Ask the token endpoint."""
        return self.http.post(f"{self.url}/pipedrive/oauth/token", data=form, auth=APP)

    def redeem(self, code: str) -> requests.Response:
        """Exchange a code."""
        return self.token(grant_type="authorization_code", code=code, redirect_uri=self.redirect_uri)

    def install(self, email: str = "aino@esimerkki.example") -> Json:
        """Install the app for a user; return the token answer."""
        code = self.order("pipedrive/control/authorize", user_email=email)["code"]
        tokens: Json = self.redeem(code).json()
        return tokens

    def client(self, email: str = "aino@esimerkki.example") -> "Client":
        """Return an API client for a user who has installed the app."""
        return Client(self, self.install(email)["access_token"])


class Client:
    """The API as one user sees it."""

    def __init__(self, sandbox: Sandbox, access_token: str) -> None:
        self.sandbox = sandbox
        self.headers = {"Authorization": f"Bearer {access_token}"}

    def __call__(self, method: str, path: str, **options: Any) -> requests.Response:
        """Ask the API, e.g. `client("GET", "v2/persons", params={"limit": 2})`."""
        url = f"{self.sandbox.url}/pipedrive/api/{path}"
        return self.sandbox.http.request(method, url, headers=self.headers, timeout=10, **options)


def register_webhook(client: Client, receiver: Receiver, **fields: Any) -> requests.Response:
    """Register a webhook for all changes of persons; the fields given replace or add to the usual ones."""
    body = {
        "subscription_url": f"{receiver.url}/webhooks/pipedrive/key/",
        "event_action": "*",
        "event_object": "person",
        "name": "persons",
        "http_auth_user": "portal",
        "http_auth_password": "secret",
        **fields,
    }
    return client("POST", "v1/webhooks", json=body)
