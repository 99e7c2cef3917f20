"""The company's settings as a form."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from calls.blocked_numbers import clean_blocked_number
from calls.models import RULES, LoggingPolicy


class BlockedNumbersField(forms.CharField):
    """Numbers, one a line, in any spelling; `*` at the end makes a prefix."""

    widget = forms.Textarea(attrs={"rows": 4})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> list[str]:
        lines = [line.strip() for line in (super().clean(value) or "").splitlines()]
        try:
            return list(dict.fromkeys(clean_blocked_number(line) for line in lines if line))
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class CompanySettingsForm(forms.ModelForm[LoggingPolicy]):
    """Language, activity type, and which calls are logged."""

    language = forms.ChoiceField(label=_("Language of the activities"), choices=Company.Language.choices, required=True)
    blocked_numbers = BlockedNumbersField(
        label=_("Blocked numbers"),
        required=False,
        help_text=_(
            "Calls with these numbers are not logged. One per line; an asterisk at the end stands for all numbers that"
            " begin like that."
        ),
    )

    class Meta:
        model = LoggingPolicy
        fields: ClassVar = [
            "language",
            "activity_type",
            *RULES,
            "minimum_seconds",
            "blocked_numbers",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].initial = self.instance.company.language

    def about_activities(self) -> list[forms.BoundField]:
        return [self["language"], self["activity_type"]]

    def rules(self) -> list[forms.BoundField]:
        return [self[name] for name in RULES]

    def left_out(self) -> list[forms.BoundField]:
        return [self["minimum_seconds"], self["blocked_numbers"]]

    def save(self, commit: bool = True) -> LoggingPolicy:  # noqa: FBT001, FBT002 - Django's own signature
        company = self.instance.company
        company.language = self.cleaned_data["language"]
        company.save(update_fields=["language"])
        return super().save(commit=commit)
