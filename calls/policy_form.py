"""What needs a control of its own wherever a company's policy is edited: on the company's page and in the admin."""

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from calls.blocked_numbers import clean_blocked_number
from calls.company_settings import NO_HOURS, NO_KIND_CHOSEN
from calls.policy import RULES, LoggingPolicy, OutsideHours, UnknownCaller
from calls.working_hours import DAYS, clean_hours, hours_as_typed


def kinds_of_calls() -> list[tuple[str, str]]:
    """The kinds of calls with their names, as choices."""
    names = {field.name: str(field.verbose_name) for field in LoggingPolicy._meta.fields}
    return [(kind, capfirst(names[kind])) for kind in RULES]


def lines_of(text: str) -> list[str]:
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line]


class BlockedNumbersField(forms.CharField):
    """Numbers, one a line, in any spelling; `*` at the end makes a prefix."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        try:
            return list(dict.fromkeys(map(clean_blocked_number, lines_of(super().clean(value) or ""))))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class HoursField(forms.CharField):
    """The working hours of one day, as `8–16`; empty on a free day."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=40, **kwargs)

    def clean(self, value: Any) -> str:
        typed = super().clean(value)
        try:
            return clean_hours(typed) if typed else ""
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class PolicyForm(forms.ModelForm[LoggingPolicy]):
    """A company's policy."""

    create_person_for = forms.MultipleChoiceField(
        label=_("Create a person after"),
        choices=kinds_of_calls,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Counts only where a person is created for an unknown number."),
    )
    blocked_numbers = BlockedNumbersField(
        label=_("Blocked numbers"),
        required=False,
        help_text=_(
            "Calls with these numbers are not logged. One per line; an asterisk at the end stands for all numbers that"
            " begin like that."
        ),
    )
    hours_mon = HoursField(label=_("Monday"))
    hours_tue = HoursField(label=_("Tuesday"))
    hours_wed = HoursField(label=_("Wednesday"))
    hours_thu = HoursField(label=_("Thursday"))
    hours_fri = HoursField(label=_("Friday"))
    hours_sat = HoursField(label=_("Saturday"))
    hours_sun = HoursField(label=_("Sunday"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day, hours in self.instance.working_hours.items():
            self.initial[f"hours_{day}"] = hours_as_typed(hours)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        creates_persons = cleaned.get("unknown_caller") == UnknownCaller.CREATE_PERSON
        if creates_persons and not cleaned.get("create_person_for") and "create_person_for" not in self.errors:
            self.add_error("create_person_for", NO_KIND_CHOSEN)
        self._clean_week(cleaned)
        return cleaned

    def _clean_week(self, cleaned: dict[str, Any]) -> None:
        week = {day: cleaned[f"hours_{day}"] for day in DAYS if cleaned.get(f"hours_{day}")}
        has_problem = any(f"hours_{day}" in self.errors for day in DAYS)
        if cleaned.get("outside_hours") == OutsideHours.SKIP and not week and not has_problem:
            self.add_error("outside_hours", NO_HOURS)
        self.instance.working_hours = week
