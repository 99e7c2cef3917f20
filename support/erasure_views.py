"""Staff's pages for erasing: a person, and a number wherever it is stored."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import person
from accounts.encryption import encrypt
from accounts.models import User
from calls.leaving import CannotLeaveError, check_may_leave
from calls.typed_numbers import clean_number
from integrations.queue import wake
from support.forms import ReasonForm
from support.number_erasure import find_number
from support.rights import may

ERASE_PERSON, ERASE_NUMBER = "support.tasks.erase_this_person", "support.tasks.erase_this_number"


class NumberForm(forms.Form):
    """A telephone number in any spelling."""

    number = forms.CharField(label=gettext_lazy("Phone number"), max_length=40)

    def clean_number(self) -> str:
        try:
            return clean_number(self.cleaned_data["number"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


def erase_person_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Says what goes and what stays; POST `reason` has a worker do it.

    Raises:
        PermissionDenied: the reader may not delete people.
    """
    _check_right(request)
    user = get_object_or_404(User.objects.select_related("company"), pk=pk)
    form = ReasonForm(request.POST or None)
    obstacle = _obstacle(user)
    if request.method == "POST" and not obstacle and form.is_valid():
        wake(ERASE_PERSON, user.pk, person(request).pk, form.cleaned_data["reason"])
        messages.success(request, _("The person is being erased. It takes a few minutes at most."))
        return redirect("admin:accounts_user_changelist")
    context = {"title": _("Erase a person"), "erased": user, "form": form, "obstacle": obstacle}
    return TemplateResponse(request, "support/erase_person.html", _context(request, context))


def numbers_page(request: HttpRequest) -> HttpResponse:
    """POST `number` says in which companies it is stored; with a `reason` a worker erases it. No address has it, since
    addresses are logged.

    Raises:
        PermissionDenied: the reader may not delete people.
    """
    _check_right(request)
    form, reason = NumberForm(request.POST or None), ReasonForm(request.POST if "reason" in request.POST else None)
    context: dict[str, Any] = {"title": _("Find and erase a number"), "form": form, "reason_form": reason}
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["number"]
        if reason.is_bound and reason.is_valid():
            wake(ERASE_NUMBER, encrypt(number), person(request).pk, reason.cleaned_data["reason"])
            messages.success(request, _("The number is being erased. It takes a few minutes at most."))
            return redirect("admin:support_numbers")
        context["found"] = find_number(number)
    return TemplateResponse(request, "support/numbers.html", _context(request, context))


def _check_right(request: HttpRequest) -> None:
    if not may(request, "delete", User):
        raise PermissionDenied


def _obstacle(user: User) -> str:
    """Why somebody cannot be erased now; empty: they can."""
    try:
        check_may_leave(user)
    except CannotLeaveError as reason:
        return reason.to_staff
    return ""


def _context(request: HttpRequest, own: dict[str, Any]) -> dict[str, Any]:
    return {**site.each_context(request), **own}
