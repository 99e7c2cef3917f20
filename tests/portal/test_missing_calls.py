"""Calls that no webhook could bring: the running portal fetches them from Mustalinja's list, each once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.portal.processes import manage
from tests.portal.running_portal import Portal, running_portal
from tests.portal.tenants import Person, new_number, ready_tenant
from tests.sandbox.running_sandbox import Json, wait_until

pytestmark = pytest.mark.processes

SECONDS_A_LEASE_LASTS = 60
LOOK = "from integrations.queue import wake; wake('integrations.tasks.keep_calls_complete')"
SIGHT = "from integrations.backfills import Reachability; print(*Reachability.objects.values_list('{}', flat=True))"


@pytest.fixture
def own_portal(tmp_path: Path) -> Iterator[Portal]:
    """A portal of this test's own: in the shared one, all companies have the same list of calls at Mustalinja."""
    with running_portal(tmp_path) as portal:
        yield portal


def look_now(portal: Portal) -> None:
    """Have a worker do what it does every minute."""
    manage(portal.environment, "shell", "-v0", "-c", LOOK)


def has_been(portal: Portal, sight: str) -> bool:
    printed = manage(portal.environment, "shell", "-v0", "-c", SIGHT.format(sight))
    return printed.strip() not in ("", "None")


def ring(portal: Portal, rep: Person, number: str, count: int, **order: str | bool) -> list[str]:
    """Let calls end at Mustalinja, which sends their webhooks; gives their ids."""
    user = {"id": "u-7", "email": rep.email, "number": "+358501112222"}
    call: Json = {"user_email": "aino@esimerkki.example", "number": number, "overrides": {"user": user}, **order}
    placed = portal.sandbox.order("mustalinja/control/calls", calls=[call] * count)["calls"]
    return [each["call_id"] for each in placed]


def webhooks_given_up(portal: Portal, call_ids: list[str]) -> bool:
    calls = portal.sandbox.ask("mustalinja/control/state")["accounts"][0]["calls"]
    tries = [len(each["deliveries"]) for each in calls if each["body"]["call_id"] in call_ids]
    return min(tries) >= 4 and not any(each["delivered"] for each in calls if each["body"]["call_id"] in call_ids)


def test_webhooks_lost_while_the_web_process_was_down_are_recovered_each_once(own_portal: Portal) -> None:
    portal = own_portal
    tenant, aino = ready_tenant(portal)
    contact = tenant.contact(number := new_number())
    arrived = ring(portal, aino, number, 2)
    for call_id in arrived:
        aino.wait_for_call(call_id, "logged")
    look_now(portal)
    wait_until(lambda: has_been(portal, "seen_at"))
    portal.end_web()
    lost = ring(portal, aino, number, 5)
    wait_until(lambda: webhooks_given_up(portal, lost))
    look_now(portal)
    wait_until(lambda: has_been(portal, "missed_at"))
    portal.start_web()
    wait_until(portal.is_ready, 60)
    look_now(portal)
    for call_id in lost:
        aino.wait_for_call(call_id, "logged", 60)
    calls = aino.browser.calls(number=number)
    assert sorted(call["external_id"] for call in calls) == sorted(arrived + lost)
    assert len(tenant.activities_of(contact)) == len(arrived + lost)
    page = aino.browser.get("/integrations/mustalinja/")
    assert page.says("5 calls were missing and are here now."), page.words


@pytest.mark.slow
def test_a_pull_whose_worker_was_killed_goes_on_with_another(own_portal: Portal) -> None:
    portal = own_portal
    tenant, aino = ready_tenant(portal)
    lost = ring(portal, aino, new_number(), 250, deliver=False, hidden=True)
    hang: Json = {"path": "v1/calls", "hang_seconds": 5, "after": True}
    portal.sandbox.order("mustalinja/control/faults", **hang)
    aino.browser.press("/integrations/mustalinja/", "/integrations/mustalinja/missing-calls/")
    wait_until(lambda: not portal.sandbox.ask("mustalinja/control/state")["faults"])
    portal.kill_workers()
    portal.start_worker()

    def are_here() -> bool:
        return aino.browser.get("/integrations/mustalinja/").says(f"{len(lost)} calls were missing and are here now.")

    wait_until(are_here, 2 * SECONDS_A_LEASE_LASTS + 60)
    assert tenant.send(tenant.event(aino, call_id=lost[-1])).json()["status"] == "duplicate"
