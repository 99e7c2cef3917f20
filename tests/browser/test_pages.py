"""Every page in both languages, on a desktop and on a phone: nothing is too wide, and the browser has no complaint."""

import datetime

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import DESKTOP, GUIDE, PHONE, Camera, Watch, log_in_as, open_context, overflow
from tests.portal.running_portal import Portal
from tests.portal.tenants import Person, Tenant
from tests.portal.web_browser import PASSWORD
from tests.sandbox_process import REPOSITORY

pytestmark = pytest.mark.browser

PUBLIC = {
    "front": "/",
    "sign-up": "/accounts/signup/",
    "login": "/accounts/login/",
    "password-reset": "/accounts/password/reset/",
    "faq": "/faq/",
    "documentation": "/documentation/",
    "guide-page": "/documentation/rep/",
    "guide-search": "/documentation/search/?q=numero",
}
OWN = {
    "integrations": "/integrations/",
    "test-call": "/integrations/test-call/",
    "mustalinja": "/integrations/mustalinja/",
    "calls": "/calls/",
    "calls-filtered": "/calls/?status=waiting",
    "no-such-call": "/calls/?number=112",
    "calls-by-day": "/calls/days/",
    "team": "/team/",
    "company-settings": "/settings/company/",
    "log": "/settings/log/",
    "license": "/accounts/license/",
    "email": "/accounts/email/",
    "password": "/accounts/password/change/",
    "logout": "/accounts/logout/",
}
HIGHEST_HEADER = 110
"""Two rows on a phone, in pixels."""
LANGUAGES = {"en": "en-GB", "fi": "fi-FI"}
SIZES = {"desktop": DESKTOP, "phone": PHONE}


GUIDE_PICTURES = {
    "calls": "/calls/",
    "mustalinja": "/integrations/mustalinja/",
    "team": "/team/",
    "settings": "/settings/company/",
}
HEAVIEST_GUIDE_PICTURE = 150 * 1024


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_page_fits_and_is_without_complaint(
    company: tuple[Tenant, Person], chromium: Browser, watch: Watch, camera: Camera, *, language: str, size: str
) -> None:
    tenant, aino = company
    with open_context(chromium, size=SIZES[size], language=LANGUAGES[language]) as context:
        context.on("page", watch.over)
        page = context.new_page()
        look_at(page, tenant.portal.url, PUBLIC, camera, f"{language}-{size}")
        log_in_as(context, aino.browser)
        call = aino.browser.calls(status="logged")[0]
        look_at(page, tenant.portal.url, {**OWN, "call": f"/calls/{call['id']}/"}, camera, f"{language}-{size}")


def look_at(page: Page, url: str, paths: dict[str, str], camera: Camera, kind: str) -> None:
    for name, path in paths.items():
        answer = page.goto(url + path)
        assert answer is not None
        assert answer.status == 200, path
        assert page.locator("html").get_attribute("lang") == kind[:2], path
        camera.take(page, f"{kind}-{name}")
        assert overflow(page) == 0, f"{path} is wider than the window"
        assert page.locator(".site-header").evaluate("it => it.offsetHeight") < HIGHEST_HEADER, path


def test_a_page_that_does_not_exist_leads_back_and_fits_a_phone(
    portal: Portal, chromium: Browser, camera: Camera
) -> None:
    with open_context(chromium, size=PHONE) as context:
        page = context.new_page()
        page.goto(f"{portal.url}/no/such/page/")
        camera.take(page, "en-phone-404")
        assert overflow(page) == 0
        page.get_by_role("link", name="Go to the front page").click()
        assert page.url == f"{portal.url}/"


def test_the_documentations_pictures(
    company: tuple[Tenant, Person], context: BrowserContext, page: Page, camera: Camera
) -> None:
    tenant, aino = company
    log_in_as(context, aino.browser)
    for name in ("integrations", "calls"):
        page.goto(f"{tenant.portal.url}/{name}/")
        assert page.locator("img").evaluate_all("all => all.every(image => image.naturalWidth > 0)")
        camera.publish(page, name)
        assert (camera.folder / f"{name}.png").stat().st_size < 250_000


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_guides_pictures(
    company: tuple[Tenant, Person], chromium: Browser, watch: Watch, camera: Camera, language: str
) -> None:
    tenant, aino = company
    with open_context(chromium, size=GUIDE, language=LANGUAGES[language]) as context:
        context.on("page", watch.over)
        page = context.new_page()
        address = tenant.portal.url
        page.goto(f"{address}/accounts/signup/")
        pictures = [camera.publish_for_guide(page, language, "sign-up")]
        log_in_as(context, tenant.join(f"noora-{language}").browser)
        page.goto(f"{address}/integrations/")
        pictures.append(camera.publish_for_guide(page, language, "checklist"))
        log_in_as(context, aino.browser)
        opened = datetime.datetime.now(datetime.UTC).timestamp() - 3000
        watched = {"test-call": f"/integrations/test-call/?since={opened:.3f}"}
        for name, path in {**GUIDE_PICTURES, **watched}.items():
            page.goto(address + path)
            page.locator("#test-call, h1").last.evaluate("it => scrollBy(0, it.getBoundingClientRect().top - 24)")
            pictures.append(camera.publish_for_guide(page, language, name))
    assert [picture.name for picture in pictures if picture.stat().st_size > HEAVIEST_GUIDE_PICTURE] == []


def test_the_language_is_switched_to_finnish_and_back(portal: Portal, page: Page) -> None:
    if not (REPOSITORY / "locale/fi/LC_MESSAGES/django.mo").exists():
        pytest.skip("the translations are not compiled: make translations")
    page.goto(f"{portal.url}/accounts/login/")
    for button, language, heading in (("Suomi", "fi", "Kirjaudu sisään"), ("English", "en", "Log in")):
        page.get_by_role("button", name=button).click()
        expect(page.locator("html")).to_have_attribute("lang", language)
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        page.goto(f"{portal.url}/accounts/login/")
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)


def test_a_wrong_password_is_refused_in_words(portal: Portal, company: tuple[Tenant, Person], page: Page) -> None:
    page.goto(f"{portal.url}/accounts/login/")
    page.get_by_label("Email").fill(company[1].email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("main").get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_contain_text("not correct")
    expect(page.get_by_label("Email")).to_have_value(company[1].email)


def test_a_wrong_licence_code_is_refused_in_words_at_its_field(portal: Portal, page: Page, camera: Camera) -> None:
    page.goto(f"{portal.url}/accounts/signup/")
    page.get_by_label("License code").fill("7K2M-QX9R-4HTB-WCPE")
    page.get_by_label("Email").fill("nobody@yritys.example")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password (again)").fill(PASSWORD)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_text("There is no such license code")).to_be_visible()
    expect(page.get_by_label("License code")).to_have_attribute("aria-invalid", "true")
    camera.take(page, "en-desktop-sign-up-refused")


def test_the_admin_is_without_complaint(
    portal: Portal, company: tuple[Tenant, Person], page: Page, camera: Camera
) -> None:
    staff = portal.browser()
    staff.log_in_to_admin(portal.make_staff())
    log_in_as(page.context, staff)
    page.goto(f"{portal.url}/admin/")
    camera.take(page, "admin")
    links = page.locator("#content a[href*='/admin/']").evaluate_all("all => all.map(link => link.href)")
    lists = sorted({link for link in links if not link.endswith(("/add/", "/change/", "/history/"))})
    assert len(lists) >= 6
    for address in lists:
        answer = page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        camera.take(page, "admin-" + address.rstrip("/").rpartition("/")[2])
