"""A call of Mustalinja's list, taken in as if a webhook had brought it; one that is known already leaves no trace."""

import datetime
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import InterfaceError, OperationalError, transaction
from django.utils import timezone

from accounts.models import Company
from calls.intake import Receipt, read_delivery
from calls.models import Call, WebhookDelivery
from calls.redaction import digest_of, redact_if_private, sorted_json
from integrations.missing_calls import earliest_call
from integrations.models import MustalinjaAccount
from integrations.mustalinja.fields import UnreadableError
from integrations.mustalinja.webhook import EndedCall, parse

logger = logging.getLogger(__name__)

DATABASE_IS_AWAY = (InterfaceError, OperationalError)
"""Down, locked or full: no fault of the body's, which is tried again as it is."""
QUARANTINE_COMPARED = 1000
"""The latest bodies in quarantine, so that an unreadable call is not kept anew every night."""


@dataclass(frozen=True, kw_only=True)
class _Item:
    """Attributes:
    call: None for an event that makes no call, and for a body that cannot be read.
    """

    body: bytes
    is_readable: bool
    call: EndedCall | None = None


def unknown_among(bodies: list[bytes], *, account: MustalinjaAccount) -> list[bytes]:
    """The bodies to take in, in their order. The others are known as a call or in quarantine, make no call, or tell
    of a call from before the company linked Mustalinja. It only reads, so that a page of known calls writes nothing.
    """
    now = timezone.now()
    items = [_read(body, now=now) for body in bodies]
    earliest = earliest_call(account, now=now)
    known = _known_calls(account.company, [item.call for item in items if item.call is not None])
    in_quarantine = set() if all(item.is_readable for item in items) else _quarantine(account.company)

    def is_unknown(item: _Item) -> bool:
        if not item.is_readable:
            return in_quarantine.isdisjoint({sorted_json(item.body), digest_of(item.body)})
        call = item.call
        return call is not None and _end_of(call) >= earliest and (call.call_id, call.user.email) not in known

    return [item.body for item in items if is_unknown(item)]


def take_in(body: bytes, *, company: Company) -> Receipt:
    """Keep a body and make its call. A body that our own code stumbles over is kept in quarantine, so that it neither
    is lost nor holds up the others.
    """
    delivery = _delivery(body, company=company)
    try:
        with transaction.atomic():
            receipt = read_delivery(delivery)
            if receipt.is_duplicate:
                delivery.delete()
    except DATABASE_IS_AWAY:
        raise
    except Exception as error:
        logger.exception("company %s: a pulled call could not be taken in", company.pk)
        outcome = WebhookDelivery.Outcome.QUARANTINED
        delivery = _delivery(body, company=company)
        delivery.outcome, delivery.problem = outcome, f"a fault in the connector: {type(error).__name__}"
        with transaction.atomic():
            redact_if_private(delivery)
            delivery.save()
        return Receipt(status=outcome)
    return receipt


def _delivery(body: bytes, *, company: Company) -> WebhookDelivery:
    source = WebhookDelivery.Source.BACKFILL
    return WebhookDelivery(company=company, source=source, received_at=timezone.now(), body=body)


def _read(body: bytes, *, now: datetime.datetime) -> _Item:
    try:
        return _Item(body=body, is_readable=True, call=parse(body, received_at=now).call)
    except UnreadableError:
        return _Item(body=body, is_readable=False)


def _end_of(call: EndedCall) -> datetime.datetime:
    return call.ended_at or call.started_at + datetime.timedelta(seconds=call.ring_seconds + call.talk_seconds)


def _known_calls(company: Company, calls: Iterable[EndedCall]) -> set[tuple[str, str]]:
    """Calls and reps' emails that are stored. Who has no email, or another one by now, is known to the intake."""
    ids = {call.call_id for call in calls}
    stored = Call.objects.filter(company=company, external_id__in=ids).exclude(rep_email="")
    return set(stored.values_list("external_id", "rep_email"))


def _quarantine(company: Company) -> set[str]:
    """Bodies, and the digests of those that were redacted."""
    kept = WebhookDelivery.objects.filter(company=company, outcome=WebhookDelivery.Outcome.QUARANTINED)
    latest = kept.order_by("-received_at").values_list("body", "original")[:QUARANTINE_COMPARED]
    return {original or sorted_json(bytes(body)) for body, original in latest}
