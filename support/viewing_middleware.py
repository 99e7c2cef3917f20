"""Shows the portal to a member of staff as the person they view it as: pages to read, nothing to do."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext as _

from support.viewing import SESSION_KEY, Viewing, viewing_of

READING = ("GET", "HEAD", "OPTIONS")
SHOWN = frozenset(
    {
        "front",
        "favicon",
        "guide:faq",
        "guide:documentation",
        "guide:search",
        "guide:page",
        "accounts:license",
        "accounts:colleague",
        "integrations:overview",
        "integrations:checklist",
        "calls:test_call",
        "calls:test_call_steps",
        "calls:team",
        "calls:list",
        "calls:live",
        "calls:days",
        "calls:detail",
        "calls:statistics",
        "calls:settings",
        "calls:private_numbers",
        "calls:company_settings",
        "calls:api_list",
        "calls:api_detail",
        "calls:api_company_settings",
        "calls:api_own_settings",
        "calls:api_schema",
    }
)
"""The addresses that are shown. The others show keys, hand out data as files, belong to the person's account, or do
something when they are opened; a new one is not shown until it is named here.
"""


class ViewingMiddleware:
    """The admin stays the member of staff's own: there the view is ended, and there they go on working beside it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        was_viewing = SESSION_KEY in request.session
        viewing = viewing_of(request)
        if viewing is None:
            if was_viewing:
                messages.info(request, _("Your view of the portal as a customer is over. You are yourself again."))
            return self.get_response(request)
        if request.path_info.startswith(reverse("admin:index")):
            return self.get_response(request)
        return self._as_customer(request, viewing)

    def _as_customer(self, request: HttpRequest, viewing: Viewing) -> HttpResponseBase:
        request.user = viewing.person
        request.viewing = viewing  # type: ignore[attr-defined]
        if request.method not in READING:
            return _refuse(
                request, _("While you view the portal as a customer you can only read. Nothing was changed.")
            )
        if not _is_shown(request.path_info):
            return _refuse(request, _("This page is not shown while you view the portal as a customer."))
        return self.get_response(request)


def _is_shown(path: str) -> bool:
    """Whether an address may be opened; what leads nowhere may, and finds nothing."""
    try:
        return resolve(path).view_name in SHOWN
    except Resolver404:
        return True


def _refuse(request: HttpRequest, why: str) -> HttpResponseBase:
    if request.path_info.startswith("/api/"):
        return JsonResponse({"detail": why}, status=403)
    return render(request, "support/viewing_refused.html", {"why": why}, status=403)
