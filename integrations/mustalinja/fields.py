"""Reading single values of a webhook body: lenient where telephone systems differ, clear where a value is nonsense.

Every reader takes None for "not there" and raises `UnreadableError` for what it cannot make sense of.
"""

import datetime
import math
import re
from collections.abc import Callable
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

HELSINKI = ZoneInfo("Europe/Helsinki")
"""Times without an offset are Finnish."""
EARLIEST = datetime.datetime(2000, 1, 1, tzinfo=datetime.UTC)
LONGEST_SECONDS = 7 * 24 * 3600
FUTURE_AT_MOST = datetime.timedelta(days=2)
"""A clock may be wrong, also by a time zone; a date further ahead is no date of a call."""
JUST_NOW = datetime.timedelta(hours=12)


T = TypeVar("T")


class UnreadableError(Exception):
    """A body that is not understood; the message says which field, for support staff."""


def optional(read: Callable[..., T], value: Any, *, field: str, **options: Any) -> T | None:
    """A field that a call does not need: what cannot be read counts as not sent. The body is kept as it came."""
    try:
        return read(value, field=field, **options)
    except UnreadableError:
        return None


def is_readable(read: Callable[..., Any], value: Any, *, field: str, **options: Any) -> bool:
    """Whether a field is not sent or makes sense."""
    try:
        read(value, field=field, **options)
    except UnreadableError:
        return False
    return True


def read_text(value: Any, *, field: str, longest: int = 255) -> str:
    """Text, also where a number was sent; empty when there is none."""
    if value is None:
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise UnreadableError(f"{field} is not text")
    text = str(value).strip()
    if "\0" in text or len(text) > longest or not _is_encodable(text):
        raise UnreadableError(f"{field} is too long or has characters that are not text")
    return text


def read_lower(value: Any, *, field: str, longest: int = 255) -> str:
    """Text in lower case, not casefold, which would make one person of ß and ss. Some letters become two, so the length
    is looked at afterwards.
    """
    return read_text(read_text(value, field=field).lower(), field=field, longest=longest)


def _is_encodable(text: str) -> bool:
    """A lone surrogate is legal in JSON and in Python but not in UTF-8, hence in no database."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def read_flag(value: Any, *, field: str) -> bool | None:
    """True or false, also as 1, 0 or text."""
    if value is None or value == "":
        return None
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    flag = known.get(str(value).strip().lower())
    if flag is None:
        raise UnreadableError(f"{field} is neither true nor false")
    return flag


def read_seconds(value: Any, *, field: str) -> int | None:
    """Whole seconds, from a number or text."""
    if value is None or value == "":
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnreadableError(f"{field} is not a number of seconds")
    try:
        seconds = float(value)
    except (ValueError, OverflowError) as error:
        raise UnreadableError(f"{field} is not a number of seconds") from error
    if not math.isfinite(seconds) or not 0 <= seconds <= LONGEST_SECONDS:
        raise UnreadableError(f"{field} is negative or longer than a week")
    return int(seconds)


def read_time(value: Any, *, field: str, received_at: datetime.datetime, lasted: int = 0) -> datetime.datetime | None:
    """A time in UTC from ISO 8601 with or without offset (then Helsinki) or epoch seconds.

    Args:
        lasted: seconds from this time until the end of the call. In the hour that the clock shows twice in autumn
            it tells which one was meant: a call is reported right after it ended.
    """
    if value is None or value == "":
        return None
    time = _from_epoch(value, field=field)
    if time is None:
        time = _from_iso(str(value), field=field)
        if time.tzinfo is None:
            time = _in_helsinki(time, ended_about=received_at, lasted=lasted)
    try:
        time = time.astimezone(datetime.UTC)
    except OverflowError as error:
        raise UnreadableError(f"{field} is out of range") from error
    if not EARLIEST <= time <= received_at + FUTURE_AT_MOST:
        raise UnreadableError(f"{field} is before 2000 or in the future")
    return time


def _from_epoch(value: Any, *, field: str) -> datetime.datetime | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise UnreadableError(f"{field} is not a time")
    if isinstance(value, str) and not re.fullmatch(r"\s*[0-9]{9,}(\.[0-9]+)?\s*", value):
        return None
    try:
        return datetime.datetime.fromtimestamp(float(value), datetime.UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise UnreadableError(f"{field} is out of range") from error


def _from_iso(text: str, *, field: str) -> datetime.datetime:
    text = text.strip()
    if len(text) <= len("2026-03-01"):
        raise UnreadableError(f"{field} is a date without a time")
    try:
        return datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise UnreadableError(f"{field} is not a time") from error


def _in_helsinki(naive: datetime.datetime, *, ended_about: datetime.datetime, lasted: int) -> datetime.datetime:
    """A local time with its offset. A time that the spring change skips is read as if the clock had not moved."""
    first = naive.replace(tzinfo=HELSINKI, fold=0)
    second = naive.replace(tzinfo=HELSINKI, fold=1)
    if first.utcoffset() == second.utcoffset() or first.utcoffset() < second.utcoffset():  # type: ignore[operator]
        return first
    end = datetime.timedelta(seconds=lasted)
    nearest = min(first, second, key=lambda time: abs(time.astimezone(datetime.UTC) + end - ended_about))
    is_just_over = abs(nearest.astimezone(datetime.UTC) + end - ended_about) < JUST_NOW
    return nearest if is_just_over else first
