"""The one callback URL that Pipedrive knows: GET brings a person back from the consent page, DELETE tells of an
uninstall, POST of app sharing.

Sources: https://pipedrive.readme.io/docs/marketplace-oauth-authorization, …/docs/app-uninstallation,
…/docs/app-sharing-adding-apps-to-multiple-users, …/docs/app-installation-flows.
"""

import datetime
import json
import logging
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from accounts.access import person
from accounts.audit import record
from accounts.audit_entry import Action
from integrations.basic_auth import is_basic
from integrations.connections import connect, uninstalled, whose_grant
from integrations.errors import GrantDiedError, IntegrationError
from integrations.oauth_state import remember_install, take_state
from integrations.pipedrive_app import oauth_app
from integrations.problem_page import connecting_failed

logger = logging.getLogger(__name__)

LONGEST_CODE = 2048


@method_decorator(csrf_exempt, name="dispatch")
class PipedriveCallbackView(View):
    """Pipedrive's three kinds of calls to one address."""

    http_method_names = ("get", "delete", "post")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        """A person comes back with a code or an error, or comes for the first time from Pipedrive's Marketplace."""
        state = request.GET.get("state", "")
        if "error" in request.GET:
            take_state(request, given=state)
            messages.info(request, _("Nothing was changed, because the permission was not given in Pipedrive."))
            return redirect("integrations:overview")
        code = request.GET.get("code", "")
        if not code or len(code) > LONGEST_CODE:
            return connecting_failed(request, _("Pipedrive sent no authorization code."))
        if not state:
            remember_install(request, code=code)
            return redirect("integrations:pipedrive_confirm")
        if not request.user.is_authenticated or not take_state(request, given=state):
            return connecting_failed(
                request, _("This connection was not started in this browser, or it was used already.")
            )
        return _bind(request, code=code)

    def delete(self, request: HttpRequest) -> HttpResponse:
        """Somebody uninstalled the app in Pipedrive."""
        if not _is_pipedrive(request):
            return HttpResponse(status=401)
        body = _json_object(request)
        try:
            company_id, user_id = int(body["company_id"]), int(body["user_id"])
        except (KeyError, TypeError, ValueError, OverflowError):
            return HttpResponse(status=400)
        uninstalled(pipedrive_company_id=company_id, pipedrive_user_id=user_id, at=_time(body.get("timestamp")))
        logger.info("the app was uninstalled by user %s of Pipedrive company %s", user_id, company_id)
        return HttpResponse(status=204)

    def post(self, request: HttpRequest) -> HttpResponse:
        """App sharing changed. Tokens are each person's own, so there is nothing to do but to say that we heard it."""
        return HttpResponse(status=204)


def _bind(request: HttpRequest, *, code: str) -> HttpResponseBase:
    user = person(request)
    if user.company is None:
        return connecting_failed(request, _("Enter your license code first, then connect Pipedrive."))
    try:
        grant = oauth_app().exchange_code(code=code)
        pipedrive_user = whose_grant(grant)
    except GrantDiedError:
        return connecting_failed(request, _("The authorization code was too old or used already."))
    except IntegrationError as error:
        logger.warning("Pipedrive could not be connected: %s", error)
        return connecting_failed(request, _("Pipedrive did not answer as it should. Try again in a while."))
    connection = connect(user=user, grant=grant, pipedrive_user=pipedrive_user)
    record(action=Action.PIPEDRIVE_CONNECTED, request=request, subject=connection)
    messages.success(request, _("Pipedrive is connected: %(company)s.") % {"company": pipedrive_user.company_name})
    return redirect("integrations:overview")


def _is_pipedrive(request: HttpRequest) -> bool:
    """Whether a request carries our own client id and secret, which only Pipedrive knows beside us."""
    authorization = request.headers.get("Authorization", "")
    user, password = settings.PIPEDRIVE_CLIENT_ID, settings.PIPEDRIVE_CLIENT_SECRET
    return is_basic(authorization, user=user, password=password)


def _json_object(request: HttpRequest) -> dict[str, Any]:
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _time(value: Any) -> datetime.datetime | None:
    """Pipedrive does not document the form of `timestamp`: read ISO 8601 (UTC) and epoch seconds or milliseconds."""
    if isinstance(value, str) and not value.strip().isdigit():
        try:
            time = datetime.datetime.fromisoformat(value.strip())
            return (time if time.tzinfo else time.replace(tzinfo=datetime.UTC)).astimezone(datetime.UTC)
        except (ValueError, OverflowError):
            return None
    try:
        seconds = float(value)
        return datetime.datetime.fromtimestamp(seconds / 1000 if seconds > 1e11 else seconds, datetime.UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
