"""The door for tests and demonstrations: JSON in, JSON out, a refusal is 400 with one sentence."""

import threading
from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from sandbox.json_body import Json, NotJsonError, json_body

Handler = Callable[..., Any]


class ControlError(Exception):
    """The order makes no sense."""


def control_view(lock: threading.RLock, **handlers: Handler) -> Callable[..., HttpResponse]:
    """Make a view: one handler a method, which gets the JSON body (GET: the query) and returns JSON."""

    def view(request: HttpRequest, **path_arguments: Any) -> HttpResponse:
        handler = handlers.get(request.method or "")
        if handler is None:
            return JsonResponse({"error": "method not allowed"}, status=405)
        try:
            order: Json = request.GET.dict() if request.method == "GET" else json_body(request)
            with lock:
                return JsonResponse(handler(order, **path_arguments))
        except (ControlError, NotJsonError, KeyError, TypeError, ValueError) as error:
            return JsonResponse({"error": f"{type(error).__name__}: {error}"}, status=400)

    return view
