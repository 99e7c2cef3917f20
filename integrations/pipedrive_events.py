"""What Pipedrive's webhooks tell: kept at once, carried out in the queue, each once and none over newer news."""

import datetime
import logging
import time
from contextlib import suppress

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import Q
from django.utils import timezone

from integrations.contacts import IndexGoneError, remove_person, write_persons
from integrations.models import ContactIndex, PipedriveEvent, PipedriveSubscription
from integrations.pipedrive import events
from integrations.pipedrive.payloads import Person, User
from integrations.pipedrive_users import has_left, take_over
from integrations.queue import wake

logger = logging.getLogger(__name__)

TASK = "integrations.tasks.carry_out_events"
HEARD_AGAIN_AFTER = datetime.timedelta(seconds=30)
"""`heard_at` is for people and for the polls; a flood of events must not queue for one row."""
NUDGE_AGAIN_AFTER = datetime.timedelta(seconds=30)
AT_ONCE = 50
SLICE_SECONDS = 5.0
LEASE = datetime.timedelta(seconds=30)
"""Longer than so many events take; renewed with each batch."""
IDS_ARE_KEPT = datetime.timedelta(days=3)


def keep_event(subscription: PipedriveSubscription, event: events.PipedriveEvent) -> bool:
    """Keep an event for the queue; False: it is known already.

    Raises:
        django.db.DatabaseError: it was not stored.
    """
    now = timezone.now()
    try:
        with transaction.atomic():
            PipedriveEvent.objects.create(
                account_id=subscription.account_id,
                event_id=event.event_id,
                entity=event.entity,
                occurred_at=event.occurred_at,
                body={"id": event.entity_id, "data": event.data, "merged_into": event.merged_into},
            )
    except IntegrityError:
        return False
    if subscription.heard_at is None or subscription.heard_at < now - HEARD_AGAIN_AFTER:
        PipedriveSubscription.objects.filter(pk=subscription.pk).update(heard_at=now)
    _nudge(subscription, now=now)
    return True


def _nudge(subscription: PipedriveSubscription, *, now: datetime.datetime) -> None:
    """One task for as many events as have come until it runs. A worker that is at it looks once more at its end."""
    unqueued = Q(nudged_at__isnull=True) | Q(nudged_at__lt=now - NUDGE_AGAIN_AFTER)
    idle = Q(working_until__isnull=True) | Q(working_until__lt=now)
    if PipedriveSubscription.objects.filter(unqueued, idle, pk=subscription.pk).update(nudged_at=now):
        wake(TASK, subscription.account_id)


def wake_for_events() -> None:
    """Have events carried out whose task was lost, or whose worker died, within half a minute of that."""
    now = timezone.now()
    waiting = PipedriveEvent.objects.filter(done_at=None).order_by().values_list("account_id", flat=True).distinct()
    for subscription in PipedriveSubscription.objects.filter(account_id__in=list(waiting)):
        _nudge(subscription, now=now)


def carry_out_events(account_id: int) -> None:
    """Carry out what is kept of an account's events, the oldest first, for a few seconds. One worker at a time: more
    would do the same ones, and other companies' calls would stand behind them.
    """
    index = ContactIndex.objects.select_related("account").filter(account_id=account_id).first()
    if index is None or not _take_lease(account_id):
        return
    subscriptions = PipedriveSubscription.objects.filter(account_id=account_id)
    kept = PipedriveEvent.objects.filter(account_id=account_id, done_at=None).order_by("occurred_at", "pk")
    ends = time.monotonic() + SLICE_SECONDS
    with suppress(IndexGoneError):
        while time.monotonic() < ends and (batch := list(kept[:AT_ONCE])):
            subscriptions.update(working_until=timezone.now() + LEASE, nudged_at=None)
            for event in batch:
                _carry_out(index, event)
    subscriptions.update(working_until=None)
    # Also one that came while its task found this worker at it.
    if kept.exists():
        wake(TASK, account_id)


def _take_lease(account_id: int) -> bool:
    now = timezone.now()
    free = Q(working_until__isnull=True) | Q(working_until__lt=now)
    subscriptions = PipedriveSubscription.objects.filter(free, account_id=account_id)
    return subscriptions.update(working_until=now + LEASE, nudged_at=None) == 1


def _carry_out(index: ContactIndex, event: PipedriveEvent) -> None:
    """Do what an event says, then forget what it said; carried out twice, it changes nothing more."""
    try:
        _apply(index, event)
    except (IndexGoneError, OperationalError, InterfaceError):
        raise
    except Exception:
        # It must not stand in the way of the others; the next poll or sweep reads what it could not tell.
        logger.exception("Pipedrive event %s could not be carried out", event.event_id)
    PipedriveEvent.objects.filter(pk=event.pk).update(done_at=timezone.now(), body={})


def _apply(index: ContactIndex, event: PipedriveEvent) -> None:
    data = event.body["data"]
    if event.entity == "user":
        if data is not None:
            take_over(index.account, User.from_json(data), told_at=event.occurred_at)
        else:
            has_left(index.account, event.body["id"], told_at=event.occurred_at)
        return
    person = Person.from_json(data, phone_fields=index.phone_fields) if data is not None else None
    if person is None or person.is_deleted:
        remove_person(index, event.body["id"], at=event.occurred_at, merged_into=event.body["merged_into"])
    else:
        write_persons(index, [person], heard_at=event.occurred_at)


def forget_old_events() -> None:
    """Drop what Pipedrive will not send again."""
    PipedriveEvent.objects.filter(received_at__lt=timezone.now() - IDS_ARE_KEPT).delete()
