"""The call history: a page of calls by a filter and what they come to, up to date while somebody looks at it."""

import hashlib
from collections.abc import Callable, Mapping
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.generic import TemplateView

from accounts.access import PeopleOnlyMixin
from accounts.models import User
from calls.filter_chips import chips_of
from calls.filters import CallPageFilter
from calls.history_charts import charts_of
from calls.models import Call, CallQuerySet
from calls.paging import NewestFirst, page_of
from calls.totals import COUNTED_AT_MOST, statuses_of, totals_of

VERSION = "version"
NO_FILTERS = (NewestFirst.cursor_query_param, NewestFirst.page_size_query_param, VERSION)


class CallHistoryView(PeopleOnlyMixin, TemplateView):
    """A rep's own calls; all of the company's for its admin. The filters are in the address, the pages are those of the
    JSON API.
    """

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if request.user.is_authenticated:
            self.filter = call_filter(request, self.person)

    @property
    def calls(self) -> CallQuerySet:
        """The calls of the filter, newest first."""
        return cast("CallQuerySet", self.filter.qs)

    @property
    def filters(self) -> Any:
        """The filters' part of the address."""
        return without(self.request.GET, *NO_FILTERS)

    def live_context(self) -> dict[str, Any]:
        """What the live part of the page shows."""
        page = page_of(self.calls, self.request)
        totals = totals_of(self.calls)
        query = without(self.request.GET, VERSION)
        query[VERSION] = version_of(page, lambda: totals.statuses)
        return {
            **page,
            "totals": totals,
            "counted_at_most": COUNTED_AT_MOST,
            "querystring": self.filters.urlencode(),
            "unstated": without(self.filters, "status", "reason").urlencode(),
            "live_query": query.urlencode(),
            "shows_rep": self.person.sees_all_calls,
        }


class CallListView(CallHistoryView):
    """The whole page."""

    template_name = "calls/list.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        live = self.live_context()
        return super().get_context_data(
            **live,
            filter=self.filter,
            chips=chips_of(self.filter, self.filters),
            charts=charts_of(live["totals"]),
            colleagues=self._colleagues(),
            **kwargs,
        )

    def _colleagues(self) -> list[str]:
        """Whose calls an admin can choose."""
        if not self.person.sees_all_calls:
            return []
        return list(User.objects.colleagues_of(self.person).values_list("email", flat=True))


class LiveCallsView(CallHistoryView):
    """The part of the page that changes by itself: it asks every few seconds, and hears nothing while nothing that it
    shows has changed. That costs the page's own query and, where there are calls on other pages, one for the totals.
    """

    template_name = "calls/live.html"

    def handle_no_permission(self) -> Any:
        """Logged out meanwhile: the whole page is loaded anew, and asks to log in."""
        if "HX-Request" in self.request.headers:
            return HttpResponse(status=204, headers={"HX-Refresh": "true"})
        return super().handle_no_permission()

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if "HX-Request" not in request.headers:
            return redirect(f"{reverse('calls:list')}?{without(request.GET, VERSION).urlencode()}")
        shown = request.GET.get(VERSION)
        if shown == version_of(page_of(self.calls, request), lambda: statuses_of(self.calls)):
            return HttpResponse(status=204)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**self.live_context(), **kwargs)


def call_filter(request: HttpRequest, person: User) -> CallPageFilter:
    """The filter of a request over the calls that a person may see."""
    calls = Call.objects.visible_to(person).select_related("rep").order_by(*NewestFirst.ordering)
    return CallPageFilter(request.GET, calls, person=person)


def version_of(page: dict[str, Any], statuses: Callable[[], Mapping[str, int]]) -> str:
    """Tells a page of calls from the same page with other calls, with one that something has become of, or with other
    totals. These are asked for only where the page does not show all calls of the filter.
    """
    shown = [(call.pk, call.status, call.reason, call.person_name, call.activity_url) for call in page["calls"]]
    others = sorted(statuses().items()) if page["newer"] or page["older"] else None
    return hashlib.sha256(repr((shown, others)).encode()).hexdigest()[:16]


def without(query: Any, *names: str) -> Any:
    """A copy of an address's query without these."""
    rest = query.copy()
    for name in names:
        rest.pop(name, None)
    return rest
