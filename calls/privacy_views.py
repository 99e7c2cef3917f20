"""The button by which a rep makes one of their calls private."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views import View

from accounts.access import PeopleOnlyMixin
from accounts.audit import record
from accounts.audit_entry import Action
from calls.models import Call, NewPerson
from calls.privacy import make_number_private, mark_private
from calls.private_numbers import UnreadableListError, add_number
from calls.reasons import Reason


class MarkPrivateView(PeopleOnlyMixin, View):
    """Only the rep whose call it is may; POST `number=on` puts the number on their list of private ones, too."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, reference: str) -> HttpResponse:
        call = get_object_or_404(Call.objects.visible_to(self.person), reference=reference)
        if call.rep_id != self.person.pk:
            raise PermissionDenied(_("Only the person whose call it is can mark it private."))
        number, person_was_made = call.customer_number, _made_a_person_of(call)
        with transaction.atomic():
            mark_private(call, by=self.person)
            record(action=Action.CALL_PRIVATE, request=request, subject=call)
            if request.POST.get("number") and number:
                self._list_number(number)
        messages.success(request, _done(call))
        if person_was_made:
            messages.info(
                request,
                _("The connector had made a person for this number in Pipedrive. Delete it there if it is not needed."),
            )
        return redirect(call)

    def _list_number(self, number: str) -> None:
        try:
            add_number(self.person, number)
        except UnreadableListError:
            messages.error(self.request, _("Your list of private numbers cannot be read any more. Empty it first."))
        except ValueError as error:
            messages.error(self.request, str(error))
        else:
            make_number_private(self.person, number, with_logged=False)


def _made_a_person_of(call: Call) -> bool:
    """Whether a person was created for the call's number. It stays: others may be using it by now."""
    made = NewPerson.objects.filter(account__company=call.company_id, number=call.customer_number)
    return bool(call.customer_number) and made.exists()


def _done(call: Call) -> str:
    if call.reason == Reason.PRIVATE_NUMBER:
        return _("The call is private. Nothing of it is in Pipedrive, and its number is deleted here.")
    return _("The call is private, and its number is deleted here. Its activity is being deleted from Pipedrive.")
