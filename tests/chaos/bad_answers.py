"""What goes wrong at Pipedrive's side, at random: errors, lost answers, refusals to be hurried."""

from typing import Any

from tests.sandbox.running_sandbox import Json, Sandbox

ALWAYS = 1_000_000
ACTIVITIES = r"/v2/activities$"
POST: dict[str, Any] = {"method": "POST", "path": ACTIVITIES}
IN_EVERY_STORM: list[Json] = [
    {**POST, "status": 500, "chance": 0.025},
    {**POST, "status": 503, "chance": 0.025, "after": True},
    {**POST, "drop": True, "chance": 0.03, "after": True},
    {**POST, "status": 429, "chance": 0.01, "headers": {"Retry-After": "1"}},
    {"method": "GET", "path": ACTIVITIES, "status": 502, "chance": 0.05},
]
LONGER_THAN_ANYBODY_WAITS = 17.0
"""The portal gives an answer 15 s (integrations/http.py)."""
IN_LONG_STORMS: list[Json] = [
    {**POST, "hang_seconds": LONGER_THAN_ANYBODY_WAITS, "chance": 0.001, "after": True},
    {**POST, "hang_seconds": LONGER_THAN_ANYBODY_WAITS, "chance": 0.001},
]


def order_bad_answers(sandbox: Sandbox, *, seed: int, is_long: bool) -> None:
    """From now on Pipedrive is as bad as this file says."""
    kinds = IN_EVERY_STORM + (IN_LONG_STORMS if is_long else [])
    orders = [{**kind, "times": ALWAYS, "seed": seed + number} for number, kind in enumerate(kinds)]
    sandbox.order("pipedrive/control/faults", faults=orders)


def bad_answers_given(sandbox: Sandbox) -> dict[str, int]:
    """How often each kind has struck."""
    faults = sandbox.ask("pipedrive/control/faults")["faults"]
    return {_words(fault): fault["struck"] for fault in faults}


def _words(fault: Json) -> str:
    what = "no answer" if fault["drop"] else f"late by {fault['hang_seconds']} s" if fault["hang_seconds"] else ""
    return f"{fault['method']} {what or fault['status']} {'after' if fault['after'] else 'instead of'} the work"
