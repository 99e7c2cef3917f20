"""The door for Pipedrive's events. They are kept and answered at once: Pipedrive waits for ten seconds, and stops
sending after ten failures.
"""

import json
import logging

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils.decorators import method_decorator
from django.views import View
from django.views.decorators.csrf import csrf_exempt

from integrations.basic_auth import is_basic
from integrations.deadline import database_within
from integrations.models import PipedriveSubscription
from integrations.pipedrive.events import NotAnEventError, read_event
from integrations.pipedrive_events import keep_event
from integrations.pipedrive_subscriptions import BASIC_USER
from integrations.storable import storable

logger = logging.getLogger(__name__)

LARGEST_BODY = 1024 * 1024
RETRY_AFTER_SECONDS = "5"
DATABASE_SECONDS = 4.5
"""Where an open connection turns out to be dead, another one is tried for 4 s more: within Pipedrive's ten."""


@method_decorator(csrf_exempt, name="dispatch")
class PipedriveWebhookView(View):
    """`POST /webhooks/pipedrive/<key>/`."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest, key: str) -> HttpResponseBase:
        try:
            with database_within(DATABASE_SECONDS):
                return _answer(request, key=key)
        except DatabaseError:
            logger.exception("an event of Pipedrive's could not be stored")
            return HttpResponse(status=503, headers={"Retry-After": RETRY_AFTER_SECONDS})


def _answer(request: HttpRequest, *, key: str) -> HttpResponseBase:
    subscription = PipedriveSubscription.objects.select_related("account").filter(key=key).first()
    if subscription is None:
        return HttpResponse(status=404)
    authorization = request.headers.get("Authorization", "")
    if not is_basic(authorization, user=BASIC_USER, password=subscription.password):
        logger.warning("Pipedrive account %s: an event was not authenticated", subscription.account_id)
        return HttpResponse(status=401, headers={"WWW-Authenticate": 'Basic realm="webhook"'})
    body = request.read(LARGEST_BODY + 1)
    if len(body) > LARGEST_BODY:
        return HttpResponse(status=413)
    return JsonResponse({"status": _status_of(subscription, body)})


def _status_of(subscription: PipedriveSubscription, body: bytes) -> str:
    """Keep the event. One that says nothing to us is answered like the others: it is no failure of the delivery."""
    try:
        event = read_event(storable(json.loads(body)))
    except (NotAnEventError, ValueError, RecursionError) as error:
        logger.warning("Pipedrive account %s: an event cannot be read: %s", subscription.account_id, error)
        return "ignored"
    if not event.is_needed or event.company_id not in (None, subscription.account.pipedrive_company_id):
        return "ignored"
    return "accepted" if keep_event(subscription, event) else "duplicate"
