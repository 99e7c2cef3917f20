"""Forms of the team page."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class InviteForm(forms.Form):
    """Whom to invite."""

    email = forms.EmailField(
        label=_("Email"),
        help_text=_("The address by which Mustalinja knows the person."),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )


class RightsForm(forms.ModelForm[User]):
    """What a colleague may do for the company."""

    class Meta:
        model = User
        fields = ("is_company_admin", "sees_all_calls")
        labels = {"is_company_admin": _("Company admin"), "sees_all_calls": _("Sees everyone's calls")}  # noqa: RUF012
        help_texts = {  # noqa: RUF012
            "sees_all_calls": _("Colleagues are told on their Integrations page who sees their calls."),
        }


class AliasForm(forms.Form):
    """An address in Mustalinja and the colleague whose it is."""

    email = forms.EmailField(
        label=_("Email in Mustalinja"),
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    person = forms.ModelChoiceField(User.objects.none())

    def __init__(self, *args: Any, admin: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].queryset = User.objects.colleagues_of(admin).filter(is_active=True)  # type: ignore[attr-defined]


class ReleaseForm(forms.Form):
    """Who gets the seat of the colleague whose it was."""

    heir = forms.ModelChoiceField(
        User.objects.none(),
        label=_("Give the seat to"),
        required=False,
        empty_label=_("Nobody for now: the seat becomes free"),
    )

    def __init__(self, *args: Any, heirs: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["heir"].queryset = heirs  # type: ignore[attr-defined]
