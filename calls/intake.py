"""Recording a delivery: the raw bytes, the call, and its place in the queue, in one transaction."""

import datetime
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.utils import timezone

from calls.compiled import insert, insert_unless_there
from calls.erased_reps import forget_again, is_erased
from calls.group_commit import GroupCommit
from calls.models import Call, WebhookDelivery
from calls.past_calls import is_past
from calls.queue import call_up
from calls.redaction import redact, redact_if_private
from calls.reps import find_rep_ids
from integrations.deadline import database_within
from integrations.models import MustalinjaAccount
from integrations.mustalinja.fields import UnreadableError
from integrations.mustalinja.webhook import EndedCall, call_id_of, parse

logger = logging.getLogger(__name__)

CLOCKS_MAY_DIFFER = datetime.timedelta(seconds=30)
"""A worker whose clock is behind the web process's must not find a new call to be in the future."""

DATABASE_SECONDS = 4.5
"""For storing, and for everything else that intake asks the database, each for itself. A lock is waited for 4 s; where
an open connection turns out to be dead, another one is tried for 4 s more.
"""
TURN_SECONDS = 4.0
"""So long a delivery waits for others that are being stored, before its sender is asked to come again."""

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
    def is_new_call(self) -> bool:
        return self.status == WebhookDelivery.Outcome.ACCEPTED and self.call_id is not None

    @property
    def is_quarantined(self) -> bool:
        return self.status == WebhookDelivery.Outcome.QUARANTINED


def receive(*, account: MustalinjaAccount, delivery_id: str, body: bytes) -> Receipt:
    """Keep an authenticated delivery and make its call, unless it is known already.

    Raises:
        django.db.DatabaseError: it may not have been stored.
    """
    now = timezone.now()
    delivery = WebhookDelivery(
        company_id=account.company_id, received_at=now, delivery_id=_as_text(delivery_id), body=body
    )
    receipt = _together.bring(read(delivery), seconds=TURN_SECONDS)
    if not receipt.is_quarantined:
        note_time(account, "last_heard_at", now=now)
    return receipt


def read_delivery(delivery: WebhookDelivery) -> Receipt:
    """Parse a delivery, new or quarantined before, save it with the outcome and make its call: all in one transaction.

    Raises:
        django.db.DatabaseError: it may not have been stored.
    """
    return store([read(delivery)])[0]


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A delivery that has been parsed; nothing is stored yet.

    Attributes:
        is_new: not read again from quarantine. The delivery's primary key does not tell: it may be of a transaction
            that came to nothing.
        ended: None when it makes no call.
    """

    delivery: WebhookDelivery
    is_new: bool
    ended: EndedCall | None = None

    @property
    def place(self) -> tuple[int, str, str]:
        """The company, and the id of the call and whose leg of it, by which deliveries are sorted."""
        if self.ended is None:
            return self.delivery.company_id, call_id_of(bytes(self.delivery.body)), ""
        return self.delivery.company_id, self.ended.call_id, _rep_key(self.ended)


def read(delivery: WebhookDelivery) -> Reading:
    """Parse a delivery, which goes into quarantine where it cannot be read."""
    is_new = delivery.pk is None
    try:
        event = parse(bytes(delivery.body), received_at=delivery.received_at)
    except UnreadableError as error:
        logger.warning("company %s: a call event is in quarantine: %s", delivery.company_id, error)
        delivery.outcome, delivery.problem = WebhookDelivery.Outcome.QUARANTINED, str(error)
        return Reading(delivery=delivery, is_new=is_new)
    delivery.event, delivery.event_id, delivery.unknown = event.name, event.event_id, event.unknown
    delivery.outcome, delivery.problem = WebhookDelivery.Outcome.ACCEPTED, ""
    if event.call and is_past(delivery.company_id, event.call.call_id, started_at=event.call.started_at):
        delivery.outcome = WebhookDelivery.Outcome.DUPLICATE
        return Reading(delivery=delivery, is_new=is_new)
    return Reading(delivery=delivery, is_new=is_new, ended=event.call)


def store(readings: Sequence[Reading]) -> list[Receipt]:
    """Store deliveries, and the call of each that is the first of its call and rep, which is the database's word. What
    can be read is read before the transaction begins, since on SQLite all others wait for it.

    Whatever is locked on the way is locked in the same order by everybody: new calls, then known ones, both by their
    ids, then the companies' turns. So two processes that store the same calls do not each wait for the other.

    Raises:
        django.db.DatabaseError: it may be that none was stored.
    """
    in_order = sorted(readings, key=lambda reading: reading.place)
    calls = _calls_of(in_order)
    forget_again(calls)
    with transaction.atomic():
        new = _insert([call for call in calls if call is not None])
        for reading, call in zip(in_order, calls, strict=True):
            _finish(reading.delivery, call)
        _save(readings)
        for company_id in sorted({call.company_id for call in new}):
            call_up(company_id)
    return [_receipt_of(reading.delivery) for reading in readings]


def _insert(calls: Sequence[Call]) -> list[Call]:
    return insert_unless_there(calls, key="reference") if calls else []


def _finish(delivery: WebhookDelivery, call: Call | None) -> None:
    """Fill in what a delivery has come to, and take out of it what is private."""
    if call is None:
        redact_if_private(delivery)
        return
    delivery.call = call if call.pk else _known(call)
    if delivery.call.private_since is not None:
        redact(delivery)
    if is_erased(delivery.call):
        delivery.body, delivery.unknown = b"", []
    delivery.outcome = WebhookDelivery.Outcome.ACCEPTED if call.pk else WebhookDelivery.Outcome.DUPLICATE


def _store_in_time(readings: Sequence[Reading]) -> list[Receipt]:
    with database_within(DATABASE_SECONDS):
        return store(readings)


def _receipt_of(delivery: WebhookDelivery) -> Receipt:
    return Receipt(status=delivery.outcome, call_id=delivery.call.reference if delivery.call else None)


def _save(readings: Sequence[Reading]) -> None:
    if new := [reading.delivery for reading in readings if reading.is_new]:
        insert(new)
    for reading in readings:
        if not reading.is_new:
            reading.delivery.save()


def _known(call: Call) -> Call:
    """The row that keeps this one out: the same rep's, who may be named by another email, or of the same name. It is
    locked, so that nobody makes it private between this look and the storing of what was delivered.

    Raises:
        django.db.IntegrityError: there is none, so that it is something else that keeps it out.
    """
    calls = Call.objects.select_for_update(no_key=True)
    same_call = calls.filter(company_id=call.company_id, external_id=call.external_id)
    known: Call | None = same_call.filter(rep_id=call.rep_id).first() if call.rep_id else None
    known = known or same_call.filter(rep_key=call.rep_key).first()
    if known is None:
        raise IntegrityError(f"call {call.external_id} can be neither stored nor found")
    return known


def _calls_of(readings: Sequence[Reading]) -> list[Call | None]:
    """The rows of calls that have just come; None for a delivery that makes none."""
    emails = {(each.delivery.company_id, each.ended.user.email) for each in readings if each.ended is not None}
    reps = find_rep_ids(emails)
    return [None if each.ended is None else _call_of(each.ended, each.delivery, reps) for each in readings]


def _call_of(ended: EndedCall, delivery: WebhookDelivery, reps: Mapping[tuple[int, str], int]) -> Call:
    """The row of a call that has just come."""
    number, received_at = ended.customer_number, delivery.received_at
    return Call(
        company_id=delivery.company_id,
        external_id=ended.call_id,
        rep_key=_rep_key(ended),
        rep_id=reps.get((delivery.company_id, ended.user.email)),
        rep_email=ended.user.email,
        direction=ended.direction,
        answered=ended.answered,
        result=ended.result,
        customer_number=number.e164 if number else "",
        customer_number_typed=number.typed if number else "",
        rep_number=ended.user.number,
        own_number=ended.own_number or ended.user.number,
        started_at=ended.started_at,
        ended_at=ended.ended_at,
        ring_seconds=ended.ring_seconds,
        talk_seconds=ended.talk_seconds,
        received_at=received_at,
        tried_since=received_at,
        next_attempt_at=received_at - CLOCKS_MAY_DIFFER,
    )


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
        with database_within(DATABASE_SECONDS):
            MustalinjaAccount.objects.filter(pk=account.pk).update(**{field: now})


def _as_text(header: str) -> str:
    return header.encode("ascii", "replace").decode()[:255]


_together: GroupCommit[Reading, Receipt] = GroupCommit(_store_in_time)
