"""What is kept for a time only, and the job that ends it: in small batches, so that intake never waits for it long.

What other jobs end sooner (letters, invitations, Pipedrive's events, pulls) stands in docs/privacy.md, too.
"""

import datetime
import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.sessions.models import Session
from django.db import models, transaction
from django.utils import timezone
from django_q.models import Task

from accounts.audit_entry import AuditEntry
from accounts.models import Company
from calls.books import CHECKED_DAYS
from calls.models import Call, Resend, WebhookDelivery
from calls.past_calls import MONTH, calls_kept, remember
from calls.redaction import forget_bodies
from support.data_export import KEPT, DataExport
from support.retention_report import RetentionReport

logger = logging.getLogger(__name__)

AT_ONCE = 500
"""Rows in one transaction."""
SECONDS = 60.0
"""After that a run ends and the next one goes on: a task may run for two minutes."""
Batch = Callable[[list[int]], object]


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One kind of data that is kept for a time.

    Attributes:
        rows: those whose time is over, a query for each company or one for all.
        end: what becomes of some of them, by their keys; None: they are deleted.
    """

    name: str
    rows: Callable[[], Iterator["models.QuerySet[models.Model]"]]
    end: Batch | None = None


def ago(kept: datetime.timedelta) -> datetime.datetime:
    return timezone.now() - kept


def bodies_kept() -> datetime.timedelta:
    """How long the raw body of a delivery is kept."""
    return datetime.timedelta(days=settings.KEEP_DELIVERIES_DAYS)


def deliveries_kept() -> datetime.timedelta:
    """How long the row of a delivery is kept, without its body at last: the books count deliveries for 35 days."""
    return max(bodies_kept(), datetime.timedelta(days=CHECKED_DAYS + 1))


def audit_kept() -> datetime.timedelta:
    """How long it is kept who did what."""
    kept: datetime.timedelta = settings.KEEP_AUDIT_MONTHS * MONTH
    return kept


def _of_each_company(rows: "Callable[[], models.QuerySet[models.Model]]") -> Iterator["models.QuerySet[models.Model]"]:
    """By company, since the indexes of the long tables begin with it."""
    for company_id in list(Company.objects.order_by("pk").values_list("pk", flat=True)):
        yield rows().filter(company=company_id)


def _bodies() -> "models.QuerySet[models.Model]":
    return WebhookDelivery.objects.filter(received_at__lt=ago(bodies_kept())).exclude(body=b"")


def _deliveries() -> "models.QuerySet[models.Model]":
    return WebhookDelivery.objects.filter(received_at__lt=ago(deliveries_kept()))


def _calls() -> "models.QuerySet[models.Model]":
    return Call.objects.filter(received_at__lt=ago(calls_kept()))


def _remove_calls(pks: list[int]) -> None:
    """With their stories and errands; their ids are kept, since Mustalinja may send one again."""
    calls = Call.objects.filter(pk__in=pks)
    remember(calls.values_list("company_id", "external_id"))
    calls.delete()


KINDS = (
    Kind(name="bodies", rows=lambda: _of_each_company(_bodies), end=forget_bodies),
    Kind(name="deliveries", rows=lambda: _of_each_company(_deliveries)),
    Kind(name="calls", rows=lambda: _of_each_company(_calls), end=_remove_calls),
    Kind(name="audit", rows=lambda: iter([AuditEntry.objects.filter(at__lt=ago(audit_kept()))])),
    Kind(name="admin_log", rows=lambda: iter([LogEntry.objects.filter(action_time__lt=ago(audit_kept()))])),
    Kind(name="resends", rows=lambda: iter([Resend.objects.filter(at__lt=ago(audit_kept()))])),
    Kind(name="reports", rows=lambda: iter([RetentionReport.objects.filter(at__lt=ago(audit_kept()))])),
    Kind(name="exports", rows=lambda: iter([DataExport.objects.filter(asked_at__lt=ago(KEPT))])),
    Kind(name="tasks", rows=lambda: iter([Task.objects.filter(stopped__lt=ago(bodies_kept()))])),
    Kind(name="sessions", rows=lambda: iter([Session.objects.filter(expire_date__lt=timezone.now())])),
)


def end_what_is_over(*, seconds: float = SECONDS, at_once: int = AT_ONCE) -> RetentionReport:
    """Remove what has been kept long enough, and say how much of each kind it was.

    Args:
        seconds: after which it stops; the report tells whether something is left.
        at_once: rows in one transaction.
    """
    began = time.monotonic()
    report = RetentionReport(removed={})
    for kind in KINDS:
        for count in _batches(kind, at_once=at_once):
            report.removed[kind.name] = report.removed.get(kind.name, 0) + count
            if time.monotonic() - began > seconds:
                report.is_finished = False
                break
    report.seconds = round(time.monotonic() - began, 1)
    report.save()
    logger.info("retention: removed %s in %s s", report.removed or "nothing", report.seconds)
    return report


def _batches(kind: Kind, *, at_once: int) -> Iterator[int]:
    """End the rows of a kind batch by batch; how many each time."""
    for rows in kind.rows():
        while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:at_once]):
            with transaction.atomic():
                if kind.end is None:
                    rows.model._default_manager.filter(pk__in=pks).delete()
                else:
                    kind.end(pks)
            yield len(pks)
