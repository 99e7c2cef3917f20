"""A rep's own settings as forms."""

from typing import Any, cast

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import LONGEST_HOLD_MINUTES, Company, User
from calls.own_settings import read_own_settings
from calls.policy import RULES, LoggingPolicy, LogRule
from calls.policy_form import kinds_of_calls
from calls.typed_numbers import clean_number

LANGUAGES: list[tuple[str, Promise | str]] = [
    (User.Language.BROWSER, gettext_lazy("The language of the browser")),
    (User.Language.FINNISH, "Suomi"),
    (User.Language.ENGLISH, "English"),
]
SUMMARIES: list[tuple[str, Promise]] = [
    (User.Summary.NONE, gettext_lazy("No summaries")),
    (User.Summary.DAILY, gettext_lazy("Every day")),
    (User.Summary.WEEKLY, gettext_lazy("Every week")),
]


def holds() -> list[tuple[int, str]]:
    """The hold times to choose from."""
    minutes = range(1, LONGEST_HOLD_MINUTES + 1)
    return [(0, _("At once")), *((each, ngettext("%d minute", "%d minutes", each) % each) for each in minutes)]


class OwnSettingsForm(forms.Form):
    """What a person decides for themself."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"),
        choices=LANGUAGES,
        required=False,
        help_text=gettext_lazy("Of these pages and of the emails to you."),
    )
    summary = forms.ChoiceField(
        label=gettext_lazy("Summary of your calls by email"), choices=SUMMARIES, widget=forms.RadioSelect
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Calls of yours that are logged"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Calls of the other kinds stay in your call history here and do not go to Pipedrive."),
    )
    hold_minutes = forms.TypedChoiceField(
        label=gettext_lazy("When calls are logged"),
        choices=holds,
        coerce=int,
        help_text=gettext_lazy("While a call is held back, you can mark it private before anything reaches Pipedrive."),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = read_own_settings(user)
        kinds = [kind for kind in RULES if kind not in now["not_logged"]]
        self.initial = {name: now[name] for name in ("language", "summary", "hold_minutes")} | {"kinds": kinds}
        cast("forms.MultipleChoiceField", self.fields["kinds"]).choices = _kinds_for(user.company)

    def changes(self) -> dict[str, Any]:
        """What to write, once the form is valid."""
        chosen = self.cleaned_data
        not_logged = [kind for kind in RULES if kind not in chosen["kinds"]]
        return {name: chosen[name] for name in ("language", "summary", "hold_minutes")} | {"not_logged": not_logged}


def _kinds_for(company: Company | None) -> list[tuple[str, str]]:
    """The kinds of calls; with those that the company does not log, choosing changes nothing, and that is said."""
    if company is None:
        return kinds_of_calls()
    policy = LoggingPolicy.of(company)
    without = _("%(kind)s (your company does not log these)")
    return [
        (kind, without % {"kind": name} if getattr(policy, kind) == LogRule.NONE else name)
        for kind, name in kinds_of_calls()
    ]


class PrivateNumberForm(forms.Form):
    """One number, to be added, looked for or removed."""

    number = forms.CharField(
        label=gettext_lazy("Telephone number"),
        max_length=64,
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
        help_text=gettext_lazy("However you write it, for example 040 012 4387."),
    )
    earlier = forms.BooleanField(
        label=gettext_lazy("When adding: also my earlier calls with this number"),
        required=False,
        help_text=gettext_lazy(
            "Their activities are deleted from Pipedrive and the number from them here. This cannot be undone."
        ),
    )

    def clean_number(self) -> str:
        try:
            return clean_number(self.cleaned_data["number"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class LeaveForm(forms.Form):
    """Whoever deletes an account shows that it is theirs."""

    password = forms.CharField(
        label=gettext_lazy("Your password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise forms.ValidationError(_("That is not your password. Try again."))
        return password
