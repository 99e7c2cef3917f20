"""Steps of the tests that take a call to Pipedrive."""

from collections.abc import Callable
from typing import Any

from django.utils import timezone

from accounts.models import User
from calls.crm_sync import record, take_step
from calls.models import Call
from integrations.contact_upkeep import keep_index
from integrations.models import ContactIndex, PipedriveConnection
from tests.sandbox.running_sandbox import Sandbox

Connect = Callable[[User], PipedriveConnection]
Place = Callable[..., Call]


def log(call: Call) -> Call:
    """One step of the worker."""
    record([(claimed, take_step(claimed)) for claimed in Call.objects.claim([call.pk])])
    call.refresh_from_db()
    return call


def outcome(call: Call) -> tuple[str, str]:
    return call.status, call.reason


def read_changes_now(connection: PipedriveConnection) -> None:
    """Ask Pipedrive what has changed, as the worker does now and then."""
    ContactIndex.objects.filter(account=connection.account_id).update(next_step_at=timezone.now())
    keep_index(connection.account_id)


def due_now(call: Call) -> Call:
    """Let the back-off be over."""
    Call.objects.filter(pk=call.pk).update(next_attempt_at=timezone.now())
    return call


def seconds_until_next(call: Call) -> float:
    assert call.next_attempt_at is not None
    return (call.next_attempt_at - timezone.now()).total_seconds()


def activities(outside: Sandbox) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = outside.state("activities")["activities"]
    return found


def asked(outside: Sandbox, operation: str) -> int:
    """How many requests of a kind Pipedrive has had."""
    requests = outside.state("requests")["requests"]
    method, _space, path = operation.partition(" ")
    return sum(request["method"] == method and path in request["path"] for request in requests)


def fault(outside: Sandbox, **order: Any) -> None:
    outside.order("pipedrive/control/faults", **order)
