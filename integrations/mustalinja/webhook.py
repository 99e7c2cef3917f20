"""Mustalinja's webhook body in our own words. With authentication.py and fields.py the place to change when the
vendor's real names become known; docs/mustalinja.md says what is assumed.
"""

import datetime
import json
from dataclasses import dataclass, field
from typing import Any

from integrations.mustalinja.fields import UnreadableError, optional, read_flag, read_text
from integrations.mustalinja.times import CallTimes
from integrations.phone_numbers import DialledNumber, read_dialled

CALL_ENDED = "call.ended"
KNOWN_RESULTS = frozenset({"answered", "missed", "busy", "rejected", "cancelled", "failed"})
HIDDEN_WORDS = frozenset({"anonymous", "hidden", "private", "restricted", "unknown", "withheld"})
KNOWN_FIELDS = frozenset(
    [
        "event",
        "event_id",
        "call_id",
        "leg_id",
        "direction",
        "answered",
        "result",
        "from",
        "to",
        "hidden",
        "user",
        "started_at",
        "answered_at",
        "ended_at",
        "ring_seconds",
        "talk_seconds",
    ]
)
UNKNOWN_NAMES_AT_MOST = 20
LONGEST_RESULT, LONGEST_NUMBER = 32, 64


@dataclass(frozen=True, kw_only=True)
class MustalinjaUser:
    """Whose phone it was, as far as the event says.

    Attributes:
        email: in lower case, or empty.
        number: E.164 where readable, else as sent, or empty.
    """

    user_id: str = ""
    email: str = ""
    number: str = ""


@dataclass(frozen=True, kw_only=True)
class EndedCall:
    """An ended call of one rep.

    Attributes:
        customer_number: None when the caller hid it.
        own_number: E.164 where readable, else as sent, or empty.
        started_at, ended_at: UTC.
        ring_seconds, talk_seconds: whole seconds; 0 where nothing was said of them.
    """

    call_id: str
    direction: str
    answered: bool
    result: str
    customer_number: DialledNumber | None
    own_number: str
    user: MustalinjaUser
    started_at: datetime.datetime
    ended_at: datetime.datetime | None
    ring_seconds: int
    talk_seconds: int


@dataclass(frozen=True, kw_only=True)
class Event:
    """A readable delivery.

    Attributes:
        call: None for events that make no call record.
        unknown: names of fields we do not know, and `field=value` of values, for the drift report.
    """

    name: str
    event_id: str
    call: EndedCall | None
    unknown: list[str] = field(default_factory=list)


def parse(body: bytes, *, received_at: datetime.datetime) -> Event:
    """Read an authenticated body.

    Raises:
        UnreadableError: it is not JSON, not a call event, or lacks what a call needs.
    """
    data = _json_object(body)
    name = read_text(data.get("event"), field="event") or CALL_ENDED
    if not name.startswith("call."):
        raise UnreadableError("event is not a call event")
    event_id = optional(read_text, data.get("event_id"), field="event_id") or ""
    if name != CALL_ENDED:
        return Event(name=name, event_id=event_id, call=None, unknown=_unknown(data))
    return Event(
        name=name,
        event_id=event_id,
        call=_ended_call(data, received_at=received_at),
        unknown=_unknown(data),
    )


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError("the body is not JSON in UTF-8") from error
    if not isinstance(data, dict):
        raise UnreadableError("the body is not a JSON object")
    return data


def _unknown(data: dict[str, Any]) -> list[str]:
    """What the vendor has added or renamed: kept with the body, counted here, never an error."""
    names = sorted(ascii(name)[1:-1][:64] for name in set(data) - KNOWN_FIELDS)[:UNKNOWN_NAMES_AT_MOST]
    result = data.get("result")
    if result is not None and str(result).strip().lower() not in KNOWN_RESULTS | {""}:
        names.append(f"result={ascii(result)[:40]}")
    if data.get("answered") is not None and optional(read_flag, data["answered"], field="answered") is None:
        names.append(f"answered={ascii(data['answered'])[:40]}")
    return names


def _ended_call(data: dict[str, Any], *, received_at: datetime.datetime) -> EndedCall:
    call_id = read_text(data.get("call_id"), field="call_id")
    if not call_id:
        raise UnreadableError("call_id is missing")
    direction = read_text(data.get("direction"), field="direction").lower()
    if direction not in ("in", "out"):
        raise UnreadableError("direction is neither in nor out")
    customer, own = ("from", "to") if direction == "in" else ("to", "from")
    times = CallTimes.read(data, received_at=received_at)
    result = (optional(read_text, data.get("result"), field="result") or "").lower()
    answered = _answered(data, result=result, times=times)
    return EndedCall(
        call_id=call_id,
        direction=direction,
        answered=answered,
        result=result[:LONGEST_RESULT] or _usual_result(answered=answered, direction=direction),
        customer_number=_customer_number(data, customer, direction=direction),
        own_number=_own_number(data.get(own), field=own),
        user=_user(data.get("user")),
        started_at=times.started_at,
        ended_at=times.ended_at,
        ring_seconds=times.ring_seconds,
        talk_seconds=times.talk_seconds if answered or times.talk_was_sent else 0,
    )


def _answered(data: dict[str, Any], *, result: str, times: CallTimes) -> bool:
    """What was sent, else what a result that we know means, else what the times say."""
    answered = optional(read_flag, data.get("answered"), field="answered")
    if answered is not None:
        return answered
    return result == "answered" if result in KNOWN_RESULTS else times.was_answered


def _usual_result(*, answered: bool, direction: str) -> str:
    if answered:
        return "answered"
    return "missed" if direction == "in" else "cancelled"


def _customer_number(data: dict[str, Any], name: str, *, direction: str) -> DialledNumber | None:
    """The customer's number; None when the caller hid it. Whoever is called has a number, even if ours is hidden."""
    hidden = optional(read_flag, data.get("hidden"), field="hidden")
    text = read_text(data.get(name), field=name, longest=64)
    if text.lower() in HIDDEN_WORDS or (hidden and (direction == "in" or not text)):
        return None
    if not text:
        if name in data and data[name] is not None and hidden is None:
            return None
        raise UnreadableError(f"{name} is missing and the number is not hidden")
    number = read_dialled(text)
    if number is None:
        raise UnreadableError(f"{name} is not a telephone number")
    return number


def _own_number(value: Any, *, field: str) -> str:
    text = (optional(read_text, value, field=field) or "")[:LONGEST_NUMBER]
    number = read_dialled(text) if text else None
    return (number.e164 or number.typed) if number else text


def _user(value: Any) -> MustalinjaUser:
    if value is None:
        return MustalinjaUser()
    if not isinstance(value, dict):
        raise UnreadableError("user is not an object")
    return MustalinjaUser(
        user_id=optional(read_text, value.get("id"), field="user.id") or "",
        email=read_text(value.get("email"), field="user.email", longest=254).casefold(),
        number=_own_number(value.get("number"), field="user.number"),
    )
