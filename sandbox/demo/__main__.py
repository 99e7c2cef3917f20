"""`python -m sandbox.demo`: play the demonstration and judge it; with `--serve`, go on serving until Ctrl-C."""

import argparse
import os
import shutil
import sys
from pathlib import Path

from sandbox.demo.browser import Browser, is_well
from sandbox.demo.demo_calls import PlacedCall, place_all, watch
from sandbox.demo.mailbox import Mailbox
from sandbox.demo.people import AINO, BO, LicenseCodes, Member, ensure_staff
from sandbox.demo.processes import AskedToEndError, DemoError, Processes
from sandbox.demo.report import complain, say, say_calls, say_how_to_go_on
from sandbox.demo.stage import REPOSITORY, PortTakenError, Stage, chosen_port, free_port
from sandbox.demo.stand_ins import StandIns

API_KEY, API_SECRET = "demo-key", "demo-secret"
START_SECONDS = 30.0
INTERRUPTED = 130


def main() -> int:
    """Play, and return the exit status."""
    options = _options()
    try:
        stage = _stage(options)
        with Processes(_environment(stage, options), stage.log_folder) as processes:
            return _play(stage, processes, is_serving=options.serve)
    except AskedToEndError:
        say("Ended.")
        return 0 if options.serve else INTERRUPTED
    except (DemoError, PortTakenError) as error:
        complain(str(error))
        return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m sandbox.demo", description=__doc__)
    parser.add_argument("--serve", action="store_true", help="keep the database and go on serving until Ctrl-C")
    parser.add_argument("--folder", type=Path, help="where mails, logs and the thrown-away database are written")
    return parser.parse_args()


def _stage(options: argparse.Namespace) -> Stage:
    """Well-known ports for serving, any free ones for a demonstration, so that both can run side by side."""
    folder = (options.folder or REPOSITORY / ("var" if options.serve else "var/demo")).resolve()
    if options.serve:
        stage = Stage(chosen_port("WEB_PORT", 8000), chosen_port("SANDBOX_PORT", 8001), folder)
    else:
        stage = Stage(free_port(), free_port(), folder)
        _forget_last_time(stage)
    for each in (stage.mail_folder, stage.log_folder):
        each.mkdir(parents=True, exist_ok=True)
    return stage


def _forget_last_time(stage: Stage) -> None:
    """Delete what a demonstration leaves behind, and nothing else that may lie in the folder."""
    for each in (stage.mail_folder, stage.log_folder):
        shutil.rmtree(each, ignore_errors=True)
    for file in stage.folder.glob("db.sqlite3*"):
        file.unlink()


def _environment(stage: Stage, options: argparse.Namespace) -> dict[str, str]:
    """Serving uses the portal's own database and broker; a demonstration must touch neither."""
    if options.serve:
        return stage.environment()
    return {**stage.environment(), "DATABASE_URL": stage.database_url, "REDIS_URL": ""}


def _play(stage: Stage, processes: Processes, *, is_serving: bool) -> int:
    _start(stage, processes)
    codes = LicenseCodes(processes)
    admin, stand_ins = _settle_in(stage, processes, codes), StandIns(stage.sandbox_url)
    say("Mustalinja places the calls ...")
    placed = place_all(stand_ins)
    watch(placed, admin, stand_ins, processes)
    say_calls(placed, stage)
    if is_serving:
        say_how_to_go_on(stage, codes.left)
        processes.serve()
    return _verdict(placed)


def _start(stage: Stage, processes: Processes) -> None:
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


def _settle_in(stage: Stage, processes: Processes, codes: LicenseCodes) -> Browser:
    """Let everybody sign up, connect and link what is theirs; return the company admin's browser."""
    mailbox = Mailbox(stage.mail_folder)
    for person in (AINO, BO):
        say(f"{person.name} signs in and connects Pipedrive ...")
        member = Member(person, Browser(stage.web_url), mailbox)
        member.enter(codes.take)
        member.connect_pipedrive()
        if person is AINO:
            admin = member
    admin.link_mustalinja(api_key=API_KEY, api_secret=API_SECRET)
    if not StandIns(stage.sandbox_url).has_webhook(API_KEY):
        raise DemoError(f"The portal did not register its webhook at Mustalinja; see {stage.log_folder}")
    ensure_staff(processes, Browser(stage.web_url))
    return admin.browser


def _verdict(placed: list[PlacedCall]) -> int:
    return 1 if any(each.differences for each in placed) else 0


if __name__ == "__main__":
    os.chdir(REPOSITORY)
    sys.exit(main())
