"""Placing a call: building the body that the contract describes for `call.ended`."""

import datetime as dt
import uuid
from zoneinfo import ZoneInfo

from sandbox import clock
from sandbox.control import ControlError
from sandbox.json_body import Json
from sandbox.mustalinja.state import Account, PlacedCall, mustalinja

HELSINKI = ZoneInfo("Europe/Helsinki")
_WORDS = {
    "account",
    "user_email",
    "direction",
    "number",
    "answered",
    "ring_seconds",
    "talk_seconds",
    "hidden",
    "started_at",
    "overrides",
    "omit",
    "deliver",
}


def place_call(order: Json) -> tuple[Account, PlacedCall]:
    """Let somebody ring, or be rung; the call has just ended unless `started_at` says otherwise.

    `overrides` replaces fields of the body and `omit` leaves some out: what a lesser telephone system sends.
    """
    if unknown := set(order) - _WORDS:
        message = f"unknown words in a call: {', '.join(sorted(unknown))}"
        raise ControlError(message)
    account = mustalinja.account(order.get("account", "demo-key"))
    if account is None:
        raise ControlError("no such account")
    number = mustalinja.next_number()
    body, ended_at = _ended_call(account, order, number)
    body.update(order.get("overrides", {}))
    for name in order.get("omit", []):
        body.pop(name, None)
    call = PlacedCall(number, body, ended_at)
    account.calls.append(call)
    return account, call


def _ended_call(account: Account, order: Json, number: int) -> tuple[Json, dt.datetime]:
    user = _user(account, order["user_email"])
    incoming = _direction(order) == "in"
    answered = bool(order.get("answered", True))
    hidden = bool(order.get("hidden", False))
    ring = int(order.get("ring_seconds", 8))
    talk = int(order.get("talk_seconds", 172)) if answered else 0
    started = _started(order, ring + talk)
    customer = "" if hidden else str(order.get("number", ""))
    ended = started + dt.timedelta(seconds=ring + talk)
    body: Json = {
        "event": "call.ended",
        "event_id": str(uuid.uuid4()),
        "call_id": f"c-{number}",
        "leg_id": None,
        "direction": "in" if incoming else "out",
        "answered": answered,
        "result": "answered" if answered else "missed" if incoming else "cancelled",
        "from": customer if incoming else user["number"],
        "to": account.number if incoming else customer,
        "hidden": hidden,
        "user": {"id": user["id"], "email": user["email"], "number": user["number"]},
        "started_at": started.isoformat(timespec="seconds"),
        "answered_at": (started + dt.timedelta(seconds=ring)).isoformat(timespec="seconds") if answered else None,
        "ended_at": ended.isoformat(timespec="seconds"),
        "ring_seconds": ring,
        "talk_seconds": talk,
    }
    return body, ended


def _user(account: Account, email: str) -> Json:
    user = next((each for each in account.users if each["email"].lower() == email.lower()), None)
    if user is None:
        raise ControlError("no such user in this account")
    return user


def _direction(order: Json) -> str:
    direction = str(order.get("direction", "in"))
    if direction not in ("in", "out"):
        raise ControlError("direction is in or out")
    return direction


def _started(order: Json, length: int) -> dt.datetime:
    if "started_at" not in order:
        return (clock.now() - dt.timedelta(seconds=length)).astimezone(HELSINKI)
    started = dt.datetime.fromisoformat(order["started_at"])
    return started if started.tzinfo else started.replace(tzinfo=HELSINKI)
