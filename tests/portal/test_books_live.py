"""The running portal: of thirty deliveries ten come twice, and the page and /metrics tell of twenty calls."""

import re

import pytest
import requests

from tests.portal.environment import KEYS
from tests.portal.running_portal import Portal
from tests.portal.tenants import SECONDS_TO_LOG, Person, Tenant, new_number, ready_tenant
from tests.portal.web_browser import Page
from tests.sandbox.running_sandbox import wait_until

pytestmark = pytest.mark.processes
CALLS, REPEATED = 20, 10
BOOKED = {"Received": "20", "Logged": "10", "Waiting": "5", "Skipped": "5"}


def figures(portal: Portal) -> dict[str, float]:
    """The figures of /metrics by name and labels."""
    headers = {"Authorization": f"Bearer {KEYS['METRICS_TOKEN']}"}
    answer = requests.get(f"{portal.url}/metrics", headers=headers, timeout=10)
    assert answer.status_code == 200
    return {name: float(value) for name, value in re.findall(r"^(connector_\S+) (\S+)$", answer.text, re.MULTILINE)}


def numbers_of(page: Page) -> list[tuple[str, str]]:
    """What the page of calls by day counts, each with its heading."""
    return re.findall(r'<td [^>]*data-label="([^"]+)"><a href="[^"]+">(\d+)</a></td>', page.text)


def ring(tenant: Tenant, admin: Person) -> None:
    """Thirty deliveries of twenty calls: ten known callers, five unknown ones, five with a hidden number."""
    number = new_number()
    tenant.contact(number)
    kinds = [{"from_": number}] * 10 + [{}] * 5 + [{"hidden": True, "from_": "anonymous"}] * 5
    events = [tenant.event(admin, **kind) for kind in kinds]
    answers = [tenant.send(event).json()["status"] for event in [*events, *events[:REPEATED]]]
    assert answers == ["accepted"] * CALLS + ["duplicate"] * REPEATED


def test_deliveries_of_which_some_come_twice_balance(portal: Portal) -> None:
    tenant, admin = ready_tenant(portal)
    rep = portal.browser()
    before = figures(portal)
    ring(tenant, admin)
    # One that is faster than the word of its contact waits at first, and calls end in no order.
    wait_until(lambda: dict(numbers_of(admin.browser.get("/calls/days/"))) == BOOKED, SECONDS_TO_LOG)
    page = admin.browser.get("/calls/days/")
    assert not page.says("does not add up")
    link = re.search(r'href="(/calls/\?received=[\d-]+&amp;status=logged)"', page.text)
    assert link is not None
    assert admin.browser.get(link[1].replace("&amp;", "&")).says("10 calls")

    after = figures(portal)
    grown = {name: after[name] - before.get(name, 0) for name in after if "last_24_hours" in name}
    assert grown['connector_calls_received_last_24_hours{reason="logged",status="logged"}'] == 10
    assert grown['connector_webhook_deliveries_last_24_hours{outcome="accepted"}'] == CALLS
    assert grown['connector_webhook_deliveries_last_24_hours{outcome="duplicate"}'] == REPEATED
    assert (after["connector_books_out_of_balance"], after["connector_broker_up"]) == (0, 1)
    assert after["connector_worker_heartbeat_age_seconds"] < 180
    assert requests.get(f"{portal.url}/health/ready", timeout=10).json()["books"] is True
    assert rep.get("/metrics").status == 404


def test_staff_reads_the_figures_in_a_browser_and_a_customer_does_not(portal: Portal) -> None:
    _tenant, admin = ready_tenant(portal)
    assert admin.browser.get("/metrics").status == 404
    staff = portal.browser()
    staff.log_in_to_admin(portal.make_staff())
    page = staff.get("/metrics")
    assert (page.status, "connector_books_out_of_balance" in page.text) == (200, True)
