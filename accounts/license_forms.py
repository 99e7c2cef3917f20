"""What support enters when they do something to licences."""

import datetime
from typing import Any

from django import forms
from django.contrib.admin import site
from django.contrib.admin.widgets import AutocompleteSelect
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.asking_why import ReasonForm
from accounts.license_deeds import MOST_AT_ONCE
from accounts.models import Company, License, User


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self, **attrs: Any) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


def check_is_to_come(day: datetime.date) -> None:
    """A last day that is over would end the license at once: that is what revoking is for."""
    if day < timezone.localdate():
        raise forms.ValidationError(_("This day is over. To end a license now, revoke or suspend it."))


class LastDayForm(ReasonForm):
    """A new last day."""

    last_day = forms.DateField(
        label=_("Valid until"),
        widget=DayInput(),
        help_text=_("The last day, Helsinki time."),
        validators=[check_is_to_come],
    )


class HeirForm(ReasonForm):
    """Who gets a license: somebody of its company."""

    def __init__(self, data: Any = None, *, license_: License) -> None:
        super().__init__(data)
        people = User.objects.filter(company=license_.company_id, is_active=True).exclude(licenses=license_)
        self.fields["heir"] = forms.ModelChoiceField(label=_("New holder"), queryset=people)


class AddressForm(ReasonForm):
    """To whom codes are mailed."""

    email = forms.EmailField(label=_("Email"))


class IssueForm(ReasonForm):
    """New licenses for a company."""

    company = forms.ModelChoiceField(
        label=_("Company"),
        queryset=Company.objects.all(),
        widget=AutocompleteSelect(License._meta.get_field("company"), site),
    )
    seats = forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST_AT_ONCE, initial=1)
    valid_until = forms.DateField(
        label=_("Valid until"),
        required=False,
        widget=DayInput(),
        help_text=_("The last day, Helsinki time. Empty: for the time being."),
        validators=[check_is_to_come],
    )
    is_trial = forms.BooleanField(label=_("Trial"), required=False)
    email = forms.EmailField(
        label=_("Mail the codes to"), required=False, help_text=_("Empty: they are shown to you only.")
    )

    field_order = ("company", "seats", "valid_until", "is_trial", "email", "reason")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if cleaned.get("is_trial") and "valid_until" in cleaned and cleaned["valid_until"] is None:
            self.add_error("valid_until", _("A trial has to end: enter its last day."))
        return cleaned
