"""Times as the two services write them."""

import datetime as dt
import re

_RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)")


def now() -> dt.datetime:
    """Return the present moment in UTC."""
    return dt.datetime.now(dt.UTC)


def rfc3339(moment: dt.datetime) -> str:
    """Write a moment as Pipedrive's API v2 does: `2026-11-22T10:00:00Z`."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def spaced(moment: dt.datetime) -> str:
    """Write a moment as Pipedrive's API v1 does: `2026-11-22 10:00:00`, in UTC."""
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S")


def parse_rfc3339(text: str) -> str | None:
    """Bring an RFC3339 time to UTC; None for anything else, and fractions of a second are anything else."""
    if not _RFC3339.fullmatch(text):
        return None
    try:
        return rfc3339(dt.datetime.fromisoformat(text))
    except ValueError:
        return None
