"""Filling what support's desk looks at beside the calls: deliveries, books, licences that end, links in trouble. Runs
inside the portal's Django, on its database.
"""

import datetime
import json
from collections.abc import Iterator
from itertools import islice
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.utils import timezone

from bench.fill import fill
from calls.models import Book, Call, WebhookDelivery, WorkerHeartbeat
from integrations.models import MustalinjaAccount, PipedriveAccount, TokenSpending

DELIVERIES_ARE_KEPT = datetime.timedelta(days=30)
QUARANTINED_EVERY, OFF_EVERY, TROUBLED_EVERY = 500, 2_000, 50
DEEDS_A_COMPANY = 100
AT_ONCE = 5_000
BODY = json.dumps({"event": "call.ended", "call_id": "c-1", "padding": "x" * 700}).encode()


def fill_desk(*, calls: int) -> int:
    """Fill an empty, migrated database with calls and with everything else; gives the number of calls."""
    count = fill(calls=calls)
    with transaction.atomic():
        for model, rows in ((WebhookDelivery, _deliveries()), (Book, _books()), (TokenSpending, _spending())):
            _insert(model, rows)
        _links()
        _deeds()
        WorkerHeartbeat.objects.create(worker="bench", beat_at=timezone.now())
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")
    return count


def _insert(model: Any, rows: Iterator[Any]) -> None:
    while some := list(islice(rows, AT_ONCE)):
        model.objects.bulk_create(some)


def _deliveries() -> Iterator[WebhookDelivery]:
    """One for each call of the last month, and some in quarantine."""
    since = timezone.now() - DELIVERIES_ARE_KEPT
    calls = Call.objects.filter(received_at__gte=since).order_by("id").values_list("pk", "company_id", "received_at")
    for place, (pk, company_id, received_at) in enumerate(list(calls)):
        is_read = place % QUARANTINED_EVERY != 0
        yield WebhookDelivery(
            company_id=company_id,
            received_at=received_at,
            body=BODY,
            event="call.ended",
            outcome="accepted" if is_read else "quarantined",
            problem="" if is_read else "direction is neither in nor out",
            call_id=pk if is_read else None,
        )


def _books() -> Iterator[Book]:
    today = timezone.localdate()
    companies = list(apps.get_model("accounts", "Company")._default_manager.values_list("pk", flat=True))
    days = [today - datetime.timedelta(days=back) for back in range(35)]
    for place, (day, company) in enumerate((day, company) for day in days for company in companies):
        yield Book(company_id=company, day=day, received=3, logged=2 if place % OFF_EVERY == 0 else 3)


def _spending() -> Iterator[TokenSpending]:
    today = timezone.now().astimezone(datetime.UTC).date()
    for account in PipedriveAccount.objects.values_list("pk", flat=True):
        for back in range(30):
            day = today - datetime.timedelta(days=back)
            yield TokenSpending(account_id=account, day=day, operation="activity", requests=3, tokens=15)


def _links() -> None:
    """Every company is linked to Mustalinja, and every fiftieth has something the matter; a tenth of the licences end
    soon.
    """
    now = timezone.now()
    company, license_ = apps.get_model("accounts", "Company"), apps.get_model("accounts", "License")
    linked = MustalinjaAccount.objects.values("company")
    MustalinjaAccount.objects.bulk_create(
        MustalinjaAccount(company_id=pk, api_key="k", api_secret="s", secret="x")  # noqa: S106 - invented
        for pk in company._default_manager.exclude(pk__in=linked).values_list("pk", flat=True)
    )
    MustalinjaAccount.objects.update(last_heard_at=now, credentials_accepted=True, credentials_checked_at=now)
    some = list(MustalinjaAccount.objects.order_by("pk").values_list("pk", flat=True))
    MustalinjaAccount.objects.filter(pk__in=some[::TROUBLED_EVERY]).update(credentials_accepted=False)
    accounts = list(PipedriveAccount.objects.order_by("pk").values_list("pk", flat=True))
    paused = PipedriveAccount.objects.filter(pk__in=accounts[::TROUBLED_EVERY])
    paused.update(pause_kind="outage", paused_until=now + datetime.timedelta(hours=2))
    ending = list(license_._default_manager.order_by("pk").values_list("pk", flat=True))[::10]
    license_._default_manager.filter(pk__in=ending).update(valid_until=timezone.localdate())


def _deeds() -> None:
    """Entries of the audit log."""
    company, entry = apps.get_model("accounts", "Company"), apps.get_model("accounts", "AuditEntry")
    entry._default_manager.bulk_create(
        (
            entry(company_id=pk, action="changed", subject=f"accounts.company {pk}", changes={"name": ["a", "b"]})
            for pk in company._default_manager.values_list("pk", flat=True)
            for _deed in range(DEEDS_A_COMPANY)
        ),
        batch_size=AT_ONCE,
    )
