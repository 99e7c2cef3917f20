"""The portal as it runs at a customer's: the web process, a worker, and the outside world beside them."""

import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import requests

from tests.portal.databases import fresh_broker, migrated_database
from tests.portal.environment import machine_and_keys
from tests.portal.mailbox import Mailbox
from tests.portal.processes import end, kill, manage, start
from tests.portal.web_browser import PASSWORD, Browser
from tests.sandbox.running_sandbox import Sandbox, wait_until
from tests.sandbox_process import free_port, running_sandbox

SECONDS_TO_START = 60
PROCESS_NAME = "NAME_FOR_TESTS"
"""The variable of the environment by which a worker's processes are found."""


@dataclass
class Portal:
    """The running portal.

    Attributes:
        environment: in which its programs run.
        sandbox: Pipedrive and Mustalinja as this portal sees them.
        web: the web process.
        log_folder: where its programs write what they say; None: to this test's own output.
    """

    url: str
    environment: dict[str, str]
    sandbox: Sandbox
    mailbox: Mailbox
    log_folder: Path | None = None
    web: "subprocess.Popen[bytes] | None" = None
    workers: "list[subprocess.Popen[bytes]]" = field(default_factory=list)
    workers_started: int = 0

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

    def start_web(self) -> None:
        """Start the web process; it answers a moment later."""
        command = ["-m", "gunicorn", "connector_portal.wsgi", "--workers=2", f"--bind={urlsplit(self.url).netloc}"]
        command += ["--log-level=warning", "--no-control-socket"]
        self.web = start(command, self.environment, log=self._log("web"))

    def end_web(self) -> None:
        """End the web process in an orderly way."""
        if self.web is not None:
            end(self.web)
            self.web = None

    def start_worker(self) -> "subprocess.Popen[bytes]":
        """Start one more worker. Every process of it carries the worker's name, so that all of them can be found."""
        self.workers_started += 1
        name = self.worker_name(self.workers_started)
        log = self._log(f"worker-{self.workers_started}")
        worker = start(["manage.py", "worker"], {**self.environment, PROCESS_NAME: name}, log=log)
        self.workers.append(worker)
        return worker

    def worker_name(self, number: int) -> str:
        """What all processes of the worker carry that was started as the `number`th; it ends with the portal's URL."""
        return f"worker-{number} of {self.url}"

    def _log(self, name: str) -> Path | None:
        return None if self.log_folder is None else self.log_folder / f"{name}.log"

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
        except (requests.ConnectionError, requests.Timeout):
            return False


def unchanged(url: str) -> str:
    return url


@contextmanager
def running_portal(
    folder: Path,
    *,
    workers: int = 1,
    keeps_logs: bool = False,
    way_to_database: Callable[[str], str] = unchanged,
    **changes: str,
) -> Iterator[Portal]:
    """Start everything on a database of its own; end it afterwards.

    Args:
        keeps_logs: what the programs say goes into the folder, from level INFO on.
        way_to_database: makes another address of the database's, for programs that are to take a detour.
        changes: replace what the environment of the portal's programs says.
    """
    url = f"http://127.0.0.1:{free_port()}"
    with ExitStack() as stack:
        sandbox = stack.enter_context(running_sandbox(redirect_uri=f"{url}/integrations/pipedrive/callback/"))
        database_url = way_to_database(stack.enter_context(migrated_database(folder)))
        mails = folder / "mails"
        mails.mkdir()
        environment = _environment(url, sandbox, database_url=database_url, mails=mails)
        environment["REDIS_URL"] = stack.enter_context(fresh_broker())
        environment |= {"LOG_LEVEL": "INFO"} if keeps_logs else {}
        portal = Portal(url, environment | changes, sandbox, Mailbox(mails), folder if keeps_logs else None)
        stack.callback(portal.end_web)
        portal.start_web()
        stack.callback(portal.end_workers)
        for _worker in range(workers):
            portal.start_worker()
        wait_until(portal.is_ready, SECONDS_TO_START)
        yield portal


def _environment(url: str, sandbox: Sandbox, *, database_url: str, mails: Path) -> dict[str, str]:
    """Return the whole environment of the portal's programs."""
    return {
        **machine_and_keys(),
        "DEBUG": "false",
        "SITE_URL": url,
        "DATABASE_URL": database_url,
        "EMAIL_URL": f"filemail://{mails}",
        "PIPEDRIVE_OAUTH_URL": f"{sandbox.url}/pipedrive",
        "PIPEDRIVE_API_URL": f"{sandbox.url}/pipedrive",
        "MUSTALINJA_API_URL": f"{sandbox.url}/mustalinja",
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "console",
    }
