"""Reading query parameters as strictly as API v2 does."""

from collections.abc import Mapping

from sandbox import clock
from sandbox.pipedrive.answers import Refusal


def integer(query: Mapping[str, str], name: str) -> int | None:
    """Return a whole-number parameter."""
    if name not in query:
        return None
    if not query[name].isascii() or not query[name].isdigit():
        message = f"Bad request: {name} must be an integer"
        raise Refusal(400, message)
    return int(query[name])


def boolean(query: Mapping[str, str], name: str) -> bool | None:
    """Return a true/false parameter."""
    if name not in query:
        return None
    words = {"true": True, "1": True, "false": False, "0": False}
    if query[name].lower() not in words:
        message = f"Bad request: {name} must be a boolean"
        raise Refusal(400, message)
    return words[query[name].lower()]


def moment(query: Mapping[str, str], name: str) -> str | None:
    """Return an RFC3339 parameter in UTC; a fraction of a second is refused, as the live service does."""
    if name not in query:
        return None
    parsed = clock.parse_rfc3339(query[name])
    if parsed is None:
        message = f"Bad request: {name} must be an RFC3339 time in whole seconds, e.g. 2025-01-01T10:20:00Z"
        raise Refusal(400, message)
    return parsed


def word(query: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> str:
    """Return a parameter that is one of a few words; the first is the default."""
    chosen = query.get(name, allowed[0])
    if chosen not in allowed:
        message = f"Bad request: {name} must be one of {', '.join(allowed)}"
        raise Refusal(400, message)
    return chosen


def words(query: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return a comma-separated parameter of known words; all of them by default."""
    chosen = tuple(query[name].split(",")) if name in query else allowed
    if set(chosen) - set(allowed):
        message = f"Bad request: {name} takes {', '.join(allowed)}"
        raise Refusal(400, message)
    return chosen


def ids(query: Mapping[str, str]) -> set[int] | None:
    """Return the `ids` parameter: at most 100 of them."""
    if "ids" not in query:
        return None
    parts = query["ids"].split(",")
    if len(parts) > 100 or not all(part.isascii() and part.isdigit() for part in parts):
        raise Refusal(400, "Bad request: ids must be a comma separated list of up to 100 ids")
    return {int(part) for part in parts}
