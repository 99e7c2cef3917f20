"""A colleague whose calls wait: seen on the team page, invited, joined, and the calls are in Pipedrive."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import DESKTOP, PHONE, Camera, Watch, log_in_as, open_context, overflow
from tests.portal.running_portal import Portal
from tests.portal.tenants import SECONDS_TO_LOG, Person, new_number, ready_tenant
from tests.portal.web_browser import PASSWORD

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(("size", "language"), [(PHONE, "fi"), (DESKTOP, "en")], ids=["phone-fi", "desktop-en"])
def test_from_waiting_calls_to_an_invitation_and_a_logged_call(
    portal: Portal, chromium: Browser, watch: Watch, camera: Camera, size: tuple[int, int], language: str
) -> None:
    tenant, aino = ready_tenant(portal, seats=2)
    bo = tenant.person("bo")
    bo.add_to_pipedrive(name="Bo Lindqvist")
    contact = tenant.contact(number := new_number(), "Katri Lehtonen")
    calls = [tenant.ring(bo, from_=number) for _call in range(2)]
    aino.wait_for_call(calls[1], "unknown_rep")
    walk = _Walk(language)
    with open_context(chromium, size=size, language=f"{language}-FI") as context:
        context.on("page", watch.over)
        log_in_as(context, aino.browser)
        page = context.new_page()
        invite(walk, portal, page, bo, camera)
    with open_context(chromium, size=size, language=f"{language}-FI") as context:
        context.on("page", watch.over)
        join(walk, portal, context.new_page(), bo, camera)
    bo.browser.log_in(bo.email)
    for call in calls:
        bo.wait_for_call(call, "logged", SECONDS_TO_LOG)
    assert len(tenant.activities_of(contact)) == 2
    assert f'name="email" value="{bo.email}"' not in aino.browser.get("/team/").text


class _Walk:
    """The words on the buttons, in the language of the walk."""

    def __init__(self, language: str) -> None:
        is_finnish = language == "fi"
        self.name = f"{'phone' if is_finnish else 'desktop'}-{language}"
        self.invite = "Kutsu" if is_finnish else "Invite"
        self.invited = "on kutsuttu" if is_finnish else "is invited"
        self.code = "Lisenssikoodi" if is_finnish else "License code"
        self.password = "Salasana" if is_finnish else "Password"
        self.again = "Salasana (uudestaan)" if is_finnish else "Password (again)"
        self.sign_up = "Luo tili" if is_finnish else "Sign up"
        self.confirm = "Vahvista" if is_finnish else "Confirm"
        self.connect = "Yhdistä Pipedrive" if is_finnish else "Connect Pipedrive"


def invite(walk: _Walk, portal: Portal, page: Page, colleague: Person, camera: Camera) -> None:
    page.goto(f"{portal.url}/team/")
    row = page.get_by_role("row").filter(has_text=colleague.email)
    expect(row).to_contain_text("2")
    camera.take(page, f"{walk.name}-team-waiting")
    assert overflow(page) == 0
    row.get_by_role("button", name=re.compile(rf"^{walk.invite} ")).click()
    expect(page.get_by_role("status")).to_contain_text(walk.invited)
    camera.take(page, f"{walk.name}-team-invited")
    assert overflow(page) == 0


def join(walk: _Walk, portal: Portal, page: Page, colleague: Person, camera: Camera) -> None:
    page.goto(portal.mailbox.wait_for(colleague.email, "/accounts/join/"))
    expect(page.get_by_label(walk.code)).to_have_value(re.compile("^[2-9A-Z]{4}-"))
    expect(page.locator("input[type=email]")).to_have_value(colleague.email)
    page.get_by_label(walk.password, exact=True).fill(PASSWORD)
    page.get_by_label(walk.again).fill(PASSWORD)
    camera.take(page, f"{walk.name}-join")
    page.get_by_role("main").get_by_role("button", name=walk.sign_up).click()
    page.goto(portal.mailbox.wait_for(colleague.email, "/accounts/confirm-email/"))
    page.get_by_role("main").get_by_role("button", name=walk.confirm).click()
    page.get_by_role("button", name=walk.connect).first.click()
    page.get_by_role("radio", name=re.compile(re.escape(colleague.email))).check()
    page.get_by_role("button", name="Allow").click()
    page.wait_for_url(f"{portal.url}/integrations/")
    camera.take(page, f"{walk.name}-joined")
