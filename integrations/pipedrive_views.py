"""A person connects Pipedrive, agrees to an install begun in the Marketplace, or disconnects."""

import logging

from django.contrib import messages
from django.http import HttpRequest
from django.http.response import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views import View

from accounts.access import PeopleOnlyMixin
from accounts.audit import record
from accounts.audit_entry import Action
from integrations.connections import connect, decline, disconnect, whose_grant
from integrations.errors import GrantDiedError, IntegrationError
from integrations.oauth_state import (
    WaitingGrant,
    forget_grant,
    new_state,
    remember_grant,
    remembered_grant,
    take_install_code,
)
from integrations.pipedrive_app import oauth_app
from integrations.problem_page import connecting_failed

logger = logging.getLogger(__name__)


class ConnectView(PeopleOnlyMixin, View):
    """To Pipedrive's consent page."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        if self.person.company is None:
            messages.error(request, _("Enter your license code first, then connect Pipedrive."))
            return redirect("accounts:license")
        return HttpResponseRedirect(oauth_app().authorize_url(state=new_state(request)))


class ConfirmView(PeopleOnlyMixin, View):
    """An install that began in the Marketplace carries no state of ours, so anybody could have sent the person here:
    nothing is bound before the person has seen which Pipedrive company it is and said yes.
    """

    http_method_names = ("get", "post")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if self.person.company is None:
            messages.error(request, _("Enter your license code first, then connect Pipedrive."))
            return redirect("accounts:license")
        try:
            waiting = _exchange(request)
        except IntegrationError as error:
            logger.warning("an install from the Marketplace failed: %s", error)
            return connecting_failed(request, _("Pipedrive did not answer as it should. Try again in a while."))
        if waiting is None:
            sentence = _(
                "The authorization code was used already, or it is older than the five minutes that Pipedrive allows."
                " Connect once more here."
            )
            return connecting_failed(request, sentence)
        context = {
            "pipedrive_company": waiting.pipedrive_user.company_name,
            "pipedrive_user_email": waiting.pipedrive_user.email,
            "question": waiting.question,
        }
        return render(request, "integrations/pipedrive_confirm.html", context)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        waiting = remembered_grant(request)
        is_answer = waiting is not None and request.POST.get("question") == waiting.question
        if waiting is None or not is_answer or self.person.company is None:
            return connecting_failed(request, _("Connect Pipedrive once more here."))
        forget_grant(request)
        if request.POST.get("decision") != "connect":
            decline(grant=waiting.grant, pipedrive_user=waiting.pipedrive_user)
            messages.info(request, _("Pipedrive was not connected."))
            return redirect("integrations:overview")
        connection = connect(user=self.person, grant=waiting.grant, pipedrive_user=waiting.pipedrive_user)
        record(action=Action.PIPEDRIVE_CONNECTED, request=request, subject=connection)
        messages.success(
            request,
            _("Pipedrive is connected: %(company)s.") % {"company": waiting.pipedrive_user.company_name},
        )
        return redirect("integrations:overview")


def _exchange(request: HttpRequest) -> WaitingGrant | None:
    """Turn the remembered code into tokens at once, since it lives for five minutes only."""
    code = take_install_code(request)
    if code is None:
        return remembered_grant(request)
    try:
        grant = oauth_app().exchange_code(code=code)
    except GrantDiedError:
        return None
    return remember_grant(request, grant=grant, pipedrive_user=whose_grant(grant))


class DisconnectView(PeopleOnlyMixin, View):
    """The person's tokens are forgotten and revoked."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        disconnect(user=self.person)
        record(action=Action.PIPEDRIVE_DISCONNECTED, request=request, subject=self.person)
        messages.success(
            request,
            _("Pipedrive is disconnected. Your calls are kept for 30 days in case you connect it again."),
        )
        return redirect("integrations:overview")
