"""Taking one's data along, and deleting the account."""

from typing import Any

from allauth.core.ratelimit import consume
from django.contrib import messages
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import FormView

from accounts.access import PeopleOnlyMixin
from accounts.audit import record
from accounts.audit_entry import Action
from calls.leaving import CannotLeaveError, check_may_leave, leave
from calls.own_data import archive_of
from calls.own_forms import LeaveForm


class OwnDataView(PeopleOnlyMixin, View):
    """A zip file with everything."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest) -> HttpResponse:
        record(action=Action.OWN_DATA_EXPORTED, request=request, subject=self.person)
        name = f"mustalinja-connector-{timezone.localdate():%Y-%m-%d}.zip"
        headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
        return HttpResponse(archive_of(self.person), content_type="application/zip", headers=headers)


class DeleteAccountView(PeopleOnlyMixin, FormView[LeaveForm]):
    """Says what goes and what stays, asks for the password, and deletes the account."""

    template_name = "calls/delete_account.html"
    form_class = LeaveForm
    success_url = reverse_lazy("front")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.person}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """As many guesses at the password as where it is asked for elsewhere."""
        if not consume(request, action="reauthenticate", user=self.person):
            messages.error(request, _("That was too many attempts. Wait a few minutes, then try again."))
            return redirect("calls:delete_account")
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: LeaveForm) -> HttpResponse:
        person = self.person
        company = person.company
        try:
            leave(person)
        except CannotLeaveError as reason:
            form.add_error(None, str(reason))
            return self.form_invalid(form)
        logout(self.request)
        record(action=Action.ACCOUNT_DELETED, company=company)
        messages.success(self.request, _("Your account is deleted. Thank you for having been here."))
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        try:
            check_may_leave(self.person)
        except CannotLeaveError as reason:
            kwargs["obstacle"] = str(reason)
        return super().get_context_data(**kwargs)
