"""Forms of the company's link to Mustalinja."""

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from integrations.errors import IntegrationError, UnauthorizedError
from integrations.models import MustalinjaAccount
from integrations.mustalinja_link import test_credentials


class MustalinjaCredentialsForm(forms.Form):
    """The API key and secret that Mustalinja gave the company; they are tried out before they are kept."""

    api_key = forms.CharField(
        label=_("API key"),
        max_length=255,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    api_secret = forms.CharField(
        label=_("API secret"),
        max_length=255,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        if self.errors:
            return cleaned
        try:
            test_credentials(api_key=cleaned["api_key"], api_secret=cleaned["api_secret"])
        except UnauthorizedError as error:
            raise forms.ValidationError(
                _(
                    "Mustalinja does not accept these credentials. Check both, or ask Mustalinja's support for new ones"
                    " (asiakaspalvelu@mustalinja.fi)."
                )
            ) from error
        except IntegrationError as error:
            raise forms.ValidationError(
                _("Mustalinja does not answer right now, so the credentials could not be tested. Try again in a while.")
            ) from error
        return cleaned


class WebhookAuthForm(forms.ModelForm[MustalinjaAccount]):
    """How Mustalinja proves that a call event comes from it."""

    class Meta:
        model = MustalinjaAccount
        fields: ClassVar = ["webhook_auth"]
        help_texts: ClassVar = {
            "webhook_auth": _(
                "Signed: Mustalinja signs with the signing secret. Bearer token: it sends the signing secret as the"
                " token. HTTP Basic: any user name with the signing secret as the password, or the API key with the API"
                " secret. The secret address alone: nothing else is asked for."
            )
        }
