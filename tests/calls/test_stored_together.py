"""Several deliveries in one transaction: each ends as it would have alone."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from accounts.models import User
from calls.intake import Reading, Receipt, read, store
from calls.models import Call, Turn, WebhookDelivery
from integrations.models import MustalinjaAccount
from integrations.mustalinja.signature import new_secret
from tests.calls.events import ended_call
from tests.conftest import company_of
from tests.sandbox.running_sandbox import wait_until

NO_COMPANY = 10**9
SECONDS = 20


def reading(company_id: int, event: Any) -> Reading:
    body = event if isinstance(event, bytes) else json.dumps(event).encode()
    return read(WebhookDelivery(company_id=company_id, received_at=timezone.now(), body=body))


def test_each_has_its_own_outcome_in_the_order_given(mustalinja: MustalinjaAccount, bo: User, cecilia: User) -> None:
    ours, theirs = mustalinja.company_id, company_of(cecilia).pk
    MustalinjaAccount.objects.create(company=company_of(cecilia), secret=new_secret())
    call = ended_call()
    with_email_of_cecilia = ended_call(user={"email": cecilia.email})
    receipts = store(
        [
            reading(ours, call),
            reading(ours, b"{"),
            reading(ours, call),
            reading(theirs, call),
            reading(ours, with_email_of_cecilia),
            reading(ours, ended_call(event="call.started")),
        ]
    )
    statuses = ["accepted", "quarantined", "duplicate", "accepted", "accepted", "accepted"]
    assert [receipt.status for receipt in receipts] == statuses
    first, other_companys = Call.objects.filter(external_id=call["call_id"]).order_by("company_id")
    assert [receipt.call_id for receipt in receipts[:4]] == [
        first.reference,
        None,
        first.reference,
        other_companys.reference,
    ]
    assert (first.rep, other_companys.rep) == (bo, None)
    assert Call.objects.get(external_id=with_email_of_cecilia["call_id"]).rep is None, "she is of another company"
    assert receipts[5].call_id is None
    assert WebhookDelivery.objects.filter(call=first).count() == 2
    assert Turn.objects.filter(queued_at__isnull=False).count() == 2


@pytest.mark.django_db(transaction=True)
def test_after_a_transaction_that_came_to_nothing_each_is_stored_as_a_new_row(mustalinja: MustalinjaAccount) -> None:
    good = reading(mustalinja.company_id, ended_call())
    with pytest.raises(IntegrityError):
        store([good, reading(NO_COMPANY, ended_call(event="call.started"))])
    assert not WebhookDelivery.objects.exists()
    between = ended_call()
    store([reading(mustalinja.company_id, between)])
    assert store([good])[0].status == "accepted"
    assert Call.objects.count() == 2
    assert WebhookDelivery.objects.count() == 2
    assert json.loads(bytes(WebhookDelivery.objects.earliest("id").body)) == between


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite locks everything at once")
@pytest.mark.django_db(transaction=True)
def test_the_companys_turn_is_locked_after_the_calls_as_everybody_else_does(mustalinja: MustalinjaAccount) -> None:
    """Who makes a call private has the call and then wants the turn; otherwise each would wait for the other."""
    company_id = mustalinja.company_id
    known = ended_call()
    store([reading(company_id, known)])
    Turn.objects.update(queued_at=None)
    both = [reading(company_id, ended_call()), reading(company_id, known | {"event": "call.started"})]
    with ThreadPoolExecutor(1) as intake:
        with transaction.atomic():
            Call.objects.select_for_update(no_key=True).get(external_id=known["call_id"])
            stored = intake.submit(store_and_disconnect, both)
            wait_until(waits_for_a_lock, SECONDS)
            assert Turn.objects.filter(company=company_id).update(queued_at=timezone.now()) == 1
        assert [receipt.status for receipt in stored.result(SECONDS)] == ["accepted", "accepted"]


def store_and_disconnect(readings: Sequence[Reading]) -> list[Receipt]:
    try:
        return store(readings)
    finally:
        connection.close()


def waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
