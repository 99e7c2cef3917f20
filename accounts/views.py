"""Signing up, and entering a licence later."""

from typing import Any

from allauth.account.views import SignupView as AllauthSignupView
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import FormView, TemplateView

from accounts.access import PeopleOnlyMixin
from accounts.audit import record
from accounts.audit_entry import Action
from accounts.forms import LicenseForm, SignupForm
from accounts.invitations import way_in
from accounts.licenses import LicenseRefusedError, redeem_license
from accounts.models import License


class SignupView(AllauthSignupView):  # type: ignore[misc]
    """allauth's sign-up, where a licence lost to somebody faster is an error of the form and makes no account. A code
    that came with a link is filled in.
    """

    def get_initial(self) -> dict[str, Any]:
        return {**super().get_initial(), "license_code": self.request.GET.get("license_code", "")}

    def form_valid(self, form: SignupForm) -> HttpResponse:
        try:
            answer: HttpResponse = super().form_valid(form)
        except LicenseRefusedError as refusal:
            form.add_error("license_code", refusal.message)
            return self.form_invalid(form)  # type: ignore[no-any-return]
        if self.user is not None:
            record(action=Action.SIGNED_UP, request=self.request, actor=self.user, subject=self.user)
        return answer


class LicenseView(PeopleOnlyMixin, FormView[LicenseForm]):
    """A person's licences, and the place to enter a new one."""

    template_name = "accounts/license.html"
    form_class = LicenseForm
    success_url = reverse_lazy("integrations:overview")

    def get_initial(self) -> dict[str, Any]:
        return {"license_code": self.request.GET.get("license_code", "")}

    def form_valid(self, form: LicenseForm) -> HttpResponse:
        try:
            license_ = redeem_license(user=self.person, code=form.cleaned_data["license_code"])
        except LicenseRefusedError as refusal:
            form.add_error("license_code", refusal.message)
            return self.form_invalid(form)
        record(action=Action.LICENSE_ENTERED, request=self.request, company=license_.company, subject=license_)
        messages.success(
            self.request, _("Your license for %(company)s is now active.") % {"company": license_.company.name}
        )
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        held = License.objects.filter(holder=self.person).select_related("company").order_by("-redeemed_at")
        return super().get_context_data(licenses=held, **kwargs)


class JoinView(View):
    """The link of an invitation: to signing up, or to the licence page for who has an account."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        return redirect(way_in(code))


class FrontPageView(TemplateView):
    """The public front page."""

    template_name = "front.html"
