"""Mustalinja's webhook body in our own words. With authentication.py and fields.py the place to change when the
vendor's real names become known; docs/mustalinja.md says what is assumed.
"""

import datetime
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from integrations.mustalinja.fields import (
    UnreadableError,
    is_readable,
    optional,
    read_flag,
    read_lower,
    read_seconds,
    read_text,
    read_time,
)
from integrations.mustalinja.times import CallTimes
from integrations.phone_numbers import DialledNumber, read_dialled

CALL_ENDED = "call.ended"
KNOWN_RESULTS = frozenset({"answered", "missed", "busy", "rejected", "cancelled", "failed"})
DIGIT = re.compile(r"\d")
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
KNOWN_USER_FIELDS = ("id", "email", "number")
UNKNOWN_NAMES_AT_MOST, UNKNOWN_VALUE_SHOWN = 20, 40
LONGEST_RESULT, LONGEST_NUMBER, LONGEST_EMAIL = 32, 64, 254


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
    data = json_object(body)
    name = read_lower(data.get("event"), field="event") or CALL_ENDED
    if not name.startswith("call."):
        raise UnreadableError("event is not a call event")
    event_id = optional(read_text, data.get("event_id"), field="event_id") or ""
    if name != CALL_ENDED:
        return Event(name=name, event_id=event_id, call=None, unknown=_unknown(data, received_at=received_at))
    return Event(
        name=name,
        event_id=event_id,
        call=_ended_call(data, received_at=received_at),
        unknown=_unknown(data, received_at=received_at),
    )


def json_object(body: bytes) -> dict[str, Any]:
    """A body as the JSON object that it must be.

    Raises:
        UnreadableError: it is none.
    """
    try:
        data = json.loads(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise UnreadableError("the body is not JSON in UTF-8") from error
    if not isinstance(data, dict):
        raise UnreadableError("the body is not a JSON object")
    return data


def call_id_of(body: bytes) -> str:
    """The call that a body names, whether or not the body can be read otherwise; empty where it names none."""
    try:
        return read_text(json_object(body).get("call_id"), field="call_id")
    except UnreadableError:
        return ""


def email_of(body: bytes) -> str:
    """Whose phone it was, as `MustalinjaUser.email`; empty where the body does not say or cannot be read."""
    try:
        return _user(json_object(body).get("user")).email
    except UnreadableError:
        return ""


def _unknown(data: dict[str, Any], *, received_at: datetime.datetime) -> list[str]:
    """What the vendor has added or renamed: kept with the body, counted here, never an error."""
    user = data.get("user")
    unknown = set(data) - KNOWN_FIELDS
    if isinstance(user, dict):
        unknown |= {f"user.{name}" for name in set(user).difference(KNOWN_USER_FIELDS)}
    names = sorted(ascii(name)[1:-1][:64] for name in unknown)[:UNKNOWN_NAMES_AT_MOST]
    return [*names, *_odd_values(data, received_at=received_at), *_odd_texts(data), *_odd_of_user(user)]


def _odd_values(data: dict[str, Any], *, received_at: datetime.datetime) -> Iterator[str]:
    """Values that are not understood. Of durations and times the form, each digit as a 9: they differ in every call."""
    result = data.get("result")
    if result is not None and str(result).strip().lower() not in KNOWN_RESULTS | {""}:
        yield _with_value("result", ascii(result))
    for name in ("answered", "hidden"):
        if not is_readable(read_flag, data.get(name), field=name):
            yield _with_value(name, ascii(data[name]))
    for name in ("ring_seconds", "talk_seconds"):
        if not is_readable(read_seconds, data.get(name), field=name):
            yield _with_value(name, DIGIT.sub("9", ascii(data[name])))
    for name in ("answered_at", "ended_at"):
        if not is_readable(read_time, data.get(name), field=name, received_at=received_at):
            yield _with_value(name, DIGIT.sub("9", ascii(data[name])))


def _with_value(name: str, value: str) -> str:
    """The name alone where the value may be an address of a person. Long numbers are left out where it is counted."""
    return name if "@" in value else f"{name}={value[:UNKNOWN_VALUE_SHOWN]}"


def _odd_texts(data: dict[str, Any]) -> list[str]:
    """Names of fields that ought to be text; what they hold may be personal."""
    return [name for name in ("event_id", "from", "to") if not is_readable(read_text, data.get(name), field=name)]


def _odd_of_user(user: Any) -> list[str]:
    """Names of what is not understood of whose phone it was."""
    if not isinstance(user, dict):
        return [] if user is None else ["user"]
    odd = [name for name in ("id", "number") if not is_readable(read_text, user.get(name), field=name)]
    if not is_readable(read_lower, user.get("email"), field="email", longest=LONGEST_EMAIL):
        odd.append("email")
    return [f"user.{name}" for name in odd]


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
    """Nobody where it makes no sense."""
    if not isinstance(value, dict):
        return MustalinjaUser()
    return MustalinjaUser(
        user_id=optional(read_text, value.get("id"), field="user.id") or "",
        email=optional(read_lower, value.get("email"), field="user.email", longest=LONGEST_EMAIL) or "",
        number=_own_number(value.get("number"), field="user.number"),
    )
