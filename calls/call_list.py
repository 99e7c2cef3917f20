"""The admin's list of calls, of which there may be a million: how it is ordered, filtered and searched."""

from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from calls.finding import calls_named, calls_of_named
from calls.models import Call, CallQuerySet
from calls.reasons import STATUS_OF, Reason, Status

COUNTED_AT_MOST = 2_000
NOT_LOGGED = {status.value for status in Status if status != Status.LOGGED}
BY_ID, BY_TIME = ("-id",), ("-started_at", "-id")


class BoundedPaginator(Paginator[Any]):
    """Counts and turns over the first rows only: what is further back is found by filter and search."""

    @cached_property
    def count(self) -> int:
        """The number of rows, or the most that is counted."""
        rows = cast("QuerySet[Any]", self.object_list)
        return rows[:COUNTED_AT_MOST].count()


class ReasonFilter(admin.SimpleListFilter):
    """A reason together with its status, with which the indexes begin."""

    title = _("reason")
    parameter_name = "reason"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(reason.value, reason.label) for reason in Reason]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Call]) -> QuerySet[Call]:
        chosen = self.value()
        if chosen not in Reason.values:
            return queryset
        return queryset.filter(status=STATUS_OF[Reason(chosen)], reason=chosen)


def ordering_of(request: HttpRequest) -> tuple[str, ...]:
    """The latest received first. A company's calls, and those of a status that few have, by their start: so their index
    has them, and no page sorts all of them.
    """
    query = request.GET
    is_of_few = "company__id__exact" in query or "reason" in query or query.get("status__exact") in NOT_LOGGED
    return BY_TIME if is_of_few else BY_ID


def found_calls(calls: CallQuerySet, text: str) -> QuerySet[Call]:
    """Those of the list's calls that a text names."""
    named = calls_named(calls, text)
    return named if named.exists() else calls_of_named(calls, text)
