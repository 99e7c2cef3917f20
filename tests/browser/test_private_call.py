"""A rep makes a call private: on a desktop's screen in English, and on a phone's in Finnish."""

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chromium import PHONE, Camera, log_in_as, overflow
from tests.portal.running_portal import Portal
from tests.portal.tenants import Person, Tenant, new_number, ready_tenant
from tests.sandbox.running_sandbox import Json, wait_until

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def company(portal: Portal) -> tuple[Tenant, Person]:
    return ready_tenant(portal)


@pytest.fixture
def own_page(company: tuple[Tenant, Person], context: BrowserContext, page: Page) -> Page:
    """A page in the browser of the rep whose calls they are."""
    log_in_as(context, company[1].browser)
    return page


def logged_call(tenant: Tenant, rep: Person, number: str) -> tuple[Json, Json]:
    """A call that is in Pipedrive, and its person there."""
    contact = tenant.contact(number, "Yksityinen Ystävä")
    return rep.wait_for_call(tenant.ring(rep, from_=number), "logged"), contact


def activity_is_gone(tenant: Tenant, contact: Json) -> bool:
    return all(activity["is_deleted"] for activity in tenant.activities_of(contact))


def test_on_a_desktop_a_call_is_made_private_and_its_number_listed(
    company: tuple[Tenant, Person], own_page: Page, camera: Camera
) -> None:
    tenant, rep = company
    number = new_number()
    call, contact = logged_call(tenant, rep, number)
    own_page.goto(f"{tenant.portal.url}/calls/{call['id']}/")
    own_page.get_by_text("Mark this call private").click()
    camera.take(own_page, "en-desktop-call-private")
    own_page.get_by_label("From now on, log no calls with this number").check()
    own_page.get_by_role("button", name="Make private").click()
    expect(own_page.get_by_role("status")).to_contain_text("The call is private")
    expect(own_page.get_by_text("Yksityinen Ystävä")).to_have_count(0)
    rep.wait_for_call(call["external_id"], "private_number")
    wait_until(lambda: activity_is_gone(tenant, contact))
    again = rep.wait_for_call(tenant.ring(rep, from_=number), "private_number")
    assert again["customer_number"] is None
    own_page.goto(f"{tenant.portal.url}/settings/private-numbers/")
    own_page.get_by_label("Telephone number").fill(number)
    own_page.get_by_role("button", name="Is it on the list?").click()
    expect(own_page.get_by_role("status")).to_contain_text("Yes, this number is on your list.")
    camera.take(own_page, "en-desktop-private-numbers")


def test_on_a_phone_in_finnish_too(company: tuple[Tenant, Person], own_page: Page, camera: Camera) -> None:
    tenant, rep = company
    call, contact = logged_call(tenant, rep, new_number())
    own_page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    own_page.goto(f"{tenant.portal.url}/settings/")
    own_page.get_by_role("button", name="Suomi").click()
    expect(own_page.get_by_role("heading", name="Omat asetukset", level=1)).to_be_visible()
    camera.take(own_page, "fi-phone-own-settings")
    assert overflow(own_page) == 0
    own_page.goto(f"{tenant.portal.url}/calls/{call['id']}/")
    own_page.get_by_text("Merkitse puhelu yksityiseksi").click()
    camera.take(own_page, "fi-phone-call-private")
    assert overflow(own_page) == 0
    own_page.get_by_role("button", name="Merkitse yksityiseksi").click()
    expect(own_page.get_by_role("status")).to_contain_text("Puhelu on yksityinen")
    rep.wait_for_call(call["external_id"], "private_number")
    wait_until(lambda: activity_is_gone(tenant, contact))
    own_page.reload()
    expect(own_page.get_by_text("Numero on poistettu täältä")).to_be_visible()
