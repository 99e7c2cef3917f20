"""The page on which a person makes and revokes API tokens."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse_lazy
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import View
from django.views.decorators.cache import never_cache
from django.views.generic import FormView

from accounts.access import PeopleOnlyMixin
from accounts.audit import record
from accounts.audit_entry import Action
from accounts.models import ApiToken
from accounts.shown_once import keep_to_show, take_to_show
from accounts.tokens import MOST_TOKENS, TooManyTokensError, make_token, revoke_token

TOKEN_TO_SHOW = "api_token_to_show"  # noqa: S105 - the session key, not the token


class TokenForm(forms.Form):
    """What a new token is for."""

    name = forms.CharField(
        label=gettext_lazy("What is the token for?"),
        max_length=100,
        help_text=gettext_lazy("For example the name of the program that will use it."),
    )


@method_decorator(never_cache, name="dispatch")
class TokensPageView(PeopleOnlyMixin, FormView[TokenForm]):
    """A person's tokens. A new one is shown once, by the page that follows the form: reloading it makes no other."""

    template_name = "accounts/tokens.html"
    form_class = TokenForm
    success_url = reverse_lazy("accounts:tokens")

    def form_valid(self, form: TokenForm) -> HttpResponse:
        try:
            token, key = make_token(self.person, name=form.cleaned_data["name"])
        except TooManyTokensError:
            text = _("You have %(count)d tokens already. Revoke one first.") % {"count": MOST_TOKENS}
            form.add_error("name", text)
            return self.form_invalid(form)
        record(action=Action.TOKEN_MADE, request=self.request, subject=token)
        keep_to_show(self.request, key, under=TOKEN_TO_SHOW)
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(
            tokens=ApiToken.objects.filter(user=self.person),
            new_token=take_to_show(self.request, under=TOKEN_TO_SHOW),
            **kwargs,
        )


class RevokeTokenView(PeopleOnlyMixin, View):
    """The button beside a token."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        if revoke_token(self.person, pk):
            record(action=Action.TOKEN_REVOKED, request=request, subject=self.person)
            messages.success(request, _("The token is revoked. Programs that used it have no access any more."))
        return redirect("accounts:tokens")
