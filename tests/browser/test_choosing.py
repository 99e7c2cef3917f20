"""A company that wants to be asked: setting it, the question on the call's page, and changing the answer."""

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.chromium import PHONE, Camera, Watch, log_in_as, open_context, overflow
from tests.portal.running_portal import Portal
from tests.portal.tenants import Person, Tenant, new_number
from tests.sandbox.running_sandbox import Json

pytestmark = pytest.mark.browser


NUMBER, OTHER_NUMBER = new_number(), new_number()


@pytest.fixture(scope="module")
def company(portal: Portal) -> tuple[Tenant, Person]:
    """A company in whose Pipedrive two persons had each number before anybody connected."""
    tenant = Tenant(portal, seats=1)
    for number, names in ((NUMBER, ("Pekka Kuusi", "Päivi Kuusi")), (OTHER_NUMBER, ("Kaisa Koivu", "Kari Koivu"))):
        for name in names:
            tenant.contact(number, name)
    admin = tenant.join("aino")
    admin.connect()
    tenant.link_mustalinja(admin)
    return tenant, admin


@pytest.fixture
def own_page(company: tuple[Tenant, Person], context: BrowserContext, page: Page) -> Page:
    """A page in the browser of the company's admin."""
    log_in_as(context, company[1].browser)
    return page


def test_the_kinds_of_calls_are_shown_only_where_a_person_is_created(
    portal: Portal, own_page: Page, camera: Camera
) -> None:
    own_page.goto(f"{portal.url}/settings/company/")
    kinds = own_page.get_by_role("group", name="Create a person after")
    expect(kinds).to_be_hidden()
    own_page.get_by_role("radio", name="Create a person:").check()
    expect(kinds.get_by_role("checkbox", checked=True)).to_have_count(4)
    for kind in ("Incoming, answered", "Incoming, missed", "Outgoing, answered", "Outgoing, unanswered"):
        kinds.get_by_role("checkbox", name=kind).uncheck()
    own_page.get_by_label("Your company's own numbers").fill("my phone\n050 111 2222")
    own_page.get_by_role("button", name="Save").click()
    expect(own_page.get_by_text("Choose at least one kind of call").first).to_be_visible()
    expect(own_page.get_by_text("my phone is not a telephone number").first).to_be_visible()
    camera.take(own_page, "en-desktop-settings-refused")
    own_page.get_by_role("radio", name="Wait:").check()
    own_page.get_by_label("Your company's own numbers").fill("0501112222")
    own_page.get_by_role("button", name="Save").click()
    expect(own_page.get_by_role("status").filter(has_text="The settings are saved")).to_be_visible()
    expect(own_page.get_by_label("Your company's own numbers")).to_have_value("050 111 2222")


def test_whoever_is_asked_chooses_and_may_change_it_later(
    company: tuple[Tenant, Person], own_page: Page, camera: Camera
) -> None:
    tenant, aino = company
    aino.browser.change("settings/company/", several_contacts="ask")
    call = aino.wait_for_call(tenant.ring(aino, from_=NUMBER), "several_contacts")
    own_page.goto(f"{tenant.portal.url}/calls/{call['id']}/")
    question = own_page.get_by_role("group", name="Who was it?")
    expect(question.get_by_role("radio", checked=True)).to_have_count(0)
    own_page.get_by_role("button", name="Log to this person").click()
    expect(question).to_be_visible()  # the browser asks for a choice and sends nothing
    camera.take(own_page, "en-desktop-call-several")
    question.get_by_role("radio", name="Päivi Kuusi").check()
    own_page.get_by_role("button", name="Log to this person").click()
    expect(own_page.get_by_role("status")).to_contain_text("are logged to Päivi Kuusi from now on")
    logged = aino.wait_for_call(call["external_id"], "logged")
    assert logged["person"]["name"] == "Päivi Kuusi"
    change_it(own_page, camera, call)
    later = aino.wait_for_call(tenant.ring(aino, from_=NUMBER), "logged")
    assert later["person"]["name"] == "Pekka Kuusi"


def change_it(page: Page, camera: Camera, call: Json) -> None:
    """On a phone, choose Pekka for later calls."""
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    page.reload()
    expect(page.get_by_text("calls go to Päivi Kuusi.")).to_be_visible()
    page.get_by_text("Choose the person for later calls").click()
    expect(page.get_by_role("radio", name="Päivi Kuusi")).to_be_checked()
    camera.take(page, "en-phone-call-later")
    assert overflow(page) == 0
    page.get_by_role("radio", name="Pekka Kuusi").check()
    page.get_by_role("button", name="Use this person for later calls").click()
    expect(page.get_by_text("calls go to Pekka Kuusi.")).to_be_visible()
    assert page.url.endswith(f"/calls/{call['id']}/")


def test_on_a_phone_in_finnish_the_page_renews_itself_until_the_call_is_logged(
    company: tuple[Tenant, Person], chromium: Browser, watch: Watch, camera: Camera
) -> None:
    tenant, aino = company
    aino.browser.change("settings/company/", several_contacts="ask")
    call = aino.wait_for_call(tenant.ring(aino, from_=OTHER_NUMBER), "several_contacts")
    with open_context(chromium, size=PHONE, language="fi-FI") as context:
        log_in_as(context, aino.browser)
        page = context.new_page()
        watch.over(page)
        page.goto(f"{tenant.portal.url}/calls/{call['id']}/")
        expect(page.get_by_role("heading", name="Puhelun vaiheet")).to_be_visible()
        page.get_by_role("radio", name="Kaisa Koivu").check()
        page.get_by_role("button", name="Tallenna tälle henkilölle").click()
        # Nobody loads the page anew: it looks by itself what becomes of the call.
        expect(page.get_by_role("heading", level=1)).to_have_text("Kaisa Koivu")
        expect(page.locator("#outcome")).to_contain_text("Puhelu on tallennettu Pipedriveen.")
        story = page.locator("#story")
        expect(story).to_contain_text("valitsi henkilön tälle numerolle.")
        expect(story).to_contain_text("Pipedrive loi aktiviteetin.")
        story.get_by_text("Sääntö säännöltä").click()
        expect(story.get_by_text("Numeroa ei ole estetty.")).to_be_visible()
        camera.take(page, "fi-phone-call-story")
        assert overflow(page) == 0
