"""The statistics of the last weeks as a page and as a file."""

from typing import Any

from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import TemplateView

from accounts.access import PeopleOnlyMixin
from accounts.models import User
from calls.export import csv_lines
from calls.export_views import file_name
from calls.models import Call
from calls.statistics import Statistics, statistics_of
from calls.statistics_words import charts_of, columns, csv_rows, rep_rows, tiles_of, week_rows


class StatisticsMixin(PeopleOnlyMixin):
    """A rep's own calls; all of the company's for its admin, or one rep's of it."""

    def statistics(self) -> Statistics:
        calls = Call.objects.visible_to(self.person)
        if self.chosen_rep:
            calls = calls.filter(rep__email=self.chosen_rep)
        return statistics_of(calls, now=timezone.now())

    @property
    def chosen_rep(self) -> str:
        """The email of the rep whose calls an admin wants to look at; empty: everybody's."""
        return self.request.GET.get("rep", "").lower() if self.person.sees_all_calls else ""


class StatisticsView(StatisticsMixin, TemplateView):
    """This week beside the last one, and eight weeks drawn and in numbers."""

    template_name = "calls/statistics.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        statistics = self.statistics()
        if self.chosen_rep and self.chosen_rep not in statistics.by_rep and not self._is_colleague():
            raise Http404
        return super().get_context_data(
            has_calls=any(numbers.calls for numbers in statistics.by_week),
            tiles=tiles_of(statistics),
            charts=charts_of(statistics),
            columns=columns(),
            weeks=week_rows(statistics),
            reps=rep_rows(statistics) if self.person.sees_all_calls and not self.chosen_rep else [],
            chosen_rep=self.chosen_rep,
            shows_rep=self.person.sees_all_calls,
            **kwargs,
        )

    def _is_colleague(self) -> bool:
        return User.objects.colleagues_of(self.person).filter(email=self.chosen_rep).exists()


class StatisticsCsvView(StatisticsMixin, View):
    """A line for each week and rep."""

    http_method_names = ("get",)

    def get(self, _request: HttpRequest) -> HttpResponseBase:
        heads, rows = csv_rows(self.statistics())
        name = file_name(_("call-statistics-%(day)s"), "csv")
        return StreamingHttpResponse(csv_lines(heads, rows), content_type="text/csv; charset=utf-8", headers=name)
