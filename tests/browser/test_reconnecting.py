"""Pipedrive's authorization dies: the call's page says so, its button mends it, and what has waited is logged."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chromium import DESKTOP, PHONE, Camera, log_in_as, overflow
from tests.portal.running_portal import Portal
from tests.portal.tenants import Person, Tenant, new_number, ready_tenant

pytestmark = pytest.mark.browser


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How somebody looks at the portal, and what it says to them."""

    name: str
    language: str
    size: tuple[int, int]
    why: str
    mend: str
    logged: str


READERS = (
    Reader(
        name="en-desktop",
        language="en",
        size=DESKTOP,
        why="Pipedrive no longer accepts the user's authorization",
        mend="Reconnect Pipedrive",
        logged="Logged",
    ),
    Reader(
        name="fi-phone",
        language="fi",
        size=PHONE,
        why="Pipedrive ei enää hyväksy käyttäjän valtuutusta",
        mend="Yhdistä Pipedrive uudelleen",
        logged="Tallennettu",
    ),
)


@pytest.fixture(scope="module")
def company(portal: Portal) -> tuple[Tenant, Person]:
    return ready_tenant(portal)


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)
def test_a_broken_link_is_mended_from_the_calls_page_and_the_calls_catch_up(
    reader: Reader, company: tuple[Tenant, Person], context: BrowserContext, page: Page, camera: Camera
) -> None:
    tenant, rep = company
    number = new_number()
    tenant.contact(number)
    rep.browser.change("settings/me/", language=reader.language)
    tenant.portal.sandbox.order("pipedrive/control/grants/kill", user_email=rep.email)
    rung = [tenant.ring(rep, from_=number) for _ in range(3)]
    calls = [rep.wait_for_call(call_id, "pipedrive_reauthorize") for call_id in rung]
    log_in_as(context, rep.browser)
    page.set_viewport_size({"width": reader.size[0], "height": reader.size[1]})
    page.goto(f"{tenant.portal.url}/calls/{calls[0]['id']}/")
    expect(page.get_by_text(reader.why).first).to_be_visible()
    camera.take(page, f"{reader.name}-call-reauthorize")
    assert overflow(page) == 0
    page.get_by_role("button", name=reader.mend).click()
    page.get_by_role("radio", name=re.compile(rep.email)).check()
    page.get_by_role("button", name="Allow").click()
    expect(page).to_have_url(f"{tenant.portal.url}/integrations/")
    for call_id in rung:
        rep.wait_for_call(call_id, "logged")
    page.goto(f"{tenant.portal.url}/calls/{calls[0]['id']}/")
    expect(page.get_by_text(reader.logged, exact=True).first).to_be_visible()
