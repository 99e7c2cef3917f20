"""How everything begins: the database and the three processes, then the people, who sign up and connect."""

import sys
from collections.abc import Sequence

from sandbox.demo.browser import Browser, is_well
from sandbox.demo.mailbox import Mailbox
from sandbox.demo.people import AINO, LicenseCodes, Member, Person
from sandbox.demo.processes import DemoError, Processes
from sandbox.demo.report import say
from sandbox.demo.stage import Stage
from sandbox.demo.stand_ins import StandIns

API_KEY, API_SECRET = "demo-key", "demo-secret"
START_SECONDS = 30.0


def start(stage: Stage, processes: Processes) -> None:
    """Bring up the three processes and wait until each does its work."""
    say("Preparing the database ...")
    processes.manage("migrate", "--verbosity", "0")
    say(f"Starting portal ({stage.web_url}), worker and sandbox ({stage.sandbox_url}) ...")
    processes.start("sandbox", stage.sandbox_command())
    processes.start("web", stage.web_command())
    processes.start("worker", [sys.executable, "manage.py", "worker"])
    # The portal is ready only with a worker that works.
    signs_of_life = (f"{stage.sandbox_url}/", f"{stage.web_url}/health/ready")
    if not processes.wait_until(lambda: all(map(is_well, signs_of_life)), seconds=START_SECONDS):
        raise DemoError(f"The processes were not ready within {START_SECONDS:.0f} s; see {stage.log_folder}")


def settle_in(stage: Stage, codes: LicenseCodes, people: Sequence[Person]) -> Browser:
    """Let everybody sign up and connect Pipedrive, and Aino link Mustalinja; return her browser: she is the company's
    admin.
    """
    mailbox = Mailbox(stage.mail_folder)
    members = [Member(person, Browser(stage.web_url), mailbox) for person in people]
    for member in members:
        say(f"{member.person.name} signs in and connects Pipedrive ...")
        member.enter(codes.take)
        member.connect_pipedrive()
    admin = next(member for member in members if member.person is AINO)
    admin.link_mustalinja(api_key=API_KEY, api_secret=API_SECRET)
    if not StandIns(stage.sandbox_url).has_webhook(API_KEY):
        raise DemoError(f"The portal did not register its webhook at Mustalinja; see {stage.log_folder}")
    return admin.browser
