"""A company some days after its start, with calls of every kind: what the tests that look at pages look at."""

import datetime
from collections import Counter

import pytest

from tests.portal.running_portal import Portal
from tests.portal.tenants import SECONDS_TO_LOG, Person, Tenant, new_number
from tests.sandbox.running_sandbox import Json, wait_until


@pytest.fixture(scope="session")
def company(portal: Portal) -> tuple[Tenant, Person]:
    """A company some days after its start: calls of every kind, and a colleague who has not connected Pipedrive yet."""
    tenant = Tenant(portal, seats=6, domain="kuusikko.example")
    aino, bo = tenant.join("aino"), tenant.join("bo")
    aino.add_to_pipedrive(name="Aino Virtanen", admin=True)
    aino.connect()
    tenant.link_mustalinja(aino)
    for minutes, order in enumerate(_calls(tenant, aino, bo)):
        started = datetime.datetime.now(datetime.UTC) - datetime.timedelta(minutes=20 + 47 * minutes)
        times = {"started_at": started.isoformat(timespec="seconds"), "answered_at": ..., "ended_at": ...}
        tenant.ring(order.pop("rep"), **times, **order)
    # A call that is faster than the word of its contact waits at first. For ever: the one of no contact, and Bo's.
    ended = {"logged": 4, "waiting": 2, "skipped": 1}
    wait_until(lambda: Counter(call["status"] for call in aino.browser.calls()) == ended, SECONDS_TO_LOG)
    return tenant, aino


def _calls(tenant: Tenant, aino: Person, bo: Person) -> list[Json]:
    """Return orders for calls, the latest first."""
    order = tenant.portal.sandbox.order
    garden = order("pipedrive/control/organizations", name="Lehtosen Leipomo Ky")["id"]
    power = order("pipedrive/control/organizations", name="Rannikon Sähkö Oy")["id"]
    numbers = [new_number() for _ in range(4)]
    tenant.contact(numbers[0], "Katri Lehtonen", org_id=garden)
    tenant.contact(numbers[1], "Lauri Heikkilä", org_id=power)
    tenant.contact(numbers[2], "Astrid Nyström")
    own = "+358941235000"
    missed: Json = {"answered": False, "result": "missed", "talk_seconds": 0}
    return [
        {"rep": aino, "from_": numbers[0], "to": own, "talk_seconds": 172},
        {"rep": aino, "from_": numbers[1], "to": own, **missed},
        {"rep": aino, "direction": "out", "from_": own, "to": numbers[1], "talk_seconds": 614},
        {"rep": aino, "from_": numbers[3], "to": own, "talk_seconds": 48},
        {"rep": bo, "from_": numbers[2], "to": own, "talk_seconds": 95},
        {"rep": aino, "from_": "anonymous", "hidden": True, "to": own, "talk_seconds": 31},
        {"rep": aino, "direction": "out", "from_": own, "to": numbers[2], **missed},
    ]
