"""Sessions of staff end when nobody uses them, and when they lack the second step that their person has."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from accounts.second_step import lacks_second_step

SEEN = "staff_seen_at"
"""In a session: when its person last asked for a page, in seconds since 1970."""
WRITTEN_EACH = 30
"""The time is written down again when a thirtieth of the allowed one is over: each request would be a write."""


class StaffSessionMiddleware:
    """Logs staff out, and lets the request go on as anybody's: a page asks them to log in and then leads back to it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        why = _why_it_ends(request) if request.user.is_staff else ""
        if why:
            logout(request)
            messages.info(request, why)
        return self.get_response(request)


def _why_it_ends(request: HttpRequest) -> str:
    """The reason in the reader's language; empty while the session goes on."""
    if _is_idle(request):
        return _("You were logged out because you had not used the portal for a while.")
    if lacks_second_step(request):
        return _("Log in once more: your two-step login was set up or changed elsewhere.")
    return ""


def _is_idle(request: HttpRequest) -> bool:
    """Whether the allowed time is over. What a page asks for by itself does not prolong it: nobody may be there."""
    now, allowed = int(time.time()), settings.STAFF_IDLE_SECONDS
    seen = request.session.get(SEEN)
    if seen is not None and now - seen > allowed:
        return True
    is_renewal = "HX-Request" in request.headers
    if seen is None or (not is_renewal and now - seen >= allowed / WRITTEN_EACH):
        request.session[SEEN] = now
    return False
