"""One company's trouble never delays another's calls."""

from typing import Any

import pytest

from tests.portal.running_portal import Portal
from tests.portal.tenants import Person, Tenant, new_number, ready_tenant
from tests.sandbox.running_sandbox import wait_until

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("calm")]
TOINEN_OY = 7002
CALLS_IN_TROUBLE = 30
SECONDS_PIPEDRIVE_HANGS = 14.0
"""Less than anybody waits for an answer."""


@pytest.fixture
def troubled(portal: Portal) -> tuple[Tenant, Person]:
    """A company in a Pipedrive of its own."""
    tenant = Tenant(portal, seats=1)
    cecilia = tenant.join("cecilia")
    cecilia.pipedrive_user = portal.sandbox.order(
        "pipedrive/control/users", name="Cecilia", email=cecilia.email, admin=True, company_id=TOINEN_OY
    )
    cecilia.connect()
    tenant.link_mustalinja(cecilia)
    cecilia.wait_for_contacts()
    return tenant, cecilia


@pytest.mark.parametrize(
    "fault",
    [{"hang_seconds": SECONDS_PIPEDRIVE_HANGS}, {"status": 429, "headers": {"Retry-After": "30"}}, {"status": 503}],
    ids=["hangs", "asks to wait", "fails"],
)
def test_a_call_is_logged_at_once_while_another_company_is_in_trouble(
    portal: Portal, troubled: tuple[Tenant, Person], fault: dict[str, Any]
) -> None:
    tenant, aino = ready_tenant(portal)
    others, cecilia = troubled
    number = new_number()
    others.contact(number, company_id=TOINEN_OY)
    portal.sandbox.order(
        "pipedrive/control/faults", method="POST", path="activities", times=1000, company_id=TOINEN_OY, **fault
    )
    since = portal.sandbox.ask("pipedrive/control/requests/count")["next_index"]
    for _call in range(CALLS_IN_TROUBLE):
        others.ring(cecilia, from_=number)
    wait_until(lambda: _is_asked(portal, since))
    for _call in range(3):
        contact = tenant.contact(number := new_number())
        call = aino.wait_for_call(tenant.ring(aino, from_=number), "logged", SECONDS_PIPEDRIVE_HANGS / 2)
        assert call["person"]["id"] == contact["id"]
    assert not cecilia.browser.calls(status="logged")


def _is_asked(portal: Portal, since: int) -> bool:
    """Whether the company in trouble has had a request since then."""
    state = portal.sandbox.ask("pipedrive/control/state", only="requests", since_index=str(since))
    return any("activities" in request["path"] for request in state["requests"])
