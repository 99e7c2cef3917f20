"""The filters of the call history, the same for the page and the JSON API."""

import datetime
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db import models
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_filters.fields import ChoiceField, IsoDateTimeField

from accounts.models import User
from calls.books import bounds
from calls.models import Call
from calls.person_words import calls_with
from calls.reasons import STATUS_OF, Reason, Status
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


class DayField(forms.DateField):
    """A day in Helsinki."""

    def clean(self, value: Any) -> datetime.date | None:
        """The day; of years at the ends of the calendar midnight has no place in other time zones."""
        day: datetime.date | None = super().clean(value)
        if day is not None and not is_year_of_calls(day.year):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return day


class DayFilter(django_filters.DateFilter):  # type: ignore[misc]
    """A day as it begins or ends in Helsinki, as two times: a function of the column could use no index."""

    field_class = DayField


class MomentFilter(django_filters.IsoDateTimeFilter):  # type: ignore[misc]
    """Before or after a time."""

    field_class = MomentField


class CallFilter(django_filters.FilterSet):  # type: ignore[misc]
    """By status, reason, direction, answered, number in any spelling, rep's email and start of the call."""

    status = django_filters.ChoiceFilter(
        choices=capitalized(Status), label=_("Status"), empty_label=ALL, method="with_status"
    )
    reason = django_filters.ChoiceFilter(
        choices=capitalized(Reason), label=_("Reason"), empty_label=ALL, method="with_reason"
    )
    direction = django_filters.ChoiceFilter(choices=capitalized(Call.Direction), label=_("Direction"), empty_label=ALL)
    answered = AnsweredFilter(choices=ANSWERED, label=_("Answered"), empty_label=ALL)
    number = django_filters.CharFilter(method="with_number", label=_("Number"))
    rep = django_filters.CharFilter(method="with_rep", label=_("Rep's email"))
    since = MomentFilter(field_name="started_at", lookup_expr="gte", label=pgettext_lazy("period", "From"))
    until = MomentFilter(field_name="started_at", lookup_expr="lt", label=pgettext_lazy("period", "Until"))

    class Meta:
        model = Call
        fields: ClassVar[list[str]] = []

    def with_status(self, calls: "QuerySet[Call]", _name: str, status: str) -> "QuerySet[Call]":
        """Nearly all calls are logged; for the rest there is an index of what is not, if the query says so."""
        chosen = calls.filter(status=status)
        return chosen if status == Status.LOGGED else chosen.exclude(status=Status.LOGGED)

    def with_reason(self, calls: "QuerySet[Call]", name: str, reason: str) -> "QuerySet[Call]":
        """A reason says the status too, and that leads to the index."""
        return self.with_status(calls, name, STATUS_OF[Reason(reason)]).filter(reason=reason)

    def with_rep(self, calls: "QuerySet[Call]", _name: str, email: str) -> "QuerySet[Call]":
        """By the person's id, which leads to an index; for an email of nobody's all calls would be read."""
        return calls.filter(rep__in=list(User.objects.filter(email=email.lower()).values_list("pk", flat=True)))

    def with_number(self, calls: "QuerySet[Call]", _name: str, typed: str) -> "QuerySet[Call]":
        """The customer's number in any spelling; nothing where it is no number."""
        number = read_dialled(typed)
        if number is None:
            return calls.none()
        if number.is_short:
            return calls.filter(customer_number="", customer_number_typed=number.typed)
        return calls.filter(customer_number=number.e164)


class CallPageFilter(CallFilter):
    """The same on the page, where a day is chosen in a calendar and one box takes whatever is known of a call."""

    q = django_filters.CharFilter(
        method="with_anything",
        label=pgettext_lazy("name of the box", "Search"),
        widget=forms.TextInput(attrs={"type": "search"}),
        help_text=_("A number in any spelling, a person's name, or a support code."),
    )
    person = django_filters.CharFilter(method="with_person", label=_("Person"))
    rep = django_filters.CharFilter(
        method="with_rep", label=_("Rep's email"), widget=forms.TextInput(attrs={"list": "colleagues"})
    )
    since = DayFilter(
        method="from_day",
        label=pgettext_lazy("period", "From"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    until = DayFilter(
        method="until_day",
        label=pgettext_lazy("period", "Until"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    received = django_filters.DateFilter(
        method="received_on",
        label=_("Received on"),
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.company_id = person.company_id
        if not person.sees_all_calls:
            self.filters.pop("rep")
            self.filters.pop("received")

    def with_anything(self, calls: "QuerySet[Call]", name: str, text: str) -> "QuerySet[Call]":
        """By support code where there is such a call, else by number or by person."""
        coded = self.queryset.with_code(text)
        if coded.exists():
            return calls.filter(pk__in=coded.values("pk"))
        if read_dialled(text) is not None:
            return self.with_number(calls, name, text)
        return self.with_person(calls, name, text)

    def with_person(self, calls: "QuerySet[Call]", _name: str, typed: str) -> "QuerySet[Call]":
        """By words of the name that the calls have; nobody has calls where there is no company."""
        return calls.none() if self.company_id is None else calls_with(calls, typed, company_id=self.company_id)

    def received_on(self, calls: "QuerySet[Call]", _name: str, day: datetime.date) -> "QuerySet[Call]":
        """The calls that a day's numbers count. As a range of times, because the database's function that takes the
        day of a time uses no index.
        """
        if not is_year_of_calls(day.year):
            return calls.none()
        begins, ends = bounds(day)
        return calls.filter(received_at__gte=begins, received_at__lt=ends)

    def from_day(self, calls: "QuerySet[Call]", _name: str, day: datetime.date) -> "QuerySet[Call]":
        """Calls that began on this day or later."""
        return calls.filter(started_at__gte=_beginning_of(day))

    def until_day(self, calls: "QuerySet[Call]", _name: str, day: datetime.date) -> "QuerySet[Call]":
        """Calls that began on this day or earlier."""
        return calls.filter(started_at__lt=_beginning_of(day + datetime.timedelta(days=1)))


def _beginning_of(day: datetime.date) -> datetime.datetime:
    """Midnight in the reader's time zone."""
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.min))
