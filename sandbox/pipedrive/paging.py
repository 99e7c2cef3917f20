"""Cursor paging of API v2, https://pipedrive.readme.io/docs/core-api-concepts-pagination.

The cursor names the first record of the next page by the value it is sorted by, so a record that changes
while somebody pages by `update_time` can move to another page: sorting by id is the safe way, as in reality.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from typing import Any

from sandbox.json_body import Json
from sandbox.pipedrive import queries
from sandbox.pipedrive.answers import Refusal

MAX_LIMIT = 500
DEFAULT_LIMIT = 100


def page(records: Iterable[Json], query: Mapping[str, str], sortable: tuple[str, ...]) -> tuple[list[Json], str | None]:
    """Return the asked-for page of the records and the cursor of the next one."""
    field = queries.word(query, "sort_by", sortable)
    descending = queries.word(query, "sort_direction", ("asc", "desc")) == "desc"
    size = limit(query)
    ordered = sorted(records, key=lambda each: _key(each, field), reverse=descending)
    if "cursor" in query:
        first = _first_key(query["cursor"], field)
        ordered = [
            each for each in ordered if (_key(each, field) <= first if descending else _key(each, field) >= first)
        ]
    following = ordered[size : size + 1]
    return ordered[:size], _cursor(following[0], field) if following else None


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
