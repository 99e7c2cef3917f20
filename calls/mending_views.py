"""The buttons on a call's page."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views import View

from accounts.access import PeopleOnlyMixin
from accounts.audit import record
from accounts.audit_entry import Action
from accounts.models import User
from calls.mending import NothingToDoError, log_now, log_to_new_person
from calls.models import Call


class _MendingView(PeopleOnlyMixin, View):
    """Whoever sees a call may do something about it."""

    http_method_names = ("post",)
    action: Action

    def mend(self, call: Call, by: User) -> str:
        """Do it, and say so."""
        raise NotImplementedError

    def post(self, request: HttpRequest, reference: str) -> HttpResponse:
        call = get_object_or_404(Call.objects.visible_to(self.person), reference=reference)
        try:
            done = self.mend(call, self.person)
        except NothingToDoError:
            text = _("Nothing was changed: something has become of the call meanwhile. This page shows what.")
            messages.info(request, text)
        else:
            record(action=self.action, request=request, subject=call)
            messages.success(request, done)
        return redirect(call)


class LogNowView(_MendingView):
    """Look again now, try again, or log this one all the same."""

    action = Action.CALL_TRIED

    def mend(self, call: Call, by: User) -> str:
        log_now(call, by=by)
        return _("The call is being tried now. This page shows what becomes of it.")


class CreatePersonView(_MendingView):
    """A new person in Pipedrive for this call's number."""

    action = Action.PERSON_CREATED

    def mend(self, call: Call, by: User) -> str:
        log_to_new_person(call, by=by)
        return _("A person is being created in Pipedrive, and the call is logged to it. This page shows when.")
