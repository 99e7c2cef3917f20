"""The company's settings as a page: saving them, seeing how their texts look, trying them out."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpResponse
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views.generic import UpdateView

from accounts.access import CompanyAdminMixin
from accounts.models import Company
from calls.forms import CompanySettingsForm
from calls.models import LoggingPolicy
from calls.placeholders import PLACEHOLDERS
from calls.resume import settings_changed
from calls.settings_log import settings_recorded
from calls.text_preview import previews
from calls.trial import TRIED_DAYS, Settings, Trial, try_settings


class CompanySettingsView(CompanyAdminMixin, UpdateView[LoggingPolicy, CompanySettingsForm]):
    """Which calls the company logs, and how."""

    template_name = "calls/company_settings.html"
    form_class = CompanySettingsForm
    success_url = reverse_lazy("calls:company_settings")

    @property
    def company(self) -> Company:
        return cast("Company", self.person.company)

    def get_object(self, queryset: Any = None) -> LoggingPolicy:
        return LoggingPolicy.of(self.company)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(placeholders=PLACEHOLDERS, **kwargs)

    def form_valid(self, form: CompanySettingsForm) -> HttpResponse:
        before = LoggingPolicy.of(self.company)
        with settings_recorded(self.request, self.company):
            response = super().form_valid(form)
        settings_changed(self.company, before=before)
        messages.success(
            self.request, _("The settings are saved and apply from now on, also to calls that are still waiting.")
        )
        return response


class LookView(CompanySettingsView):
    """Shows something of the settings as they stand in the form, and saves nothing. Asked by htmx, it answers with the
    part that has changed, else with the whole page.
    """

    http_method_names = ("post",)
    part = ""

    def show(self, **found: Any) -> HttpResponse:
        is_for_htmx = self.request.headers.get("HX-Request") == "true"
        template = self.part if is_for_htmx else self.template_name
        return self.response_class(self.request, [template], self.get_context_data(**found), using=self.template_engine)


class TextPreviewView(LookView):
    """How the texts look. What is wrong elsewhere in the form does not matter for that."""

    part = "calls/text_previews.html"

    def form_valid(self, form: CompanySettingsForm) -> HttpResponse:
        language = form.cleaned_data.get("language", self.company.language)
        shown = previews(form.instance, language=language, rep_name=self.person.email)
        return self.show(form=form, previews=shown)

    form_invalid = form_valid


class TrialView(LookView):
    """What the settings would have made of the last 30 days."""

    part = "calls/trial.html"

    def form_valid(self, form: CompanySettingsForm) -> HttpResponse:
        return self.show(form=form, trial=self._trial(form), tried_days=TRIED_DAYS)

    def form_invalid(self, form: CompanySettingsForm) -> HttpResponse:
        return self.show(form=form)

    def _trial(self, form: CompanySettingsForm) -> Trial:
        numbers = form.numbers_in_force
        entered, shown = form.cleaned_data["own_numbers"], form.numbers_shown()
        in_force = Settings(policy=LoggingPolicy.of(self.company), language=self.company.language, own_numbers=numbers)
        tried = Settings(
            policy=form.instance,
            language=form.cleaned_data["language"],
            own_numbers=numbers - (shown - entered) | (entered - shown),
        )
        return try_settings(self.company, before=in_force, after=tried, reader=self.person)
