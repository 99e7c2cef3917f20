"""The web process alone, with a company whose webhooks it takes: no worker, no sandbox, a database to be harmed."""

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests

from tests.calls.events import Json, ended_call, signed
from tests.portal.environment import machine_and_keys
from tests.portal.processes import end, manage, start
from tests.sandbox.running_sandbox import wait_until
from tests.sandbox_process import free_port

SECONDS_TO_START = 30
SECONDS_A_SENDER_WAITS = 12
"""Django's and the client's own ways to give up lie far above: a test that reaches this is one that hung."""
SECONDS_SOMEBODY_LOOKS = 30
INSIDE = "import json; from bench.intake_account import {0}; print(json.dumps({0}()))"


@dataclass(frozen=True)
class Intake:
    """A running web process.

    Attributes:
        environment: of commands that look into the database past whatever stands before it.
        process: gunicorn's, which leads its group.
    """

    url: str
    environment: dict[str, str]
    key: str
    secret: str
    process: "subprocess.Popen[bytes]"

    def send(self, event: Json, pace: Callable[[bytes], Iterable[bytes]] | None = None) -> requests.Response:
        """Deliver an event as Mustalinja does; its body in pieces where a pace is given."""
        body = json.dumps(event).encode()
        address = f"{self.url}/webhooks/mustalinja/{self.key}/"
        data = pace(body) if pace else body
        return requests.post(address, data=data, headers=signed(self.secret, body), timeout=SECONDS_A_SENDER_WAITS)

    def is_alive(self) -> bool:
        """Whether the web process says that it lives."""
        try:
            return requests.get(f"{self.url}/health/live", timeout=SECONDS_A_SENDER_WAITS).status_code == 200
        except requests.ConnectionError:
            return False

    def look_at(self, path: str) -> int:
        """The status of a page's answer to a browser that was logged in once."""
        address, cookies = f"{self.url}{path}", {"sessionid": "o" * 32}
        answer = requests.get(address, cookies=cookies, timeout=SECONDS_SOMEBODY_LOOKS, allow_redirects=False)
        return answer.status_code

    def stored(self) -> Json:
        """How many calls and deliveries there are."""
        counts: Json = json.loads(manage(self.environment, "shell", "-v0", "-c", INSIDE.format("stored")))
        return counts


@contextmanager
def running_intake(database_url: str, *, seen_as: str = "", redis_url: str = "") -> Iterator[Intake]:
    """Start gunicorn on a migrated database with nothing in it.

    Args:
        seen_as: the URL by which the web process knows the database, where that is another one.
    """
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    environment = machine_and_keys() | {"DEBUG": "false", "SITE_URL": url, "DATABASE_URL": database_url}
    environment |= {"REDIS_URL": redis_url, "LOG_LEVEL": "CRITICAL", "LOG_FORMAT": "console"}
    account = json.loads(manage(environment, "shell", "-v0", "-c", INSIDE.format("open_account")))
    command = ["-m", "gunicorn", "connector_portal.wsgi", "--workers=1", f"--bind=127.0.0.1:{port}"]
    process = start([*command, "--log-level=warning"], environment | {"DATABASE_URL": seen_as or database_url})
    try:
        intake = Intake(url, environment, account["key"], account["secret"], process)
        wait_until(intake.is_alive, SECONDS_TO_START)
        yield intake
    finally:
        end(process)


def new_event() -> Json:
    """An ended call of a rep of the company's."""
    return ended_call(user={"email": "rep1@kuorma.example"})
