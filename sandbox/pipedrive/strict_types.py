"""Strict checks of JSON values: a number is not text, a boolean is not a number, null is not a value."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from typing import Any

from sandbox.json_body import Json
from sandbox.pipedrive.answers import Refusal

Check = Callable[[Any], bool]


def is_text(value: Any) -> bool:
    """Accept text."""
    return isinstance(value, str)


def is_flag(value: Any) -> bool:
    """Accept true and false."""
    return isinstance(value, bool)


def is_integer(value: Any) -> bool:
    """Accept whole numbers."""
    return isinstance(value, int) and not isinstance(value, bool)


def is_date(value: Any) -> bool:
    """Accept `YYYY-MM-DD`."""
    if not isinstance(value, str) or not re.fullmatch(r"\d{4}-\d\d-\d\d", value):
        return False
    try:
        dt.date.fromisoformat(value)
    except ValueError:
        return False
    return True


def is_time_of_day(value: Any) -> bool:
    """Accept `HH:MM`, 00:00 to 23:59."""
    return isinstance(value, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value) is not None


def is_duration(value: Any) -> bool:
    """Accept `HH:MM`."""
    return isinstance(value, str) and re.fullmatch(r"\d\d:[0-5]\d", value) is not None


def is_uuid(value: Any) -> bool:
    """Accept a UUID as text."""
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", value) is not None


def list_of(check: Check) -> Check:
    """Accept a list whose every member passes."""
    return lambda value: isinstance(value, list) and all(check(member) for member in value)


def record_of(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """Accept an object with these members and no others."""
    members = {**required, **(optional or {})}

    def check(value: Any) -> bool:
        return (
            isinstance(value, dict)
            and set(required) <= set(value) <= set(members)
            and all(members[name](member) for name, member in value.items())
        )

    return check


def check_fields(body: Json, checks: Mapping[str, Check]) -> None:
    """Refuse unknown fields and wrong types."""
    for name, value in body.items():
        if name not in checks:
            message = f"Validation failed: {name}: unknown field"
            raise Refusal(400, message)
        if not checks[name](value):
            message = f"Validation failed: {name}: invalid value or type"
            raise Refusal(400, message)
