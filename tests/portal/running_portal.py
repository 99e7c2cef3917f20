"""The portal as it runs at a customer's: the web process, a worker, and the outside world beside them."""

import os
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from tests.portal.databases import fresh_broker, fresh_database
from tests.portal.mailbox import Mailbox
from tests.portal.processes import end, kill, manage, start
from tests.portal.web_browser import PASSWORD, Browser
from tests.sandbox.running_sandbox import Sandbox, wait_until
from tests.sandbox_process import free_port, running_sandbox

SECONDS_TO_START = 60
UNSET = ("ALLOWED_HOSTS", "CSRF_TRUSTED_ORIGINS", "DJANGO_SETTINGS_MODULE")
KEYS = {
    "SECRET_KEY": "only-for-tests-0123456789-0123456789-0123456789-0123456789",
    "FIELD_ENCRYPTION_KEYS": "kQ9nJbVxY5m1rB0cW8uZ3tE7yH2pL6sA4dF0gX1vN9M=",
    "PIPEDRIVE_CLIENT_ID": "sandbox-client",
    "PIPEDRIVE_CLIENT_SECRET": "sandbox-secret",
}


@dataclass
class Portal:
    """The running portal.

    Attributes:
        environment: in which its programs run.
        sandbox: Pipedrive and Mustalinja as this portal sees them.
    """

    url: str
    environment: dict[str, str]
    sandbox: Sandbox
    mailbox: Mailbox
    workers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)

    def browser(self) -> Browser:
        """Open a browser in which nobody is logged in."""
        return Browser(self.url, self.mailbox)

    def issue_licenses(self, company: str, seats: int, *options: str) -> list[str]:
        """Make licence codes as SaaShop does."""
        printed = manage(self.environment, "issue_licenses", company, "--seats", str(seats), *options)
        codes = printed.splitlines()
        assert len(codes) == seats, printed
        return codes

    def make_staff(self) -> str:
        """Make an account for support and return its email."""
        email = f"tuki-{uuid.uuid4().hex[:8]}@saashop.example"
        environment = {**self.environment, "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        manage(environment, "createsuperuser", "--noinput", "--email", email)
        return email

    def start_worker(self) -> None:
        self.workers.append(start(["manage.py", "worker"], self.environment))

    def end_workers(self) -> None:
        """End all workers in an orderly way."""
        while self.workers:
            end(self.workers.pop())

    def kill_workers(self) -> None:
        """Kill all workers in the middle of what they do."""
        while self.workers:
            kill(self.workers.pop())

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/health/ready", timeout=5).status_code == 200
        except requests.ConnectionError:
            return False


@contextmanager
def running_portal(folder: Path) -> Iterator[Portal]:
    """Start everything on a database of its own; end it afterwards."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        sandbox = stack.enter_context(running_sandbox(redirect_uri=f"{url}/integrations/pipedrive/callback/"))
        database_url = stack.enter_context(fresh_database(folder))
        mails = folder / "mails"
        mails.mkdir()
        environment = _environment(url, sandbox, database_url=database_url, mails=mails)
        manage(environment, "migrate", "--verbosity=0")
        web = ["-m", "gunicorn", "connector_portal.wsgi", "--workers=2", f"--bind=127.0.0.1:{port}"]
        web += ["--log-level=warning", "--no-control-socket"]
        stack.callback(end, start(web, environment))
        portal = Portal(url, environment, sandbox, Mailbox(mails))
        stack.callback(portal.end_workers)
        portal.start_worker()
        wait_until(portal.is_ready, SECONDS_TO_START)
        yield portal


def _environment(url: str, sandbox: Sandbox, *, database_url: str, mails: Path) -> dict[str, str]:
    """Return the whole environment of the portal's programs."""
    machine = {name: value for name, value in os.environ.items() if name not in UNSET}
    return {
        **machine,
        **KEYS,
        "DEBUG": "false",
        "SITE_URL": url,
        "DATABASE_URL": database_url,
        "REDIS_URL": fresh_broker(),
        # django-environ drops the first of the slashes that follow the scheme.
        "EMAIL_URL": f"filemail:///{mails}",
        "PIPEDRIVE_OAUTH_URL": f"{sandbox.url}/pipedrive",
        "PIPEDRIVE_API_URL": f"{sandbox.url}/pipedrive",
        "MUSTALINJA_API_URL": f"{sandbox.url}/mustalinja",
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "console",
    }
