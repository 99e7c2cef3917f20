"""Forms of signing up and of entering a licence."""

from contextlib import suppress
from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import SignupForm as AllauthSignupForm
from allauth.core.ratelimit import consume
from django import forms
from django.contrib import messages
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from accounts.licenses import LicenseRefusedError, find_free_license, redeem_license
from accounts.models import User


class LicenseCodeField(forms.CharField):
    """A licence code as a person types it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            label=_("License code"),
            max_length=64,
            help_text=_("The code of your own license, for example 7K2M-QX9R-4HTB-WCPE."),
            widget=forms.TextInput(
                attrs={"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
            ),
            **kwargs,
        )


class SignupForm(AllauthSignupForm):  # type: ignore[misc]
    """Email, password and a licence code that is free and valid."""

    license_code = LicenseCodeField()
    field_order = ("license_code", "email", "password1", "password2")

    def clean_license_code(self) -> str:
        code: str = self.cleaned_data["license_code"]
        try:
            return find_free_license(code=code).code
        except LicenseRefusedError as refusal:
            raise forms.ValidationError(refusal.message) from refusal

    def try_save(self, request: HttpRequest) -> tuple[User | None, HttpResponse | None]:
        """Save the person and redeem the licence together, or neither. The password is hashed before the transaction
        begins: that is meant to take long, and on SQLite all others wait meanwhile.

        Raises:
            LicenseRefusedError: somebody else redeemed the code between the check and now.
        """
        if not self.account_already_exists:
            self.password_hash = make_password(self.cleaned_data.pop("password1"))
            # The same email signed up twice at the same moment: the second is told what a later one would be.
            with suppress(IntegrityError), transaction.atomic():
                return super().try_save(request)  # type: ignore[no-any-return]
        return None, _tell_of_the_account(request, email=self.cleaned_data["email"])

    def signup(self, request: HttpRequest, user: User) -> None:
        user.password = self.password_hash
        user.save(update_fields=["password"])
        redeem_license(user=user, code=self.cleaned_data["license_code"])


def _tell_of_the_account(request: HttpRequest, *, email: str) -> HttpResponse:
    """Mail that the account exists, and answer as to a new email.

    allauth would count this mail as the confirmation that one address gets in three minutes, and whoever signed up with
    it a moment before would get none.
    """
    adapter = get_adapter(request)
    if consume(request, action="account_already_exists", key=email.lower()):
        adapter.send_account_already_exists_mail(email)
        adapter.add_message(request, messages.INFO, "account/messages/email_confirmation_sent.txt", {"email": email})
    response: HttpResponse = adapter.respond_email_verification_sent(request, None)
    return response


class LoginForm(AllauthLoginForm):  # type: ignore[misc]
    """Email and password, and whether this browser may be trusted for two weeks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["remember"].label = _("Stay logged in")


class LicenseForm(forms.Form):
    """A further licence for a person who has an account already: a renewal or another company's invitation."""

    license_code = LicenseCodeField()
