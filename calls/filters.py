"""The filters of the call history, the same for the page and the JSON API."""

import datetime
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db import models
from django.db.models import QuerySet
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters.fields import ChoiceField, IsoDateTimeField

from calls.models import Call
from calls.reasons import Reason, Status
from integrations.phone_numbers import read_dialled

ALL = capfirst(_("all"))
ANSWERED = [("true", capfirst(_("answered"))), ("false", capfirst(_("not answered")))]


def capitalized(choices: type[models.TextChoices]) -> list[tuple[str, str]]:
    """Choices as a menu shows them; in a sentence and in the admin's columns they begin small."""
    return [(value, capfirst(label)) for value, label in choices.choices]


class AnsweredField(ChoiceField):  # type: ignore[misc]
    """`true` or `false` in any case."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).lower()

    def clean(self, value: Any) -> Any:
        return {"true": True, "false": False}.get(super().clean(value))


class AnsweredFilter(django_filters.ChoiceFilter):  # type: ignore[misc]
    """Answered or not."""

    field_class = AnsweredField


def is_year_of_calls(year: int) -> bool:
    """Whether a call can be of that year, and the year has a place in all time zones and databases."""
    return 1900 < year < 2200


class MomentField(IsoDateTimeField):  # type: ignore[misc]
    """A time in ISO 8601; without an offset it is Helsinki's."""

    def clean(self, value: Any) -> datetime.datetime | None:
        """The time; years at the ends of the calendar have no place in other time zones and in databases."""
        moment: datetime.datetime | None = super().clean(value)
        if moment is not None and not is_year_of_calls(moment.year):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return moment


class MomentFilter(django_filters.IsoDateTimeFilter):  # type: ignore[misc]
    """Before or after a time."""

    field_class = MomentField


class CallFilter(django_filters.FilterSet):  # type: ignore[misc]
    """By status, reason, direction, answered, number in any spelling, rep's email and start of the call."""

    status = django_filters.ChoiceFilter(choices=capitalized(Status), label=_("Status"), empty_label=ALL)
    reason = django_filters.ChoiceFilter(choices=capitalized(Reason), label=_("Reason"), empty_label=ALL)
    direction = django_filters.ChoiceFilter(choices=capitalized(Call.Direction), label=_("Direction"), empty_label=ALL)
    answered = AnsweredFilter(choices=ANSWERED, label=_("Answered"), empty_label=ALL)
    number = django_filters.CharFilter(method="with_number", label=_("Number"))
    rep = django_filters.CharFilter(field_name="rep__email", lookup_expr="iexact", label=_("Rep's email"))
    since = MomentFilter(field_name="started_at", lookup_expr="gte", label=pgettext_lazy("period", "From"))
    until = MomentFilter(field_name="started_at", lookup_expr="lt", label=pgettext_lazy("period", "Until"))

    class Meta:
        model = Call
        fields: ClassVar[list[str]] = []

    def with_number(self, calls: "QuerySet[Call]", _name: str, typed: str) -> "QuerySet[Call]":
        """The customer's number in any spelling; nothing where it is no number."""
        number = read_dialled(typed)
        if number is None:
            return calls.none()
        if number.is_short:
            return calls.filter(customer_number="", customer_number_typed=number.typed)
        return calls.filter(customer_number=number.e164)


class CallPageFilter(CallFilter):
    """The same on the page, where a day is chosen in a calendar."""

    since = django_filters.DateFilter(
        field_name="started_at",
        lookup_expr="date__gte",
        label=pgettext_lazy("period", "From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = django_filters.DateFilter(
        field_name="started_at",
        lookup_expr="date__lte",
        label=pgettext_lazy("period", "Until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, shows_rep: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not shows_rep:
            self.filters.pop("rep")
