"""Support's desk in Chromium: it fits the window of a desktop and of a phone, and the pictures of docs/support.md."""

import re

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.chromium import DESKTOP, PHONE, Camera, Watch, log_in_as, open_context, overflow
from tests.portal.tenants import Person, Tenant

pytestmark = pytest.mark.browser

SIZES = {"desktop": DESKTOP, "phone": PHONE}
LANGUAGES = {"en": "en-GB", "fi": "fi-FI"}
IN_THE_DOCUMENTATION = ("desk", "company", "call")


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_desk_fits_the_window(
    company: tuple[Tenant, Person], chromium: Browser, watch: Watch, camera: Camera, *, language: str, size: str
) -> None:
    tenant, aino = company
    staff = tenant.portal.browser()
    staff.log_in_to_admin(tenant.portal.make_staff())
    with open_context(chromium, size=SIZES[size], language=LANGUAGES[language]) as context:
        context.on("page", watch.over)
        page = context.new_page()
        log_in_as(context, staff)
        for name, path in addresses(page, tenant, aino).items():
            answer = page.goto(tenant.portal.url + path)
            assert answer is not None
            assert answer.status == 200, path
            assert page.locator("html").get_attribute("lang") == language, path
            camera.take(page, f"{language}-{size}-desk-{name}")
            assert overflow(page) == 0, f"{path} is wider than the window"
            if (language, size) == ("en", "desktop") and name in IN_THE_DOCUMENTATION:
                camera.publish(page, f"support-{name}")


def addresses(page: Page, tenant: Tenant, aino: Person) -> dict[str, str]:
    """The pages of which docs/support.md speaks, found as support finds them."""
    page.goto(f"{tenant.portal.url}/admin/")
    page.get_by_role("search").get_by_role("searchbox").fill(aino.email)
    page.get_by_role("search").get_by_role("button").click()
    person = page.url
    assert re.search(r"/admin/accounts/user/\d+/change/", person), "a single hit leads straight there"
    company = page.locator(".object-tools a[href*='/support/companies/']").get_attribute("href")
    assert company is not None
    waiting = aino.browser.calls(status="waiting")[0]["id"]
    return {
        "desk": "/admin/",
        "search": f"/admin/support/search/?q={aino.email.partition('@')[2]}",
        "company": company,
        "person": person.removeprefix(tenant.portal.url),
        "call": f"/admin/support/search/?q={waiting}",
        "deliveries": "/admin/calls/webhookdelivery/",
    }
