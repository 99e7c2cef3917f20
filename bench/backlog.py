"""A backlog: calls that came in while no worker was there. Runs inside the portal's Django, on its database."""

import datetime
import json

from django.utils import timezone

from calls.intake import receive
from calls.models import Call
from calls.reasons import Status
from integrations.models import ContactNumber, MustalinjaAccount, PipedriveConnection

OWN_NUMBER = "+358941234567"
"""The demo company's switchboard."""


def take_in(*, email: str, calls: int, name: str) -> int:
    """Take in the events of calls of one rep, by the function that every webhook ends in, with customers who are in the
    phone index; gives how many were taken in.

    Args:
        name: begins the calls' ids at Mustalinja.
    """
    connection = PipedriveConnection.objects.select_related("account__company").get(user__email=email)
    numbers = _numbers_of(connection)[:calls]
    account = _mustalinja_of(connection)
    receipts = [
        receive(account=account, delivery_id=f"{name}-{place}", body=_event(f"{name}-{place}", email, number))
        for place, number in zip(range(calls), numbers * (calls // len(numbers) + 1), strict=False)
    ]
    return sum(receipt.call_id is not None and not receipt.is_duplicate for receipt in receipts)


def set_aside() -> int:
    """Have what an earlier backlog has left over wait till tomorrow; gives how much it was. No worker may be there."""
    tomorrow = timezone.now() + datetime.timedelta(days=1)
    return Call.objects.filter(status=Status.PENDING).update(next_attempt_at=tomorrow)


def webhook_of(*, email: str) -> dict[str, str]:
    """Where a rep's company gets its webhooks, with what they are signed, and a number from its phone index."""
    connection = PipedriveConnection.objects.select_related("account__company").get(user__email=email)
    account = _mustalinja_of(connection)
    return {"key": account.webhook_key, "secret": account.secret, "number": _numbers_of(connection)[0]}


def _numbers_of(connection: PipedriveConnection) -> list[str]:
    """The customers' numbers in the index; the company's own stands at a person too, and no call with it is logged."""
    numbers = ContactNumber.objects.filter(account=connection.account).exclude(e164=OWN_NUMBER)
    return list(numbers.order_by("pk").values_list("e164", flat=True))


def _mustalinja_of(connection: PipedriveConnection) -> MustalinjaAccount:
    company = connection.account.company
    account, _is_new = MustalinjaAccount.objects.get_or_create(
        company=company,
        defaults={"api_key": f"bench-{company.pk}", "api_secret": "none", "secret": "none"},
    )
    return account


def _event(call_id: str, email: str, number: str) -> bytes:
    event = {
        "event": "call.ended",
        "event_id": call_id,
        "call_id": call_id,
        "direction": "in",
        "answered": True,
        "result": "answered",
        "from": number,
        "to": OWN_NUMBER,
        "user": {"id": email, "email": email},
        "started_at": timezone.now().isoformat(),
        "talk_seconds": 60,
    }
    return json.dumps(event).encode()
