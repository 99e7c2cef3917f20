"""The phone index of a running portal: fresh within seconds, and read to the end whatever happens to the worker."""

import re
import time

import pytest

from tests.portal.running_portal import Portal
from tests.portal.tenants import Person, Tenant, new_number, ready_tenant
from tests.sandbox.running_sandbox import Json, Sandbox, wait_until

pytestmark = [pytest.mark.processes, pytest.mark.usefixtures("calm")]
TOINEN_OY = 7002
LEASE_SECONDS = 25


def searches(sandbox: Sandbox) -> int:
    operations = sandbox.ask("pipedrive/control/requests/count")["operations"]
    return int(operations.get("GET /v2/persons/search", {}).get("requests", 0))


def is_read(person: Person) -> bool:
    return person.browser.get("/integrations/").says("is looked up among")


@pytest.fixture(scope="module")
def company(portal: Portal) -> tuple[Tenant, Person]:
    """A company whose contacts have been read."""
    tenant, aino = ready_tenant(portal)
    aino.browser.change("settings/company/", language="en")
    wait_until(lambda: is_read(aino))
    return tenant, aino


def test_a_person_added_five_seconds_before_a_call_is_found_without_a_search(
    portal: Portal, company: tuple[Tenant, Person]
) -> None:
    tenant, aino = company
    before = searches(portal.sandbox)
    contact = tenant.contact(number := new_number(), "Juuri Lisätty")
    time.sleep(5)
    call = aino.wait_for_call(tenant.ring(aino, from_=number), "logged")
    assert call["person"] == {"id": contact["id"], "name": "Juuri Lisätty"}
    assert searches(portal.sandbox) == before


def test_a_person_added_after_the_call_is_found_by_itself(portal: Portal, company: tuple[Tenant, Person]) -> None:
    tenant, aino = company
    call_id = tenant.ring(aino, from_=(number := new_number()))
    aino.wait_for_call(call_id, "no_contact")
    contact = tenant.contact(number)
    # By Pipedrive's own word: the call itself looks again after a minute.
    assert aino.wait_for_call(call_id, "logged", 30)["person"]["id"] == contact["id"]


def test_a_merge_and_a_deletion_are_followed(portal: Portal, company: tuple[Tenant, Person]) -> None:
    tenant, aino = company
    loser, survivor = tenant.contact(number := new_number(), "Tupla"), tenant.contact(new_number(), "Oikea")
    portal.sandbox.order(f"pipedrive/control/persons/{loser['id']}/merge", into=survivor["id"])
    time.sleep(2)
    call = aino.wait_for_call(tenant.ring(aino, from_=number), "logged")
    assert call["person"]["name"] == "Oikea"
    portal.sandbox.order(f"pipedrive/control/persons/{survivor['id']}", "DELETE")
    time.sleep(2)
    aino.wait_for_call(tenant.ring(aino, from_=number), "no_contact")


def test_where_no_webhook_arrives_an_unknown_number_asks_what_is_new(portal: Portal) -> None:
    portal.sandbox.order("pipedrive/control/switches", deliver_webhooks=False)
    try:
        tenant, aino = ready_tenant(portal)
        wait_until(lambda: is_read(aino) or aino.browser.get("/integrations/").says("henkilön joukosta"))
        contact = tenant.contact(number := new_number())
        call = aino.wait_for_call(tenant.ring(aino, from_=number), "logged", 90)
        assert call["person"]["id"] == contact["id"]
    finally:
        portal.sandbox.order("pipedrive/control/switches", deliver_webhooks=True)


def sweep_pages(sandbox: Sandbox, email: str, since_index: int) -> list[Json]:
    """The pages of a sweep that somebody's connection has read."""
    requests = sandbox.ask("pipedrive/control/state", only="requests", since_index=since_index)["requests"]
    return [
        each
        for each in requests
        if each["operation"] == "GET /v2/persons" and each["user"] == email and "updated_since" not in each["query"]
    ]


def persons_so_far(person: Person) -> int:
    found = re.search(r"(\d[\d,]*) persons? so far", person.browser.get("/integrations/").words)
    return int(found[1].replace(",", "")) if found else 0


def test_a_worker_killed_in_the_middle_of_the_sweep_is_followed_by_one_that_goes_on(portal: Portal) -> None:
    sandbox = portal.sandbox
    tenant = Tenant(portal, seats=1)
    aino = tenant.join("aino")
    aino.pipedrive_user = sandbox.order(
        "pipedrive/control/users", name="Aino", email=aino.email, admin=True, company_id=TOINEN_OY
    )
    aino.browser.change("settings/company/", language="en")
    sandbox.order("pipedrive/control/persons/many", count=6_000, company_id=TOINEN_OY)
    since = sandbox.ask("pipedrive/control/requests/count")["next_index"]
    sandbox.order("pipedrive/control/switches", delay_ms=400)
    aino.connect()
    wait_until(lambda: persons_so_far(aino) >= 1_500)
    portal.kill_workers()
    kept = persons_so_far(aino)
    assert 1_500 <= kept < 6_000
    sandbox.order("pipedrive/control/switches", delay_ms=0)
    time.sleep(LEASE_SECONDS)
    portal.start_worker()
    wait_until(lambda: is_read(aino), 90)
    pages = len(sweep_pages(sandbox, aino.email, since))
    persons = 6_000 + 10
    assert pages <= -(-persons // 500) + 1  # the page that the killed worker was at is read again
    assert aino.browser.get("/integrations/").says("6,010 persons")
