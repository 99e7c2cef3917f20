"""`/metrics`: the portal's figures for Prometheus. To everybody without the token who is not staff, there is no such
page.
"""

import hmac
import logging

from django.conf import settings
from django.db import Error as DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from accounts.second_step import is_staff_session
from calls.metrics import PortalCollector

logger = logging.getLogger(__name__)


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Figures as Prometheus reads them; 503 when the database does not answer.

    Raises:
        Http404: neither METRICS_TOKEN was sent nor is a member of staff logged in with both steps.
    """
    if not (_has_token(request) or is_staff_session(request)):
        raise Http404
    registry = CollectorRegistry()
    try:
        registry.register(PortalCollector())
        text = generate_latest(registry)
    except DatabaseError:
        logger.exception("the figures could not be counted")
        return HttpResponse(status=503)
    return HttpResponse(text, content_type=CONTENT_TYPE_PLAIN_0_0_4, headers={"Cache-Control": "no-store"})


def _has_token(request: HttpRequest) -> bool:
    token: str = settings.METRICS_TOKEN
    sent = request.headers.get("Authorization", "")
    return bool(token) and hmac.compare_digest(sent.encode(), f"Bearer {token}".encode())
