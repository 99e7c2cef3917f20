"""The door for Mustalinja's call events. Checks in the contract's order: method, key, size, authentication, content.

A plain Django view and not one of the JSON API's: the framework's ceremony is the dearest part of an intake.
"""

import logging

from django.db import Error as DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from calls.compiled import Select
from calls.intake import DATABASE_SECONDS, note_time, receive
from integrations.deadline import database_within
from integrations.models import MustalinjaAccount
from integrations.mustalinja.authentication import WebhookCredentials, is_authentic

logger = logging.getLogger(__name__)

LARGEST_BODY = 64 * 1024
DRAINED_AT_MOST = 8 * 1024 * 1024
RETRY_AFTER_SECONDS = "5"

_by_key = Select(
    MustalinjaAccount,
    where=("webhook_key",),
    columns=(
        "id",
        "company_id",
        "api_key",
        "api_secret",
        "webhook_auth",
        "secret",
        "previous_secret",
        "previous_secret_ends_at",
        "last_heard_at",
        "last_refused_at",
    ),
)


@csrf_exempt
@require_POST
def mustalinja_webhook(request: HttpRequest, key: str) -> HttpResponse:
    """`POST /webhooks/mustalinja/<key>/`. What is not stored is never answered with 2xx."""
    try:
        return _answer(request, key=key)
    except (DatabaseError, TimeoutError):
        logger.exception("a call event could not be stored")
        return HttpResponse(status=503, headers={"Retry-After": RETRY_AFTER_SECONDS})


def _answer(request: HttpRequest, *, key: str) -> HttpResponse:
    with database_within(DATABASE_SECONDS):
        account = _by_key.first(key)
    if account is None:
        return HttpResponse(status=404)
    body = _read_body(request)
    if body is None:
        return HttpResponse(status=413)
    return _answer_known(account, request, body=body)


def _answer_known(account: MustalinjaAccount, request: HttpRequest, *, body: bytes) -> HttpResponse:
    if not is_authentic(credentials=_credentials(account), headers=request.headers, body=body):
        logger.warning("company %s: a call event was not authenticated (%s)", account.company_id, account.webhook_auth)
        note_time(account, "last_refused_at", now=timezone.now())
        return HttpResponse(status=401)
    receipt = receive(account=account, delivery_id=request.headers.get("webhook-id", ""), body=body)
    answer = {"status": receipt.status} if receipt.is_quarantined else {"status": receipt.status, "id": receipt.call_id}
    return JsonResponse(answer, status=200 if receipt.is_duplicate else 202)


def _read_body(request: HttpRequest) -> bytes | None:
    """The body, or None when it is too large. A large one is read to its end and dropped, because closing a
    connection on unread bytes resets it and the sender never sees the answer.
    """
    stream = request.META["wsgi.input"] if _is_chunked(request) else request
    body: bytes = stream.read(LARGEST_BODY + 1)
    if len(body) <= LARGEST_BODY:
        return body
    drained = 0
    while drained < DRAINED_AT_MOST and (chunk := stream.read(LARGEST_BODY)):
        drained += len(chunk)
    return None


def _is_chunked(request: HttpRequest) -> bool:
    """Django reads no body without a Content-Length; gunicorn can."""
    return "CONTENT_LENGTH" not in request.META and "chunked" in request.headers.get("Transfer-Encoding", "")


def _credentials(account: MustalinjaAccount) -> WebhookCredentials:
    return WebhookCredentials(
        mode=account.webhook_auth,
        valid_secrets=account.valid_secrets(),
        api_key=account.api_key,
        api_secret=account.api_secret,
    )
