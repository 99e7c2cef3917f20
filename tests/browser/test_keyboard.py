"""A company's first day without a mouse: Tab, Enter, arrows and typing, from signing up to a call in Pipedrive."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.portal.running_portal import Portal
from tests.portal.tenants import SECONDS_TO_LOG, SECRET, WEBHOOK_ADDRESS, Person, Tenant, new_number
from tests.portal.web_browser import PASSWORD
from tests.sandbox.running_sandbox import wait_until

pytestmark = pytest.mark.browser

MOST_STEPS = 80
"""Of Tab, to get anywhere on a page."""
HAS_FOCUS = "it => it === document.activeElement"
RING = "it => parseFloat(getComputedStyle(it).outlineWidth) * (getComputedStyle(it).outlineStyle !== 'none')"


def go_to(page: Page, target: Locator) -> None:
    """Press Tab until the target has the focus, and look whether the focus is to be seen."""
    target.wait_for()
    for _step in range(MOST_STEPS):
        if target.evaluate(HAS_FOCUS):
            assert target.evaluate(RING) >= 1, f"the focus cannot be seen on {target}"
            return
        page.keyboard.press("Tab")
    pytest.fail(f"{MOST_STEPS} times Tab do not lead to {target}")


def enter(page: Page, target: Locator) -> None:
    """Follow a link or press a button."""
    go_to(page, target)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def type_into(page: Page, **fields: str) -> None:
    """Type into the fields of these names."""
    for name, text in fields.items():
        go_to(page, page.locator(f"main [name={name}]"))
        page.keyboard.type(text)


def test_from_signing_up_to_a_logged_call_without_a_mouse(portal: Portal, page: Page) -> None:
    tenant, number = Tenant(portal, seats=1), new_number()
    aino = tenant.person("aino")
    aino.add_to_pipedrive(name="Aino Virtanen")
    contact = tenant.contact(number, "Sirpa Salo")
    sign_up(page, tenant, aino)
    connect_pipedrive(page, aino)
    connect_mustalinja(page, tenant)
    tenant.ring(aino, from_=number)
    wait_until(lambda: bool(tenant.activities_of(contact)), SECONDS_TO_LOG)
    enter(page, page.get_by_role("link", name="Calls", exact=True))
    enter(page, page.get_by_role("row").filter(has_text="Sirpa Salo").get_by_role("link").first)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sirpa Salo")
    enter(page, page.get_by_role("link", name="Open in Pipedrive").first)
    expect(page.get_by_text("Sirpa Salo").first).to_be_visible()


def sign_up(page: Page, tenant: Tenant, aino: Person) -> None:
    page.goto(tenant.portal.url)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()  # past the header, in one step
    enter(page, page.get_by_role("main").get_by_role("link", name="Sign up").first)
    type_into(page, license_code=tenant.codes.pop(), email=aino.email, password1=PASSWORD, password2=PASSWORD)
    with page.expect_navigation():
        page.keyboard.press("Enter")
    page.goto(tenant.portal.mailbox.wait_for(aino.email, "/accounts/confirm-email/"))
    enter(page, page.get_by_role("button", name="Confirm"))
    expect(page.get_by_role("heading", name="Integrations")).to_be_visible()


def connect_pipedrive(page: Page, aino: Person) -> None:
    enter(page, page.get_by_role("button", name="Connect Pipedrive").first)
    own = page.get_by_role("radio", name=re.compile(re.escape(aino.email)))
    own.focus()  # in Pipedrive, which is not ours
    page.keyboard.press("Space")
    page.get_by_role("button", name="Allow").focus()
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Pipedrive is connected")


def connect_mustalinja(page: Page, tenant: Tenant) -> None:
    enter(page, page.get_by_role("link", name="Enter Mustalinja credentials").first)
    type_into(page, api_key="demo-key", api_secret="demo-secret")
    enter(page, page.get_by_role("button", name="Connect Mustalinja"))
    address, secret = (re.search(pattern, page.content()) for pattern in (WEBHOOK_ADDRESS, SECRET))
    assert address is not None
    assert secret is not None
    tenant.webhook_url, tenant.secret = address[0], secret[0]
