"""The Integrations page and the company's Mustalinja settings."""

from typing import Any, cast

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import FormView, TemplateView

from accounts.access import CompanyAdminMixin, PeopleOnlyMixin
from accounts.audit import record
from accounts.audit_entry import Action
from accounts.changes import form_changes
from accounts.models import Company
from accounts.roles import who_sees_calls_of
from accounts.shown_once import keep_to_show, take_to_show
from integrations.backfills import Backfill
from integrations.contact_status import tokens_today
from integrations.forms import MustalinjaCredentialsForm, WebhookAuthForm
from integrations.missing_call_status import missing_calls_of
from integrations.missing_calls import ask_for_calls_now
from integrations.models import MustalinjaAccount
from integrations.mustalinja_link import mustalinja_account_of, rotate_secret, save_credentials, webhook_url
from integrations.status import overview_of

SECRET_TO_SHOW = "mustalinja_secret_to_show"  # noqa: S105 - the session key, not the secret


class OverviewView(PeopleOnlyMixin, TemplateView):
    """What is linked, whether it works now, and the one next step."""

    template_name = "integrations/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        overview = overview_of(self.person)
        return super().get_context_data(
            overview=overview,
            tokens=tokens_today(overview.account),
            viewers=who_sees_calls_of(self.person),
            **kwargs,
        )


class ChecklistView(PeopleOnlyMixin, TemplateView):
    """The part of the page that renews itself; nothing is sent while it says the same as before."""

    template_name = "integrations/checklist.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        overview = overview_of(self.person)
        if overview.seen == request.GET.get("seen"):
            return HttpResponse(status=204)
        return self.render_to_response(self.get_context_data(overview=overview, **kwargs))


class MustalinjaView(CompanyAdminMixin, FormView[MustalinjaCredentialsForm]):
    """The company's API credentials, webhook address and, once, its signing secret."""

    template_name = "integrations/mustalinja.html"
    form_class = MustalinjaCredentialsForm
    success_url = reverse_lazy("integrations:mustalinja")

    def form_valid(self, form: MustalinjaCredentialsForm) -> HttpResponse:
        account, secret = save_credentials(company=cast("Company", self.person.company), **form.cleaned_data)
        record(action=Action.CREDENTIALS, request=self.request, subject=account, changes=form_changes(form))
        if secret is not None:
            keep_to_show(self.request, secret, under=SECRET_TO_SHOW)
        messages.success(self.request, _saved_sentence(account))
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        account = mustalinja_account_of(self.person)
        return super().get_context_data(
            account=account,
            auth_form=WebhookAuthForm(instance=account) if account else None,
            webhook_url=webhook_url(account) if account else None,
            new_secret=take_to_show(self.request, under=SECRET_TO_SHOW),
            missing_calls=missing_calls_of(account) if account else None,
            previous_secret_valid_until=(
                account.previous_secret_ends_at if account and len(account.valid_secrets()) > 1 else None
            ),
            **kwargs,
        )


def _saved_sentence(account: MustalinjaAccount) -> str:
    if account.webhook_registered_at is not None:
        return _("The credentials work, and Mustalinja now sends your company's calls here.")
    return _("The credentials are saved. Give Mustalinja the webhook address and the signing secret below.")


class _OwnAccountView(CompanyAdminMixin, View):
    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        account = mustalinja_account_of(self.person)
        if account is None:
            messages.error(request, _("Enter the Mustalinja credentials first."))
        else:
            self.change(request, account)
        return redirect("integrations:mustalinja")

    def change(self, request: HttpRequest, account: MustalinjaAccount) -> None:
        raise NotImplementedError


class RotateSecretView(_OwnAccountView):
    """A new signing secret, shown once."""

    def change(self, request: HttpRequest, account: MustalinjaAccount) -> None:
        keep_to_show(request, rotate_secret(account), under=SECRET_TO_SHOW)
        record(action=Action.SECRET_ROTATED, request=request, subject=account)
        messages.success(request, _("There is a new signing secret. The old one stays valid for 24 hours."))


class WebhookAuthView(_OwnAccountView):
    """Another way for Mustalinja to prove itself."""

    def change(self, request: HttpRequest, account: MustalinjaAccount) -> None:
        form = WebhookAuthForm(request.POST, instance=account)
        if form.is_valid():
            account.save(update_fields=["webhook_auth"])
            record(action=Action.WEBHOOK_AUTH, request=request, subject=account, changes=form_changes(form))
            messages.success(
                request,
                _(
                    "The authentication was changed. Tell Mustalinja's customer service: calls are refused until"
                    " Mustalinja uses the same."
                ),
            )
        else:
            messages.error(request, _("Choose one of the ways of authentication."))


class MissingCallsView(_OwnAccountView):
    """Have the calls fetched now that are in Mustalinja and not here."""

    def change(self, request: HttpRequest, account: MustalinjaAccount) -> None:
        ask_for_calls_now(account, Backfill.Cause.ADMIN)
        record(action=Action.CALLS_FETCHED, request=request, subject=account)
        messages.success(request, _("Missing calls are being fetched. This page shows what was found."))
