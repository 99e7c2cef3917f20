"""WCAG 2.2 AA on every page, as far as axe-core can tell: both languages, desktop and phone, light and dark; and in the
admin as far as it is ours.

The pages come from the table of tests/test_access.py, so a new page is checked from its first day.
"""

from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page

from tests.admin.test_permission_matrix import MODELS
from tests.browser.chromium import DESKTOP, PHONE, log_in_as, open_context, overflow
from tests.every_page import pages_of
from tests.portal.tenants import Person, Tenant
from tests.portal.web_browser import Browser as WebBrowser

pytestmark = pytest.mark.browser

NARROW = (320, 640)
"""Where WCAG wants a page to need no scrolling sideways (1.4.10)."""
STANDARD = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RULES = {"runOnly": {"type": "tag", "values": STANDARD}, "resultTypes": ["violations"]}
# Each language meets each size and each color scheme, and each size each scheme, in half of the looks there are.
LOOKS: dict[str, list[tuple[tuple[int, int], Literal["light", "dark"]]]] = {
    "en": [(DESKTOP, "light"), (PHONE, "dark")],
    "fi": [(DESKTOP, "dark"), (PHONE, "light")],
}
ADMIN_RULES = {**RULES, "runOnly": {"type": "tag", "values": [tag for tag in STANDARD if tag != "best-practice"]}}
DJANGOS_OWN = [[".breadcrumbs"], ["#changelist-filter"], [".datetime"], [".selector"]]
"""Markup of Django's admin that breaks a rule: links in a line without an underline, filters less than 24 pixels apart,
the two fields of a moment under one label, names for icons that have no role in the chooser of rights."""
BESIDES = ["/no/such/page/", "/calls/?status=waiting", "/calls/?number=112", "/calls/?since=nonsense"]
LANGUAGES = {"en": "en-GB", "fi": "fi-FI"}


@pytest.fixture
def people(company: tuple[Tenant, Person]) -> dict[str, WebBrowser]:
    """The browsers in which a person of each role is logged in; nobody in the anonymous one."""
    tenant, aino = company
    rep, staff = tenant.person("bo"), tenant.portal.browser()
    rep.browser.log_in(rep.email)
    staff.log_in_to_admin(tenant.portal.make_staff())
    return {"anonymous": tenant.portal.browser(), "admin": aino.browser, "rep": rep.browser, "staff": staff}


# A rep's pages and those of support without a company are mostly those of the admin, with less on them: once each.
@pytest.mark.parametrize(
    ("language", "role"),
    [("en", "anonymous"), ("fi", "anonymous"), ("en", "admin"), ("fi", "admin"), ("fi", "rep"), ("en", "staff")],
)
def test_axe_finds_nothing_on_any_page(
    people: dict[str, WebBrowser], chromium: Browser, *, language: str, role: str
) -> None:
    browser = people[role]
    calls = [] if role == "anonymous" else browser.calls()
    paths = pages_of(role, call=calls[0]["id"] if calls else "", key="x", rep="1")
    found: list[str] = []
    with open_context(chromium, language=LANGUAGES[language]) as context:
        page = context.new_page()
        log_in_as(context, browser)
        for path in [*paths, *(BESIDES if role == "admin" else [])]:
            found += problems_of(page, browser.url + path, language)
    assert not found, "\n".join(found)


def test_axe_finds_nothing_on_supports_pages(people: dict[str, WebBrowser], chromium: Browser) -> None:
    """The lists of all models on a light screen, and a row of each that has one on a dark one."""
    staff = people["staff"]
    found: list[str] = []
    with open_context(chromium, language=LANGUAGES["fi"]) as context:
        page = context.new_page()
        found += problems_in_admin(page, f"{staff.url}/admin/login/", "light")
        log_in_as(context, staff)
        for path in ["", *(f"{model.replace('.', '/')}/" for model in sorted(MODELS))]:
            found += problems_in_admin(page, f"{staff.url}/admin/{path}", "light")
            row = page.locator("#result_list tbody th a").first
            if row.count():
                found += problems_in_admin(page, f"{staff.url}{row.get_attribute('href')}", "dark")
    assert not found, "\n".join(found)


def problems_in_admin(page: Page, address: str, scheme: Literal["light", "dark"]) -> list[str]:
    """Return what axe finds on a page of Django's admin, apart from what is Django's own."""
    # Before the page is loaded: the admin's links fade from one color to another.
    page.emulate_media(color_scheme=scheme)
    page.goto(address)
    assert page.locator("html").get_attribute("lang") == "fi", address
    violations = Axe().run(page, context={"exclude": DJANGOS_OWN}, options=ADMIN_RULES).response["violations"]
    return [f"{address} {scheme}: {said(violation)}" for violation in violations]


def problems_of(page: Page, address: str, language: str) -> list[str]:
    """Return what axe and the ruler find on a page, in the looks of a language."""
    page.goto(address)
    if not page.title():
        return []  # a part of a page, which htmx fetches: it is looked at where it stands
    assert page.locator("html").get_attribute("lang") == language, address
    found: list[str] = []
    for size, scheme in LOOKS[language]:
        page.set_viewport_size({"width": size[0], "height": size[1]})
        page.emulate_media(color_scheme=scheme)
        violations = Axe().run(page, options=RULES).response["violations"]
        found += [f"{address} {size[0]} {scheme}: {said(violation)}" for violation in violations]
    page.set_viewport_size({"width": NARROW[0], "height": NARROW[1]})
    if wider := overflow(page):
        found.append(f"{address} is {wider} pixels wider than {NARROW[0]}")
    return found


def said(violation: dict[str, Any]) -> str:
    """A rule that is broken, and where first."""
    where = ", ".join(str(node["target"][0]) for node in violation["nodes"][:3])
    return f"{violation['id']}: {where}"
