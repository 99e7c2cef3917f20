"""The page of a person's own settings, and of their private numbers."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.generic import FormView

from accounts.access import PeopleOnlyMixin
from accounts.audit import record
from accounts.audit_entry import Action
from accounts.changes import named
from accounts.language import speak_to
from accounts.models import User
from calls.own_forms import OwnSettingsForm, PrivateNumberForm
from calls.own_settings import write_own_settings
from calls.privacy import earlier_calls, make_number_private
from calls.private_numbers import UnreadableListError, add_number, count_of, is_private, remove_all, remove_number


class OwnSettingsView(PeopleOnlyMixin, FormView[OwnSettingsForm]):
    """Everything that a person decides for themself, and the ways to their data and out."""

    template_name = "calls/own_settings.html"
    form_class = OwnSettingsForm
    success_url = reverse_lazy("calls:settings")

    def get_form_kwargs(self) -> dict[str, Any]:
        return super().get_form_kwargs() | {"user": self.person}

    def form_valid(self, form: OwnSettingsForm) -> HttpResponse:
        write_own_settings(self.person, form.changes())
        record(action=Action.OWN_SETTINGS, request=self.request, subject=self.person, changes=named(form.changed_data))
        speak_to(self.request, User.objects.get(pk=self.person.pk))
        messages.success(self.request, _("Your settings are saved and apply from now on."))
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, number_count=count_of(self.person))


class PrivateNumbersView(PeopleOnlyMixin, FormView[PrivateNumberForm]):
    """Adding a number, removing it, asking for it: `action` says which. What was typed is neither shown nor kept."""

    template_name = "calls/private_numbers.html"
    form_class = PrivateNumberForm
    success_url = reverse_lazy("calls:private_numbers")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.POST.get("action") == "clear":
            remove_all(self.person)
            messages.success(request, _("The list is empty. Calls that are private already stay so."))
            return redirect("calls:private_numbers")
        return super().post(request, *args, **kwargs)

    def form_valid(self, form: PrivateNumberForm) -> HttpResponse:
        number = form.cleaned_data["number"]
        try:
            match self.request.POST.get("action"):
                case "check":
                    self._tell(number)
                case "remove":
                    self._remove(number)
                case _:
                    self._add(number, with_logged=form.cleaned_data["earlier"])
        except UnreadableListError:
            text = _("Your list of private numbers cannot be read any more. Empty it, then enter the numbers again.")
            form.add_error("number", text)
            return self.form_invalid(form)
        except ValueError as error:
            form.add_error("number", str(error))
            return self.form_invalid(form)
        return super().form_valid(form)

    def _tell(self, number: str) -> None:
        if is_private(self.person, number):
            messages.info(self.request, _("Yes, this number is on your list."))
        else:
            messages.info(self.request, _("No, this number is not on your list."))

    def _remove(self, number: str) -> None:
        if remove_number(self.person, number):
            text = _("The number is off your list. New calls with it are logged; private ones stay private.")
            messages.success(self.request, text)
        else:
            messages.info(self.request, _("The number was not on your list."))

    def _add(self, number: str, *, with_logged: bool) -> None:
        is_new = add_number(self.person, number)
        marked = make_number_private(self.person, number, with_logged=with_logged)
        said = _("The number is on your list.") if is_new else _("The number was on your list already.")
        if marked:
            earlier = ngettext("%d earlier call is private now.", "%d earlier calls are private now.", marked)
            said = f"{said} {earlier % marked}"
        messages.success(self.request, said)
        if left := earlier_calls(self.person, number).count():
            text = ngettext(
                "%d earlier call with it is in Pipedrive. If it is to be private as well, add the number once more and"
                " tick “also my earlier calls”.",
                "%d earlier calls with it are in Pipedrive. If they are to be private as well, add the number once more"
                " and tick “also my earlier calls”.",
                left,
            )
            messages.info(self.request, text % left)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs, number_count=count_of(self.person))
