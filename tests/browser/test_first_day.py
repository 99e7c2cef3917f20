"""A company's first day, as a person clicks it: from signing up to a call that is in Pipedrive."""

import re

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.chromium import DESKTOP, PHONE, Camera, overflow
from tests.portal.running_portal import Portal
from tests.portal.tenants import SECONDS_TO_LOG
from tests.portal.web_browser import PASSWORD

pytestmark = pytest.mark.browser

AINO = "aino@esimerkki.example"
COMPANY = "Esimerkki Oy"


def test_from_signing_up_to_a_call_in_pipedrive(
    portal: Portal, context: BrowserContext, page: Page, camera: Camera
) -> None:
    sign_up(portal, page)
    camera.take(page, "first-step")
    connect_pipedrive(page)
    connect_mustalinja(page, camera)
    page.goto(f"{portal.url}/integrations/")
    expect(page.get_by_role("region", name="First call in Pipedrive")).to_contain_text("Next step")
    checklist, sandbox = context.new_page(), context.new_page()
    checklist.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    checklist.goto(f"{portal.url}/integrations/")
    open_test_call(page, camera)
    ring(portal, sandbox)
    see_it_light_up(page, camera)
    expect(checklist.get_by_role("heading", name="All set")).to_be_visible(timeout=SECONDS_TO_LOG * 1000)
    camera.take(checklist, "en-phone-all-set")
    assert overflow(checklist) == 0
    open_logged_call(portal, page)
    camera.take(page, "call")
    with page.expect_navigation():
        page.get_by_role("link", name="Open in Pipedrive").click()
    expect(page.get_by_text("Eero Mäkinen").first).to_be_visible()


def sign_up(portal: Portal, page: Page) -> None:
    page.goto(portal.url)
    page.get_by_role("main").get_by_role("link", name="Sign up").click()
    page.get_by_label("License code").fill(portal.issue_licenses(COMPANY, 1)[0].lower())
    page.get_by_label("Email").fill(AINO)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Check your email")).to_be_visible()
    page.goto(portal.mailbox.wait_for(AINO, "/accounts/confirm-email/"))
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Integrations")).to_be_visible()
    expect(page.locator(".strip")).to_contain_text(COMPANY)


def connect_pipedrive(page: Page) -> None:
    step = page.get_by_role("region", name="Pipedrive").first
    expect(step).to_contain_text("Next step")
    step.get_by_role("button", name="Connect Pipedrive").click()
    page.get_by_role("radio", name=re.compile(AINO)).check()
    page.get_by_role("button", name="Allow").click()
    expect(page.get_by_role("status").first).to_contain_text("Pipedrive is connected: Esimerkki Oy.")


def connect_mustalinja(page: Page, camera: Camera) -> None:
    page.get_by_role("link", name="Enter Mustalinja credentials").first.click()
    page.get_by_label("API key").fill("demo-key")
    page.get_by_label("API secret").fill("demo-secret")
    page.get_by_role("button", name="Connect Mustalinja").click()
    secret = page.get_by_text(re.compile("^whsec_"))
    expect(secret).to_be_visible()
    camera.take(page, "mustalinja-secret")
    page.reload()
    expect(secret).to_have_count(0)


def open_test_call(page: Page, camera: Camera) -> None:
    """Open the page that watches, from the checklist's next step."""
    page.get_by_role("link", name="Make a test call").click()
    expect(page.get_by_role("heading", name=re.compile("Mustalinja tells of the call ?: in progress"))).to_be_visible()
    camera.take(page, "test-call-waits")


def see_it_light_up(page: Page, camera: Camera) -> None:
    """Without a hand on the page, its steps light up to the last one; loaded again, it still shows them."""
    last = page.get_by_role("heading", name=re.compile("In Pipedrive ?: done"))
    expect(last).to_be_visible(timeout=SECONDS_TO_LOG * 1000)
    camera.take(page, "test-call-done")
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    camera.take(page, "en-phone-test-call-done")
    assert overflow(page) == 0
    page.set_viewport_size({"width": DESKTOP[0], "height": DESKTOP[1]})
    page.reload()
    expect(last).to_be_visible()
    with page.expect_navigation():
        page.get_by_role("link", name="Open in Pipedrive").click()
    expect(page.get_by_text("Eero Mäkinen").first).to_be_visible()


def ring(portal: Portal, page: Page) -> None:
    """Let Eero ring Aino, on the sandbox's page."""
    page.goto(f"{portal.sandbox.url}/mustalinja/")
    form = page.locator("form").filter(has=page.locator("input[value='demo-key']"))
    form.get_by_label("Who").select_option(AINO)
    form.get_by_label("Number", exact=True).select_option("+358400124387")
    form.get_by_role("button", name="In, answered").click()
    expect(page.get_by_role("cell", name="+358400124387").first).to_be_visible()


def open_logged_call(portal: Portal, page: Page) -> None:
    page.goto(f"{portal.url}/integrations/")
    page.get_by_role("link", name="Calls", exact=True).click()
    logged = page.get_by_role("row").filter(has_text="Eero Mäkinen").filter(has_text="Logged")
    for _second in range(SECONDS_TO_LOG):
        if logged.count():
            break
        page.wait_for_timeout(1000)
        page.reload()
    expect(logged.get_by_role("link", name="Open in Pipedrive")).to_be_visible()
    logged.get_by_role("link").first.click()
    expect(page.get_by_role("heading", name="Eero Mäkinen")).to_be_visible()
