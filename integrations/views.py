"""The Integrations page, the company's Mustalinja settings and the team."""

from typing import Any, cast

from cryptography.fernet import InvalidToken
from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import FormView, TemplateView

from accounts.access import CompanyAdminMixin, PeopleOnlyMixin
from accounts.models import Company, License, User
from integrations.encryption import decrypt, encrypt
from integrations.forms import MustalinjaCredentialsForm, WebhookAuthForm
from integrations.models import MustalinjaAccount, PipedriveConnection
from integrations.mustalinja_link import mustalinja_account_of, rotate_secret, save_credentials, webhook_url
from integrations.status import overview_of

SECRET_TO_SHOW = "mustalinja_secret_to_show"  # noqa: S105 - the session key, not the secret


class OverviewView(PeopleOnlyMixin, TemplateView):
    """What is linked, whether it works now, and the one next step."""

    template_name = "integrations/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(overview=overview_of(self.person), **kwargs)


class MustalinjaView(CompanyAdminMixin, FormView[MustalinjaCredentialsForm]):
    """The company's API credentials, webhook address and, once, its signing secret."""

    template_name = "integrations/mustalinja.html"
    form_class = MustalinjaCredentialsForm
    success_url = reverse_lazy("integrations:mustalinja")

    def form_valid(self, form: MustalinjaCredentialsForm) -> HttpResponse:
        account, secret = save_credentials(company=cast("Company", self.person.company), **form.cleaned_data)
        if secret is not None:
            self.request.session[SECRET_TO_SHOW] = encrypt(secret)
        messages.success(self.request, _saved_sentence(account))
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        account = mustalinja_account_of(self.person)
        return super().get_context_data(
            account=account,
            auth_form=WebhookAuthForm(instance=account) if account else None,
            webhook_url=webhook_url(account) if account else None,
            new_secret=self._secret_to_show(),
            previous_secret_valid_until=(
                account.previous_secret_ends_at if account and len(account.valid_secrets()) > 1 else None
            ),
            **kwargs,
        )

    def _secret_to_show(self) -> str | None:
        """The new secret, on the one page that a person sees of it."""
        if self.request.method == "HEAD" or SECRET_TO_SHOW not in self.request.session:
            return None
        try:
            return decrypt(self.request.session.pop(SECRET_TO_SHOW))
        except InvalidToken:
            return None


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
        request.session[SECRET_TO_SHOW] = encrypt(rotate_secret(account))
        messages.success(request, _("There is a new signing secret. The old one stays valid for 24 hours."))


class WebhookAuthView(_OwnAccountView):
    """Another way for Mustalinja to prove itself."""

    def change(self, request: HttpRequest, account: MustalinjaAccount) -> None:
        form = WebhookAuthForm(request.POST, instance=account)
        if form.is_valid():
            account.save(update_fields=["webhook_auth"])
            messages.success(
                request,
                _(
                    "The authentication was changed. Tell Mustalinja's customer service: calls are refused until"
                    " Mustalinja uses the same."
                ),
            )
        else:
            messages.error(request, _("Choose one of the ways of authentication."))


class TeamView(CompanyAdminMixin, TemplateView):
    """The company's people, and for each whether calls can be logged."""

    template_name = "integrations/team.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        valid = License.objects.valid().filter(holder=OuterRef("pk"), company=OuterRef("company"))
        people = (
            User.objects.colleagues_of(self.person)
            .select_related("pipedrive_connection__account")
            .annotate(is_licensed=Exists(valid))
        )
        return super().get_context_data(people=[_colleague(user) for user in people], **kwargs)


def _colleague(user: Any) -> dict[str, Any]:
    connection: PipedriveConnection | None = getattr(user, "pipedrive_connection", None)
    works = connection is not None and connection.is_live
    if connection is None:
        pipedrive = _("Not connected. This person has to connect Pipedrive on the Integrations page.")
    elif not works:
        pipedrive = _("Must be connected again by this person.")
    else:
        pipedrive = _("Connected: %(company)s") % {"company": connection.account.name}
    return {
        "email": user.email,
        "name": connection.name if connection else "",
        "is_company_admin": user.is_company_admin,
        "license_sentence": _("Active") if user.is_licensed else _("No valid license"),
        "pipedrive_sentence": pipedrive,
        "state": "ok" if works and user.is_licensed else "todo",
    }
