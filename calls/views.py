"""The call history and the company's settings as pages."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.generic import DetailView, ListView, UpdateView

from accounts.access import CompanyAdminMixin, PeopleOnlyMixin
from accounts.models import Company
from calls.filters import CallPageFilter
from calls.forms import CompanySettingsForm
from calls.models import Call, CallQuerySet, LoggingPolicy
from calls.resume import settings_changed

CALLS_ON_A_PAGE = 50


class CallListView(PeopleOnlyMixin, ListView[Call]):
    """A rep's own calls; all of the company's for its admin."""

    template_name = "calls/list.html"
    paginate_by = CALLS_ON_A_PAGE

    def get_queryset(self) -> CallQuerySet:
        calls = Call.objects.visible_to(self.person).select_related("rep").order_by("-started_at", "-id")
        self.filter = CallPageFilter(self.request.GET, calls, shows_rep=self.person.manages_company)
        return cast("CallQuerySet", self.filter.qs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        filters = self.request.GET.copy()
        filters.pop("page", None)
        return super().get_context_data(
            filter=self.filter,
            querystring=filters.urlencode(),
            shows_rep=self.person.manages_company,
            **kwargs,
        )


class CallDetailView(PeopleOnlyMixin, DetailView[Call]):
    """One call: what was heard of it and what became of it."""

    template_name = "calls/detail.html"
    slug_field = slug_url_kwarg = "reference"

    def get_queryset(self) -> CallQuerySet:
        calls: CallQuerySet = Call.objects.visible_to(self.person).select_related("rep")
        return calls


class CompanySettingsView(CompanyAdminMixin, UpdateView[LoggingPolicy, CompanySettingsForm]):
    """Which calls the company logs, and how."""

    template_name = "calls/company_settings.html"
    form_class = CompanySettingsForm
    success_url = reverse_lazy("calls:company_settings")

    def get_object(self, queryset: Any = None) -> LoggingPolicy:
        return LoggingPolicy.of(cast("Company", self.person.company))

    def form_valid(self, form: CompanySettingsForm) -> HttpResponse:
        response = super().form_valid(form)
        settings_changed(self.object.company)
        messages.success(
            self.request, _("The settings are saved and apply from now on, also to calls that are still waiting.")
        )
        return response
