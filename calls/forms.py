"""The company's settings as a form."""

from dataclasses import dataclass
from typing import Any, ClassVar

from django import forms
from django.db import transaction
from django.utils import translation
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from calls.activity_texts import default_subject
from calls.activity_type_choices import type_choices
from calls.company_row import change_company
from calls.countries import countries
from calls.own_numbers import change_own_numbers, own_numbers_of
from calls.policy import RULES, Deals, LoggingPolicy, OutsideHours, PlannedCalls, SeveralContacts, UnknownCaller
from calls.policy_form import PolicyForm, kinds_of_calls, lines_of
from calls.typed_numbers import clean_number
from calls.working_hours import DAYS
from integrations.phone_numbers import for_display

SEVERAL_CONTACTS: list[tuple[str, Promise]] = [
    (SeveralContacts.BEST, _("Log to the best match: the rep's own contact, otherwise the one updated last")),
    (SeveralContacts.ASK, _("Ask: the call waits until the rep or a company admin chooses on the call's page")),
]
UNKNOWN_CALLER: list[tuple[str, Promise]] = [
    (UnknownCaller.WAIT, _("Wait: the call is logged by itself when somebody in Pipedrive gets the number")),
    (UnknownCaller.CREATE_PERSON, _("Create a person: owned by the rep, with the number as the name for now")),
]
DEALS: list[tuple[str, Promise]] = [
    (Deals.NONE, _("Do not link calls to deals")),
    (Deals.SINGLE_OPEN, _("Link to the person's open deal, if there is exactly one")),
    (Deals.NEWEST_OPEN, _("Link to the person's newest open deal")),
]
PLANNED_CALLS: list[tuple[str, Promise]] = [
    (PlannedCalls.NONE, _("Leave them as they are")),
    (PlannedCalls.COMPLETE, _("Mark the rep's planned call with the person as done")),
]
OUTSIDE_HOURS: list[tuple[str, Promise]] = [
    (OutsideHours.LOG, _("Log them like any other call")),
    (OutsideHours.SKIP, _("Do not log them")),
]


@dataclass(frozen=True, kw_only=True)
class KindOfCall:
    """The fields of one kind of call, for the page."""

    name: str
    subject: forms.BoundField
    note: forms.BoundField

    @property
    def is_open(self) -> bool:
        """Whether its texts are to be seen at once: something stands there, or something is wrong."""
        return any(field.value() or field.errors for field in (self.subject, self.note))


class CompanySettingsForm(PolicyForm):
    """All that a company's admin decides about its calls."""

    language = forms.ChoiceField(label=_("Language of the activities"), choices=Company.Language.choices)
    several_contacts = forms.ChoiceField(
        label=_("Several people with one number"),
        choices=SEVERAL_CONTACTS,
        widget=forms.RadioSelect,
        help_text=_("A choice is remembered for that number; it can be changed on the page of any call with it."),
    )
    unknown_caller = forms.ChoiceField(
        label=_("A number that nobody has"),
        choices=UNKNOWN_CALLER,
        widget=forms.RadioSelect,
        help_text=_("Creating a person costs 5 of your company's Pipedrive tokens, as much as logging a call."),
    )
    deals = forms.ChoiceField(
        label=_("Deals"),
        choices=DEALS,
        widget=forms.RadioSelect,
        help_text=_(
            "Looking for deals costs 10 of your company's Pipedrive tokens for each call; logging one costs 5."
        ),
    )
    planned_calls = forms.ChoiceField(
        label=_("Planned calls"),
        choices=PLANNED_CALLS,
        widget=forms.RadioSelect,
        help_text=LoggingPolicy._meta.get_field("planned_calls").help_text,
    )
    outside_hours = forms.ChoiceField(
        label=_("Calls outside working hours"),
        choices=OUTSIDE_HOURS,
        widget=forms.RadioSelect,
        help_text=_("Counts only where working hours are set. What counts is when the call began."),
    )
    region = forms.ChoiceField(
        label=_("Country of the numbers"),
        choices=countries,
        help_text=_(
            "Numbers in Pipedrive without a country code are read as this country's. After a change all people are read"
            " anew, which costs 10 tokens for every 500 of them."
        ),
    )
    own_numbers = forms.CharField(
        label=_("Your company's own numbers"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=20_000,
        help_text=_(
            "Calls with these numbers are internal and are not logged. One per line. The list grows by itself: the"
            " numbers of your people come from Mustalinja. One that you remove is not added again."
        ),
    )
    own_numbers_shown = forms.CharField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = LoggingPolicy
        fields: ClassVar = [
            "activity_type",
            *RULES,
            "several_contacts",
            "unknown_caller",
            "create_person_for",
            "deals",
            "planned_calls",
            "minimum_seconds",
            "blocked_numbers",
            "outside_hours",
            "follow_up",
            "follow_up_after",
            "follow_up_unit",
            "follow_up_for",
            *(f"subject_{kind}" for kind in RULES),
            *(f"note_{kind}" for kind in RULES),
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        company = self.instance.company
        numbers = own_numbers_of(company)
        self.initial["language"] = company.language
        self.initial["region"] = company.region
        self.numbers_in_force = frozenset(numbers)
        self.initial["own_numbers"] = "\n".join(map(for_display, numbers))
        self.initial["own_numbers_shown"] = " ".join(numbers)
        # Said below both fields, which stand side by side.
        self.about_working_days, self.fields["follow_up_unit"].help_text = self.fields["follow_up_unit"].help_text, ""
        self._offer_types(company)
        for kind in RULES:
            self._label_texts(kind, language=company.language)

    def _offer_types(self, company: Company) -> None:
        """The types that Pipedrive is known to have; until somebody has connected, a key is typed."""
        choices = type_choices(company, current=self.instance.activity_type)
        if choices:
            self.fields["activity_type"] = forms.ChoiceField(
                label=_("Activity type"),
                choices=choices,
                help_text=_("As in your company's Pipedrive. If it is not active there, “call” is used."),
            )

    def _label_texts(self, kind: str, *, language: str) -> None:
        """Within the kind's own part of the page, short labels are enough."""
        with translation.override(language):
            default = default_subject(kind)
        subject, note = self.fields[f"subject_{kind}"], self.fields[f"note_{kind}"]
        subject.label, note.label = _("Subject"), _("Note")
        subject.help_text = format_lazy(_("Empty: “{text}”"), text=default)
        note.help_text = _("Stands above the facts of the call, which are always there.")
        note.widget.attrs["rows"] = 3

    def about_activities(self) -> list[forms.BoundField]:
        return [self["language"], self["activity_type"], self["deals"], self["planned_calls"]]

    def rules(self) -> list[forms.BoundField]:
        return [self[name] for name in RULES]

    def about_persons(self) -> list[forms.BoundField]:
        return [self["several_contacts"], self["unknown_caller"]]

    def about_numbers(self) -> list[forms.BoundField]:
        return [self["region"], self["own_numbers"]]

    def left_out(self) -> list[forms.BoundField]:
        return [self["minimum_seconds"], self["blocked_numbers"]]

    def when_due(self) -> list[forms.BoundField]:
        return [self["follow_up_after"], self["follow_up_unit"]]

    def week(self) -> list[forms.BoundField]:
        return [self[f"hours_{day}"] for day in DAYS]

    def texts(self) -> list[KindOfCall]:
        return [
            KindOfCall(name=name, subject=self[f"subject_{kind}"], note=self[f"note_{kind}"])
            for kind, name in kinds_of_calls()
        ]

    def numbers_shown(self) -> set[str]:
        """The own numbers that stood in the form when it was opened: what was learned meanwhile was not removed."""
        return set(str(self.data.get(self.add_prefix("own_numbers_shown"), "")).split())

    def clean_own_numbers(self) -> set[str]:
        """The numbers that the lines mean. A line that is still as it was shown needs no reading."""
        shown = {for_display(number): number for number in self.numbers_shown()}
        numbers, problems = set[str](), list[str]()
        for line in lines_of(self.cleaned_data["own_numbers"]):
            try:
                numbers.add(shown.get(line) or clean_number(line))
            except ValueError as error:
                problems.append(str(error))
        if problems:
            raise forms.ValidationError(problems)
        return numbers

    def save(self, commit: bool = True) -> LoggingPolicy:  # noqa: FBT001, FBT002 - Django's own signature
        company, shown, numbers = self.instance.company, self.numbers_shown(), self.cleaned_data["own_numbers"]
        with transaction.atomic():
            change_company(company, language=self.cleaned_data["language"], region=self.cleaned_data["region"])
            change_own_numbers(company, added=numbers - shown, removed=shown - numbers)
            return super().save(commit=commit)
