"""Reading JSON objects out of requests."""

import json
from typing import Any, TypeAlias

from django.http import HttpRequest

Json: TypeAlias = dict[str, Any]


class NotJsonError(Exception):
    """The body is not a JSON object."""


def json_body(request: HttpRequest) -> Json:
    """Return the JSON object a request carries; an empty body is an empty object."""
    if not request.body:
        return {}
    try:
        body = json.loads(request.body)
    except ValueError as error:
        raise NotJsonError("invalid JSON") from error
    if not isinstance(body, dict):
        raise NotJsonError("expected a JSON object")
    return body
