"""What the demonstration tells: each step, what became of each call, how to go on from here."""

import sys

from sandbox.demo.demo_calls import PlacedCall
from sandbox.demo.people import ADMIN, AINO, BO, LOGIN, PASSWORD, SIGNUP, STAFF
from sandbox.demo.stage import Stage

COLUMNS = (3, 52, 24, 16)


def say(line: str = "") -> None:
    """Print a line at once, also into a pipe."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def complain(line: str) -> None:
    """Print a line where errors go."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def say_calls(placed: list[PlacedCall], stage: Stage) -> None:
    """The table of the calls."""
    say()
    say(_row("", "CALL", "WHAT BECAME OF IT", "PERSON", "LINK"))
    for number, each in enumerate(placed, start=1):
        seen = each.seen
        person = (seen.get("person") or {}).get("name", "–")
        say(_row(str(number), each.call.story, _outcome(each), person, _link(each, stage)))
        say(_row("", f"  {seen.get('explanation', '')}").rstrip())
        for difference in each.differences:
            say(_row("", f"  DIFFERS: {difference}"))
    right = sum(not each.differences for each in placed)
    say()
    say(f"{right} of {len(placed)} calls ended as expected.")


def _outcome(placed: PlacedCall) -> str:
    status, reason = placed.seen.get("status", "unknown"), placed.seen.get("reason")
    return status if reason in (None, status) else f"{status}: {reason}"


def _link(placed: PlacedCall, stage: Stage) -> str:
    """The activity where there is one, otherwise the call's own page in the portal."""
    if placed.seen.get("activity_id"):
        return f"{stage.sandbox_url}/pipedrive/activities/{placed.seen['activity_id']}"
    return f"{stage.web_url}/calls/{placed.seen['id']}/" if placed.seen else "–"


def _row(*cells: str) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, COLUMNS, strict=False)]
    return " ".join([*padded, *cells[len(COLUMNS) :]])


def say_how_to_go_on(stage: Stage, codes: list[str]) -> None:
    """Addresses, people, folders."""
    say()
    say(f"The portal        {stage.web_url}/")
    for person in (BO, AINO):
        say(f"  {person.role:<15} {person.email:<24} {PASSWORD}    {stage.web_url}{LOGIN}")
    say(f"  {STAFF.role:<15} {STAFF.email:<24} {PASSWORD}    {stage.web_url}{ADMIN}")
    say("                  (staff log in with two steps: the first time, an authenticator app on your phone is set up)")
    for code in codes:
        say(f"  a free licence  {code} (sign up as daniel@esimerkki.example: {stage.web_url}{SIGNUP})")
    say(f"Mustalinja        {stage.sandbox_url}/mustalinja/  (place calls here)")
    say(f"Pipedrive         {stage.sandbox_url}/pipedrive/  (persons, activities)")
    say(f"Mails             {stage.mail_folder}")
    say(f"Logs              {stage.log_folder}")
    say()
    say("Ctrl-C ends everything.")
