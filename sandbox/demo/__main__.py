"""`python -m sandbox.demo`: play the demonstration and judge it; with `--serve`, go on serving until Ctrl-C."""

import argparse
import os
import sys
from pathlib import Path

from sandbox.demo.browser import Browser
from sandbox.demo.demo_calls import PlacedCall, place_all, watch
from sandbox.demo.opening import settle_in, start
from sandbox.demo.people import AINO, BO, LicenseCodes, ensure_staff
from sandbox.demo.processes import AskedToEndError, DemoError, Processes
from sandbox.demo.report import complain, say, say_calls, say_how_to_go_on
from sandbox.demo.stage import REPOSITORY, PortTakenError, Stage, chosen_port, free_port
from sandbox.demo.stand_ins import StandIns

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
        stage.forget_last_time()
    stage.prepare()
    return stage


def _environment(stage: Stage, options: argparse.Namespace) -> dict[str, str]:
    """Serving uses the portal's own database and broker; a demonstration must touch neither."""
    if options.serve:
        return stage.environment()
    return {**stage.environment(), "DATABASE_URL": stage.database_url, "REDIS_URL": ""}


def _play(stage: Stage, processes: Processes, *, is_serving: bool) -> int:
    start(stage, processes)
    codes, stand_ins = LicenseCodes(processes), StandIns(stage.sandbox_url)
    admin = settle_in(stage, codes, (AINO, BO))
    ensure_staff(processes, Browser(stage.web_url))
    say("Mustalinja places the calls ...")
    placed = place_all(stand_ins)
    watch(placed, admin, stand_ins, processes)
    say_calls(placed, stage)
    if is_serving:
        say_how_to_go_on(stage, codes.left)
        processes.serve()
    return _verdict(placed)


def _verdict(placed: list[PlacedCall]) -> int:
    return 1 if any(each.differences for each in placed) else 0


if __name__ == "__main__":
    os.chdir(REPOSITORY)
    sys.exit(main())
