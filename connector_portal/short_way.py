"""The short way to the addresses of machines: past sessions, languages, log-ins and the other things of browsers."""

from collections.abc import Callable
from functools import lru_cache

from django.http import HttpRequest, HttpResponse
from django.urls import resolve

MACHINES = ("/webhooks/", "/health/")

_resolve = lru_cache(maxsize=1024)(resolve)
"""The same few addresses come again and again; going through all of the portal's takes as long as two queries."""


class ShortWayMiddleware:
    """Calls the views of webhooks and health checks at once; everything else goes through the middleware that follows.
    Measured, what follows takes as long as half of an intake; and it may ask the database, which a health check must
    survive being away.

    It stands behind Django's security middleware, so that an `https` portal takes webhooks over `https` only.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(MACHINES):
            return self.get_response(request)
        match = request.resolver_match = _resolve(request.path_info)
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        # As Django's common middleware does; without it a server answers in chunks.
        response.headers.setdefault("Content-Length", str(len(response.content)))
        return response
