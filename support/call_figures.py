"""Figures of calls that are stuck, and of what works on them."""

import datetime
from collections.abc import Iterator

from django.db.models import Count, Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_q.brokers import get_broker

from accounts.readable import count_words
from calls.books import out_of_balance
from calls.drifting import unknown_to_support
from calls.heartbeat import ALIVE_FOR
from calls.models import Book, Call, Drift, WebhookDelivery, WorkerHeartbeat
from calls.reasons import Reason, Status
from integrations.queue import BROKER_ERRORS
from support.figures import Figure, list_url

FAILED_LATELY = datetime.timedelta(days=7)
WAITING_LONG = datetime.timedelta(days=7)
DELAYED_AFTER = datetime.timedelta(minutes=5)
"""Due calls are begun within seconds while the workers keep up."""
LONG_QUEUE = 500
COUNTED_AT_MOST = 1_000


def of_quarantine() -> Iterator[Figure]:
    """Deliveries that could not be read."""
    quarantined = WebhookDelivery.objects.filter(outcome=WebhookDelivery.Outcome.QUARANTINED)
    if count := quarantined[:COUNTED_AT_MOST].count():
        text = ngettext("delivery in quarantine", "deliveries in quarantine", count)
        url = list_url(WebhookDelivery, outcome__exact=WebhookDelivery.Outcome.QUARANTINED)
        yield Figure(shown=_at_most(count), text=text, url=url)


def of_drift() -> Iterator[Figure]:
    """What Mustalinja sends and the portal does not know, while nobody has marked it as known."""
    if count := unknown_to_support().count():
        text = ngettext("unknown field or value from Mustalinja", "unknown fields and values from Mustalinja", count)
        yield Figure(shown=count_words(count), text=text, url=list_url(Drift, known_since__isempty=1))


def of_failed() -> Iterator[Figure]:
    """Calls of the last week that have failed, by reason."""
    since = timezone.now() - FAILED_LATELY
    failed = Call.objects.filter(status=Status.FAILED, started_at__gte=since).order_by()
    for reason, count in sorted(failed.values_list("reason").annotate(n=Count("pk")), key=lambda row: -row[1]):
        label = Reason(reason).label if reason in Reason.values else reason
        text = ngettext("call failed in 7 days: %(reason)s", "calls failed in 7 days: %(reason)s", count)
        url = list_url(Call, status__exact=Status.FAILED, reason=reason, started_at__gte=_in_address(since))
        yield Figure(shown=count_words(count), text=text % {"reason": label}, url=url)


def of_waiting() -> Iterator[Figure]:
    """Calls that have waited for more than a week."""
    before = timezone.now() - WAITING_LONG
    if count := Call.objects.filter(status=Status.WAITING, started_at__lt=before).count():
        text = ngettext("call has waited for over 7 days", "calls have waited for over 7 days", count)
        url = list_url(Call, status__exact=Status.WAITING, started_at__lt=_in_address(before))
        yield Figure(shown=count_words(count), text=text, url=url)


def of_books() -> Iterator[Figure]:
    """Days of companies on which a call is missing, or one too many."""
    if count := out_of_balance().count():
        text = ngettext("day of a company does not balance", "days of companies do not balance", count)
        yield Figure(shown=count_words(count), text=text, url=list_url(Book, balance="off"))


def of_delay() -> Iterator[Figure]:
    """For how long the call whose turn it is has been due."""
    due_at = Call.objects.filter(status=Status.PENDING).aggregate(due=Min("next_attempt_at"))["due"]
    if due_at is not None and (delay := timezone.now() - due_at) > DELAYED_AFTER:
        url = list_url(Call, status__exact=Status.PENDING)
        yield Figure(shown=_age(delay), text=_("the oldest due call has waited to be logged"), url=url)


def of_workers() -> Iterator[Figure]:
    """Whether a worker gives signs of life."""
    beat_at = WorkerHeartbeat.objects.aggregate(latest=Max("beat_at"))["latest"]
    url = list_url(WorkerHeartbeat)
    if beat_at is None:
        yield Figure(shown=_("No worker"), text=_("has ever given a sign of life"), url=url)
    elif (silence := timezone.now() - beat_at) > ALIVE_FOR:
        yield Figure(shown=_age(silence), text=_("since a worker's last sign of life"), url=url)


def of_queue() -> Iterator[Figure]:
    """Whether the queue is long, or does not answer."""
    try:
        length = int(get_broker().queue_size())
    except BROKER_ERRORS:
        yield Figure(shown=_("No answer"), text=_("from the queue"), url=list_url(WorkerHeartbeat))
        return
    if length > LONG_QUEUE:
        yield Figure(shown=count_words(length), text=_("tasks stand in the queue"), url=list_url(WorkerHeartbeat))


def _in_address(moment: datetime.datetime) -> str:
    return timezone.localtime(moment).isoformat(timespec="seconds")


def _at_most(count: int) -> str:
    shown = count_words(count)
    return f"{shown}+" if count == COUNTED_AT_MOST else shown


def _age(span: datetime.timedelta) -> str:
    """Whole minutes, and from two days on days."""
    if span.days >= 2:
        return ngettext("%d day", "%d days", span.days) % span.days
    minutes = int(span.total_seconds() // 60)
    return f"{minutes // 60} h {minutes % 60} min" if minutes >= 60 else f"{minutes} min"
