"""Recording a delivery: the raw bytes, the call, and its place in the queue, in one transaction."""

import datetime
import logging
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.models import Company, User
from calls.models import Call, WebhookDelivery
from calls.queue import enqueue
from calls.reps import find_rep
from integrations.models import MustalinjaAccount
from integrations.mustalinja.fields import UnreadableError
from integrations.mustalinja.webhook import EndedCall, Event, parse

logger = logging.getLogger(__name__)

CLOCKS_MAY_DIFFER = datetime.timedelta(seconds=30)
"""A worker whose clock is behind the web process's must not find a new call to be in the future."""

HEARD_AGAIN_AFTER = datetime.timedelta(seconds=30)
"""`last_heard_at` is for people; writing it for every delivery would make all intakes queue for one row."""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a delivery.

    Attributes:
        status: `accepted`, `duplicate` or `quarantined`.
        call_id: the call's public id; None when no call was made.
    """

    status: str
    call_id: str | None = None

    @property
    def is_duplicate(self) -> bool:
        return self.status == WebhookDelivery.Outcome.DUPLICATE

    @property
    def is_quarantined(self) -> bool:
        return self.status == WebhookDelivery.Outcome.QUARANTINED


def receive(*, account: MustalinjaAccount, delivery_id: str, body: bytes) -> Receipt:
    """Keep an authenticated delivery and make its call, unless it is known already.

    Raises:
        django.db.DatabaseError: nothing was stored.
    """
    now = timezone.now()
    delivery = WebhookDelivery(company=account.company, received_at=now, delivery_id=_as_text(delivery_id), body=body)
    with transaction.atomic():
        receipt = read_delivery(delivery)
        if not receipt.is_quarantined:
            note_time(account, "last_heard_at", now=now)
    return receipt


def read_delivery(delivery: WebhookDelivery) -> Receipt:
    """Parse a delivery, new or quarantined before, save it with the outcome and make its call."""
    try:
        event = parse(bytes(delivery.body), received_at=delivery.received_at)
    except UnreadableError as error:
        logger.warning("company %s: a call event is in quarantine: %s", delivery.company_id, error)
        delivery.outcome, delivery.problem = WebhookDelivery.Outcome.QUARANTINED, str(error)
        delivery.save()
        return Receipt(status=delivery.outcome)
    delivery.event, delivery.event_id, delivery.unknown = event.name, event.event_id, event.unknown
    delivery.problem = ""
    return _accept(delivery, event)


def _accept(delivery: WebhookDelivery, event: Event) -> Receipt:
    if event.call is None:
        delivery.outcome = WebhookDelivery.Outcome.ACCEPTED
        delivery.save()
        return Receipt(status=delivery.outcome)
    call, is_new = _record(event.call, company=delivery.company, received_at=delivery.received_at)
    delivery.call = call
    delivery.outcome = WebhookDelivery.Outcome.ACCEPTED if is_new else WebhookDelivery.Outcome.DUPLICATE
    delivery.save()
    if is_new:
        enqueue(call)
    return Receipt(status=delivery.outcome, call_id=call.reference)


def _record(ended: EndedCall, *, company: Company, received_at: datetime.datetime) -> tuple[Call, bool]:
    """The call of an event, made when it is the first of this call and rep. Uniqueness is the database's word."""
    rep = find_rep(company=company, email=ended.user.email)
    if rep is not None and (known := Call.objects.filter(company=company, external_id=ended.call_id, rep=rep).first()):
        return known, False
    try:
        return Call.objects.get_or_create(
            company=company,
            external_id=ended.call_id,
            rep_key=_rep_key(ended),
            defaults=_fields(ended, rep=rep, received_at=received_at),
        )
    except IntegrityError:
        # Another leg of this rep, under another of the rep's emails, was recorded at the same moment.
        return Call.objects.get(company=company, external_id=ended.call_id, rep=rep), False


def _fields(ended: EndedCall, *, rep: User | None, received_at: datetime.datetime) -> dict[str, Any]:
    number = ended.customer_number
    return {
        "rep": rep,
        "rep_email": ended.user.email,
        "direction": ended.direction,
        "answered": ended.answered,
        "result": ended.result,
        "customer_number": number.e164 if number else "",
        "customer_number_typed": number.typed if number else "",
        "rep_number": ended.user.number,
        "own_number": ended.own_number or ended.user.number,
        "started_at": ended.started_at,
        "ended_at": ended.ended_at,
        "ring_seconds": ended.ring_seconds,
        "talk_seconds": ended.talk_seconds,
        "received_at": received_at,
        "tried_since": received_at,
        "next_attempt_at": received_at - CLOCKS_MAY_DIFFER,
        "nudged_at": received_at,
    }


def _rep_key(ended: EndedCall) -> str:
    """Whose leg it is: another leg of the same rep is the same call, another rep's leg is a call of its own."""
    user = ended.user
    if user.email:
        return f"email:{user.email}"
    return f"user:{user.user_id}" if user.user_id else f"number:{user.number}"


def note_time(account: MustalinjaAccount, field: str, *, now: datetime.datetime) -> None:
    """Keep when Mustalinja was last heard, or last refused."""
    known: datetime.datetime | None = getattr(account, field)
    if known is None or known < now - HEARD_AGAIN_AFTER:
        MustalinjaAccount.objects.filter(pk=account.pk).update(**{field: now})


def _as_text(header: str) -> str:
    return header.encode("ascii", "replace").decode()[:255]
