"""Steps of the tests that pull calls from Mustalinja's list."""

import datetime
from typing import Any

from django.utils import timezone

from calls.backfill import pull_calls
from integrations.backfills import Backfill
from integrations.missing_calls import ask_for_calls
from integrations.models import MustalinjaAccount
from tests.sandbox.running_sandbox import Json, Sandbox

TURNS_AT_MOST = 20
EERO = "+358400124387"


def lose_webhooks(outside: Sandbox, count: int = 1, *, minutes_ago: int = 60, **order: Any) -> list[Json]:
    """Calls of Bo's, a second apart, whose webhooks never arrive; gives the bodies in the order of the list."""
    first = timezone.now().replace(microsecond=0) - datetime.timedelta(minutes=minutes_ago)
    call = {"user_email": "bo@esimerkki.example", "number": EERO, "talk_seconds": 30, "deliver": False, **order}
    times = [(first + datetime.timedelta(seconds=number)).isoformat() for number in range(count)]
    calls = [{"started_at": time, **call} for time in times]
    placed: list[Json] = outside.order("mustalinja/control/calls", calls=calls)["calls"]
    return placed


def list_fault(outside: Sandbox, **order: Any) -> None:
    """Have the next request for the list answered otherwise."""
    outside.order("mustalinja/control/faults", path="v1/calls", **order)


def asked_queries(outside: Sandbox) -> list[dict[str, str]]:
    """What the list was asked for, in order."""
    requests = outside.ask("mustalinja/control/state")["requests"]
    return [request["query"] for request in requests if request["path"].endswith("/v1/calls")]


def pull(account: MustalinjaAccount, cause: Backfill.Cause = Backfill.Cause.ADMIN) -> Backfill:
    """Ask for the calls and let the workers work until nothing is to be done now."""
    asked = ask_for_calls(account, cause)
    assert asked is not None
    return go_on(asked)


def go_on(backfill: Backfill) -> Backfill:
    """The worker's turns until nothing is to be done now."""
    for _turn in range(TURNS_AT_MOST):
        if not Backfill.objects.due(timezone.now()).filter(pk=backfill.pk).exists():
            break
        pull_calls(backfill.pk)
    backfill.refresh_from_db()
    return backfill


def let_the_wait_be_over(backfill: Backfill) -> None:
    Backfill.objects.filter(pk=backfill.pk).update(next_step_at=timezone.now())
