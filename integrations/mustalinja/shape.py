"""How a body differs from the shape that is known, for support, who have to tell whether the vendor has changed it."""

import datetime
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from integrations.mustalinja.fields import UnreadableError, read_flag, read_seconds, read_text, read_time
from integrations.mustalinja.webhook import HIDDEN_WORDS, KNOWN_FIELDS, KNOWN_RESULTS, KNOWN_USER_FIELDS, json_object
from integrations.phone_numbers import read_dialled

LONGEST_PATTERN, LONGEST_NAME, NAMES_AT_MOST = 60, 64, 20
ALWAYS_NEEDED = ("call_id", "direction", "started_at")


@dataclass(frozen=True, kw_only=True)
class BadValue:
    """A known field whose value is not understood.

    Attributes:
        kind: what is expected: `text`, `direction`, `flag`, `result`, `number`, `user`, `time` or `seconds`.
        pattern: how the value is written, each digit as a 9: a number is told by its form, not by its digits.
    """

    field: str
    kind: str
    pattern: str


@dataclass(frozen=True, kw_only=True)
class Difference:
    """What is odd in a body.

    Attributes:
        is_object: whether it is a JSON object at all; otherwise nothing else is known.
        needed: fields that a call needs and that are not sent.
        absent: other known fields that are not sent.
        unknown: fields that are sent and not known.
    """

    is_object: bool
    needed: list[str]
    absent: list[str]
    unknown: list[str]
    bad: list[BadValue]


def compare(body: bytes, *, received_at: datetime.datetime) -> Difference:
    """Hold a body against the shape that is known."""
    try:
        data = json_object(body)
    except UnreadableError:
        return Difference(is_object=False, needed=[], absent=[], unknown=[], bad=[])
    missing = {name for name in KNOWN_FIELDS if data.get(name) is None}
    needed = [name for name in (*ALWAYS_NEEDED, *_customer_field(data)) if name in missing]
    return Difference(
        is_object=True,
        needed=needed,
        absent=sorted(missing - set(needed)),
        unknown=sorted(ascii(name)[1:-1][:LONGEST_NAME] for name in set(data) - KNOWN_FIELDS)[:NAMES_AT_MOST],
        bad=[
            BadValue(field=name, kind=kind, pattern=pattern_of(data[name]))
            for name, kind in KINDS.items()
            if name not in missing and not _is_understood(data[name], name=name, kind=kind, received_at=received_at)
        ],
    )


def pattern_of(value: Any) -> str:
    """How a value is written: `"+999 99 999 9999"`."""
    return re.sub(r"\d", "9", json.dumps(value, ensure_ascii=True))[:LONGEST_PATTERN]


def _customer_field(data: dict[str, Any]) -> tuple[str, ...]:
    """The field of the customer's number, where the body says the direction and does not hide the number."""
    if data.get("hidden") in (True, 1, "true", "1", "yes"):
        return ()
    return {"in": ("from",), "out": ("to",)}.get(str(data.get("direction")).strip().lower(), ())


def _is_understood(value: Any, *, name: str, kind: str, received_at: datetime.datetime) -> bool:
    try:
        if kind == "time":
            read_time(value, field=name, received_at=received_at)
            return True
        return READERS[kind](value)
    except UnreadableError:
        return False


def _is_text(value: Any) -> bool:
    read_text(value, field="")
    return True


def _is_flag(value: Any) -> bool:
    read_flag(value, field="")
    return True


def _is_seconds(value: Any) -> bool:
    read_seconds(value, field="")
    return True


def _is_direction(value: Any) -> bool:
    return read_text(value, field="").lower() in ("in", "out")


def _is_result(value: Any) -> bool:
    return read_text(value, field="").lower() in KNOWN_RESULTS | {""}


def _is_number(value: Any) -> bool:
    text = read_text(value, field="", longest=64)
    return not text or text.lower() in HIDDEN_WORDS or read_dialled(text) is not None


def _is_user(value: Any) -> bool:
    return isinstance(value, dict) and all(_is_text(value.get(name)) for name in KNOWN_USER_FIELDS)


READERS: dict[str, Callable[[Any], bool]] = {
    "text": _is_text,
    "flag": _is_flag,
    "seconds": _is_seconds,
    "direction": _is_direction,
    "result": _is_result,
    "number": _is_number,
    "user": _is_user,
}
KINDS = {
    "event": "text",
    "event_id": "text",
    "call_id": "text",
    "leg_id": "text",
    "direction": "direction",
    "answered": "flag",
    "result": "result",
    "from": "number",
    "to": "number",
    "hidden": "flag",
    "user": "user",
    "started_at": "time",
    "answered_at": "time",
    "ended_at": "time",
    "ring_seconds": "seconds",
    "talk_seconds": "seconds",
}
