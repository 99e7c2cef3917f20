"""Cursor paging of API v2, https://pipedrive.readme.io/docs/core-api-concepts-pagination.

The cursor names the first record of the next page by the value it is sorted by, so a record that changes
while somebody pages by `update_time` can move to another page: sorting by id is the safe way, as in reality.
"""

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Any

from sandbox.json_body import Json
from sandbox.pipedrive import queries
from sandbox.pipedrive.answers import Refusal

MAX_LIMIT = 500
DEFAULT_LIMIT = 100


def page(
    records: Iterable[Json], query: Mapping[str, str], sortable: tuple[str, ...], presorted: str = "id"
) -> tuple[list[Json], str | None]:
    """Return the asked-for page of the records and the cursor of the next one.

    The records must come by rising ids, or by rising values of the field `presorted` and then ids. A page in
    that order reads no further than it must.
    """
    field = queries.word(query, "sort_by", sortable)
    descending = queries.word(query, "sort_direction", ("asc", "desc")) == "desc"
    size = limit(query)
    first = _first_key(query["cursor"], field) if "cursor" in query else None
    if field == presorted and not descending:
        following = (each for each in records if first is None or _key(each, field) >= first)
        rows = list(islice(following, size + 1))
    else:
        ordered = list(records) if field == presorted else sorted(records, key=lambda each: each[field] or "")
        rows = _cut(ordered, field, first, size + 1, descending=descending)
    return rows[:size], _cursor(rows[size], field) if len(rows) > size else None


def rises_by(query: Mapping[str, str], field: str) -> bool:
    """Whether a list is wanted by rising values of this field."""
    return query.get("sort_by", "id") == field and query.get("sort_direction", "asc") == "asc"


def cursor_place(query: Mapping[str, str], field: str) -> tuple[Any, int] | None:
    """Return the field's value and the id a page begins with, so that earlier records need not be looked at."""
    return _first_key(query["cursor"], field) if "cursor" in query else None


def _cut(ordered: list[Json], field: str, first: tuple[Any, int] | None, size: int, *, descending: bool) -> list[Json]:
    """Cut so many records out of a sorted list, from the cursor's on, upwards or downwards."""

    def key(record: Json) -> tuple[Any, int]:
        return _key(record, field)

    if descending:
        end = bisect_right(ordered, first, key=key) if first else len(ordered)
        return ordered[max(0, end - size) : end][::-1]
    start = bisect_left(ordered, first, key=key) if first else 0
    return ordered[start : start + size]


def limit(query: Mapping[str, str]) -> int:
    """Return how many records a page may have."""
    chosen = queries.integer(query, "limit")
    if chosen is None:
        return DEFAULT_LIMIT
    if not 1 <= chosen <= MAX_LIMIT:
        message = f"Bad request: limit must be between 1 and {MAX_LIMIT}"
        raise Refusal(400, message)
    return chosen


def _key(record: Json, field: str) -> tuple[Any, int]:
    value = record[field]
    return ("" if value is None else value), record["id"]


def _cursor(record: Json, field: str) -> str:
    value, number = _key(record, field)
    text = json.dumps({"field": field, "fieldValue": value, "id": number})
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _first_key(cursor: str, field: str) -> tuple[Any, int]:
    try:
        marker = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        name, value, number = marker["field"], marker["fieldValue"], marker["id"]
    except (ValueError, KeyError, TypeError) as error:
        raise Refusal(400, "Bad request: cursor is invalid") from error
    if name != field or not isinstance(number, int) or not isinstance(value, int if field == "id" else str):
        raise Refusal(400, "Bad request: cursor is invalid")
    return value, number
