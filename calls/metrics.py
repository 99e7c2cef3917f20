"""What monitoring reads, counted in the database at the moment of the question: every web process tells the same.

No number, email or company's name is a label. Nothing here reads the whole table of calls: those that are open are
found by the partial indexes, the others are counted for the last 24 hours.
"""

import datetime
from collections.abc import Iterable, Iterator

from django.db.models import Count, F, FloatField, Max, Min, Q
from django.db.models.functions import Cast
from django.utils import timezone
from django_q.brokers import get_broker
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from redis.exceptions import RedisError

from accounts.models import Company
from calls.books import MADE_A_CALL, days_up_to_today, out_of_balance
from calls.drifting import unknown_to_support
from calls.models import Book, Call, WebhookDelivery, WorkerHeartbeat
from calls.reasons import REASONS_OF, Status
from integrations.models import ContactIndex, PipedriveAccount, PipedriveConnection

DAY = datetime.timedelta(days=1)
OPEN = (Status.PENDING, Status.WAITING)


class PortalCollector(Collector):
    """The portal's figures, as gauges whose names begin with `connector_`."""

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Count everything.

        Raises:
            django.db.DatabaseError: the database does not answer.
        """
        now = timezone.now()
        yield from _open_calls(now)
        yield from _last_24_hours(now)
        yield from _queue_and_worker(now)
        yield from _companies(now)
        yield from _pipedrive(now)
        yield from _books(now)


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"connector_{name}", text, value=value)


def _family(name: str, text: str, labels: list[str], rows: Iterable[tuple[list[str], float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(f"connector_{name}", text, labels=labels)
    for values, count in rows:
        family.add_metric(values, count)
    return family


def _age(now: datetime.datetime, moment: datetime.datetime | None) -> float:
    """Seconds since a moment; 0 where there is none or it is still to come."""
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0


def _open_calls(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    counts = {(status.value, reason.value): 0 for status in OPEN for reason in REASONS_OF[status]}
    for status in OPEN:
        reasons = Call.objects.filter(status=status).order_by().values("reason").annotate(n=Count("*"))
        counts |= {(status.value, reason): count for reason, count in reasons.values_list("reason", "n")}
    yield _family(
        "open_calls",
        "Calls that are not finished, by status and reason.",
        ["status", "reason"],
        ((list(key), count) for key, count in sorted(counts.items())),
    )
    pending = Call.objects.filter(status=Status.PENDING)
    oldest = pending.aggregate(received=Min("received_at"), due=Min("next_attempt_at"))
    text = "Age of the pending call that was received first; 0 without one."
    yield _gauge("oldest_pending_call_age_seconds", text, _age(now, oldest["received"]))
    text = "For how long the pending call whose turn it is has been due; it stays small while workers keep up."
    yield _gauge("oldest_due_call_delay_seconds", text, _age(now, oldest["due"]))


def _last_24_hours(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    # By their deliveries, which have an index by time. A call that is lost is no call: the books tell of it.
    made = WebhookDelivery.objects.filter(MADE_A_CALL, received_at__gte=now - DAY, call__isnull=False).order_by()
    calls = made.values("call__status", "call__reason").annotate(n=Count("*"))
    yield _family(
        "calls_received_last_24_hours",
        "Calls received in the last 24 hours, by what has become of them.",
        ["status", "reason"],
        (([status, reason], n) for status, reason, n in calls.values_list("call__status", "call__reason", "n")),
    )
    deliveries = dict.fromkeys(WebhookDelivery.Outcome.values, 0)
    outcomes = WebhookDelivery.objects.filter(outcome__in=deliveries, received_at__gte=now - DAY)
    deliveries |= dict(outcomes.order_by().values("outcome").annotate(n=Count("*")).values_list("outcome", "n"))
    text = "Unknown fields and values of companies' deliveries that support has not marked as known."
    yield _gauge("drifts_unknown_to_support", text, unknown_to_support().count())
    yield _family(
        "webhook_deliveries_last_24_hours",
        "Authenticated deliveries of Mustalinja's in the last 24 hours, by outcome.",
        ["outcome"],
        (([outcome], count) for outcome, count in deliveries.items()),
    )


def _queue_and_worker(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    try:
        length = get_broker().queue_size()
    except RedisError:
        length = None
    yield _gauge("broker_up", "1 while the queue's broker answers.", length is not None)
    if length is not None:
        yield _gauge("queue_length", "Tasks in the queue.", length)
    beat_at = WorkerHeartbeat.objects.aggregate(latest=Max("beat_at"))["latest"]
    if beat_at is not None:
        text = "Since the last task that a worker did for its sign of life."
        yield _gauge("worker_heartbeat_age_seconds", text, _age(now, beat_at))


def _companies(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    closed = Q(pipedrive_accounts__connections__state=PipedriveConnection.State.ACCOUNT_CLOSED)
    paused = Q(pipedrive_accounts__paused_until__gt=now) | Q(pipedrive_accounts__connections__paused_until__gt=now)
    counts = Company.objects.aggregate(
        suspended=Count("pk", filter=Q(suspended_at__isnull=False), distinct=True),
        account_closed=Count("pk", filter=closed, distinct=True),
        paused=Count("pk", filter=paused, distinct=True),
    )
    yield _gauge("companies", "Companies.", Company.objects.count())
    yield _family(
        "companies_held_up",
        "Companies that are suspended, or whose Pipedrive account is not open or is left alone for a while.",
        ["cause"],
        (([cause], count) for cause, count in counts.items()),
    )


def _pipedrive(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    connections = PipedriveConnection.objects.order_by().values("state").annotate(n=Count("pk"))
    states = dict.fromkeys(PipedriveConnection.State.values, 0) | dict(connections.values_list("state", "n"))
    text = "Authorizations at Pipedrive, by state."
    yield _family("pipedrive_connections", text, ["state"], (([state], n) for state, n in states.items()))
    troubled, first_sweep = ~Q(problem=""), Q(problem="", swept_at__isnull=True)
    indexes = ContactIndex.objects.aggregate(
        ready=Count("pk", filter=~troubled & ~first_sweep),
        first_sweep=Count("pk", filter=first_sweep),
        troubled=Count("pk", filter=troubled),
    )
    text = "Phone indexes, by state."
    yield _family("phone_indexes", text, ["state"], (([state], n) for state, n in indexes.items()))
    yield from _tokens(now)


def _tokens(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    """Of the accounts that Pipedrive has told of today; the day of its budget is taken to be UTC's."""
    midnight = now.astimezone(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    told = PipedriveAccount.objects.filter(tokens_left_at__gte=midnight, daily_tokens__gt=0)
    share = Cast(F("tokens_left"), FloatField()) / F("daily_tokens")
    least = told.aggregate(tokens=Min("tokens_left"), share=Min(share))
    if least["tokens"] is not None:
        text = "Tokens left today in the Pipedrive account that has the fewest."
        yield _gauge("pipedrive_tokens_left_min", text, least["tokens"])
        text = "The same as a part of the account's daily tokens, of the one where it is smallest."
        yield _gauge("pipedrive_tokens_left_ratio_min", text, least["share"])


def _books(now: datetime.datetime) -> Iterator[GaugeMetricFamily]:
    text = "Days of companies on which the received calls are not all accounted for, of the last 35 days."
    yield _gauge("books_out_of_balance", text, out_of_balance().count())
    lately = Book.objects.filter(day__in=days_up_to_today(2))
    checked_at = lately.aggregate(latest=Max("checked_at"))["latest"]
    if checked_at is not None:
        yield _gauge("books_age_seconds", "Since the books were last counted.", _age(now, checked_at))
