"""The whole story, as a customer lives it: from the licence to the activity, over real HTTP."""

import datetime
import re
from urllib.parse import urlsplit

import pytest
import requests

from tests.portal.running_portal import Portal
from tests.portal.tenants import SECRET, WEBHOOK_ADDRESS, Tenant, new_number, ready_tenant
from tests.sandbox.running_sandbox import Json

pytestmark = pytest.mark.processes


def test_the_first_to_sign_up_is_admin_and_nobody_uses_an_unconfirmed_email(portal: Portal) -> None:
    tenant = Tenant(portal, seats=2)
    aino, bo = tenant.person("aino"), tenant.person("bo")
    signed_up = aino.browser.sign_up(aino.email, tenant.codes[0])
    assert signed_up.path == "/accounts/confirm-email/"
    assert aino.browser.get("/integrations/").path == "/accounts/login/"
    assert aino.browser.log_in(aino.email).path == "/accounts/confirm-email/"
    assert aino.browser.api("calls/").status_code == 401
    assert aino.browser.confirm_email(aino.email).path == "/integrations/"
    bo.join(tenant.codes[1])
    assert aino.browser.get("/team/").says(bo.email)
    for page in ("/team/", "/settings/company/", "/integrations/mustalinja/"):
        assert aino.browser.get(page).status == 200, page
        assert bo.browser.get(page).status == 403, page
    assert bo.browser.api("settings/company/").status_code == 403


def test_a_code_works_once_and_unknown_and_old_codes_not_at_all(portal: Portal) -> None:
    tenant = Tenant(portal, seats=1)
    code = tenant.codes[0]
    tenant.join("aino")
    yesterday = (datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=2)).date().isoformat()
    old = portal.issue_licenses(tenant.name, 1, "--until", yesterday)[0]
    sentences = {
        code: "This license code is already in use",
        "7K2M-QX9R-4HTB-WCPE": "There is no such license code",
        old: "This license code has expired",
    }
    for refused, sentence in sentences.items():
        bo = tenant.person("bo")
        page = bo.browser.sign_up(bo.email, refused)
        assert (page.path, page.says(sentence)) == ("/accounts/signup/", True), sentence
        assert portal.mailbox.to(bo.email) == []


def test_consent_connects_and_denial_does_not(portal: Portal) -> None:
    tenant = Tenant(portal, seats=1)
    aino = tenant.join("aino")
    aino.add_to_pipedrive(admin=True)
    denied = aino.browser.connect_pipedrive(aino.email, answer="deny")
    assert (denied.path, denied.says("Nothing was changed")) == ("/integrations/", True)
    assert denied.form_to("/integrations/pipedrive/connect/")
    connected = aino.connect()
    assert connected.says("Pipedrive is connected: Esimerkki Oy.")
    assert connected.says(f"({aino.email})")
    grants = [each for each in portal.sandbox.state("grants")["grants"] if each["user_email"] == aino.email]
    assert [each["alive"] for each in grants] == [True]


def test_the_callback_refuses_a_state_that_is_not_this_browsers(portal: Portal) -> None:
    tenant = Tenant(portal, seats=1)
    aino = tenant.join("aino")
    aino.add_to_pipedrive()
    code = portal.sandbox.order("pipedrive/control/authorize", user_email=aino.email)["code"]
    page = aino.browser.get("/integrations/pipedrive/callback/", code=code, state="not-ours")
    assert page.says("was not started in this browser")
    assert [each for each in portal.sandbox.state("grants")["grants"] if each["user_email"] == aino.email] == []


def test_wrong_mustalinja_credentials_are_an_error_of_the_form_and_are_not_kept(portal: Portal) -> None:
    tenant = Tenant(portal, seats=1)
    aino = tenant.join("aino")
    refused = aino.browser.enter_mustalinja_credentials(("demo-key", "wrong"))
    assert refused.says("Mustalinja does not accept these credentials")
    assert refused.find(WEBHOOK_ADDRESS) is None
    assert aino.browser.get("/integrations/mustalinja/").find(WEBHOOK_ADDRESS) is None


def test_the_webhook_is_registered_and_its_secret_shown_once(portal: Portal) -> None:
    tenant = Tenant(portal, seats=1)
    aino = tenant.join("aino")
    tenant.link_mustalinja(aino)
    state = requests.get(f"{portal.sandbox.url}/mustalinja/control/state", timeout=10).json()
    assert state["accounts"][0]["webhook"]["url"] == tenant.webhook_url
    assert state["accounts"][0]["webhook"]["events"] == ["call.ended"]
    put = [each for each in state["requests"] if each["method"] == "PUT"][-1]
    assert (urlsplit(put["path"]).path, put["status"]) == ("/mustalinja/v1/webhook", 204)
    again = aino.browser.get("/integrations/mustalinja/")
    assert (again.find(WEBHOOK_ADDRESS), again.find(SECRET)) == (tenant.webhook_url, None)
    saved = aino.browser.enter_mustalinja_credentials()
    assert (saved.find(WEBHOOK_ADDRESS), saved.find(SECRET)) == (tenant.webhook_url, None)
    assert tenant.send(tenant.event(aino)).status_code == 202, "the first secret still signs"


def test_a_new_secret_works_beside_the_old_one(portal: Portal) -> None:
    tenant = Tenant(portal, seats=1)
    aino = tenant.join("aino")
    tenant.link_mustalinja(aino)
    old = tenant.secret
    page = aino.browser.press("/integrations/mustalinja/", "/integrations/mustalinja/rotate/")
    new = page.find(SECRET)
    assert new is not None
    assert new != old
    assert aino.browser.get("/integrations/mustalinja/").find(SECRET) is None
    for tenant.secret in (old, new):
        assert tenant.send(tenant.event(aino)).status_code == 202
    tenant.secret = "whsec_" + "A" * 32
    assert tenant.send(tenant.event(aino)).status_code == 401


def test_a_call_rung_at_mustalinja_is_logged(portal: Portal) -> None:
    tenant, aino = ready_tenant(portal)
    contact = tenant.contact(number := new_number())
    user = {"id": "u-7", "email": aino.email, "number": "+358501112222"}
    order: Json = {"user_email": "aino@esimerkki.example", "number": number, "overrides": {"user": user}}
    placed = portal.sandbox.order("mustalinja/control/calls", **order)["calls"][0]
    call = aino.wait_for_call(placed["call_id"], "logged")
    assert [each["id"] for each in tenant.activities_of(contact)] == [call["activity_id"]]
    shown = requests.get(f"{portal.sandbox.url}/pipedrive/activities/{call['activity_id']}", timeout=10)
    assert shown.status_code == 200


def test_the_integrations_page_tells_when_the_latest_call_came(portal: Portal) -> None:
    tenant, aino = ready_tenant(portal)
    assert aino.browser.get("/integrations/").says("No call has arrived yet.")
    tenant.ring(aino)
    page = aino.browser.get("/integrations/")
    assert re.search(r"arrived on \d{1,2} [A-Z][a-z]{2} \d{4} at \d{2}:\d{2}\. ", page.words), page.words


def test_disconnecting_revokes_and_later_calls_wait(portal: Portal) -> None:
    tenant, aino = ready_tenant(portal)
    contact = tenant.contact(number := new_number())
    assert aino.browser.disconnect_pipedrive().says("Pipedrive is disconnected.")
    grants = [each for each in portal.sandbox.state("grants")["grants"] if each["user_email"] == aino.email]
    assert [each["alive"] for each in grants] == [False]
    call_id = tenant.ring(aino, from_=number)
    assert aino.wait_for_call(call_id, "pipedrive_not_connected")["status"] == "waiting"
    assert tenant.activities_of(contact) == []


def test_calls_that_waited_for_pipedrive_are_logged_by_themselves_oldest_first(calm: Portal) -> None:
    tenant = Tenant(calm, seats=2)
    aino, bo = tenant.join("aino"), tenant.join("bo")
    tenant.link_mustalinja(aino)
    bo.connect()
    contact = tenant.contact(number := new_number())
    # From here on all is read that a call needs, and each of them is one short request.
    bo.wait_for_call(tenant.ring(bo, from_=number), "logged", 60)
    now = datetime.datetime.now(datetime.UTC).replace(microsecond=0)
    # Seven go one after the other; eight would be a backlog, whose calls go at once.
    starts = [(now - datetime.timedelta(hours=hours)).isoformat() for hours in range(1, 8)]
    rung = [tenant.ring(aino, from_=number, started_at=start, answered_at=..., ended_at=...) for start in starts]
    newest, oldest = rung[0], rung[-1]
    for call_id in rung:
        aino.wait_for_call(call_id, "pipedrive_not_connected")
    aino.connect()
    logged_at = {call_id: str(aino.wait_for_call(call_id, "logged", 60)["logged_at"]) for call_id in rung}
    assert logged_at[oldest] < logged_at[newest]
    assert len(tenant.activities_of(contact)) == len(rung) + 1


def test_a_call_of_somebody_unregistered_waits_until_he_joins_and_connects(portal: Portal) -> None:
    tenant, aino = ready_tenant(portal, seats=2)
    contact = tenant.contact(number := new_number())
    bo = tenant.person("bo")
    call_id = tenant.ring(bo, from_=number)
    waiting = aino.wait_for_call(call_id, "unknown_rep")
    assert (waiting["status"], waiting["rep"]) == ("waiting", None)
    bo.join(tenant.codes.pop())
    bo.wait_for_call(call_id, "pipedrive_not_connected", 60)
    bo.connect()
    call = bo.wait_for_call(call_id, "logged", 60)
    assert call["rep"] == bo.email
    assert [each["owner_id"] for each in tenant.activities_of(contact)] == [bo.pipedrive_user["id"]]


def test_calls_wait_when_the_licence_is_revoked_and_go_on_with_a_new_code(portal: Portal) -> None:
    tenant, aino = ready_tenant(portal)
    contact = tenant.contact(number := new_number())
    _revoke_license(portal, holder=aino.email)
    assert aino.browser.get("/integrations/").says("Your license was revoked.")
    call_id = tenant.ring(aino, from_=number)
    aino.wait_for_call(call_id, "no_license")
    renewed = aino.browser.enter_license(portal.issue_licenses(tenant.name, 1)[0])
    assert renewed.path == "/integrations/"
    aino.wait_for_call(call_id, "logged", 60)
    assert len(tenant.activities_of(contact)) == 1


def _revoke_license(portal: Portal, *, holder: str) -> None:
    """End somebody's licence at once, as support does: in the list, with a reason."""
    staff = portal.browser()
    staff.log_in_to_admin(portal.make_staff())
    page = staff.get("/admin/accounts/license/", q=holder)
    key = page.find(r"(?<=/admin/accounts/license/)\d+(?=/change/)")
    assert key is not None
    asked = staff.submit(page, page.form("action", "_selected_action"), action="revoke", _selected_action=key)
    told = staff.submit(asked, asked.form("reason", "answered"), reason="not paid")
    assert told.says("1 license was changed.")


@pytest.mark.slow
def test_a_contact_added_after_the_call_is_found(portal: Portal) -> None:
    tenant, aino = ready_tenant(portal)
    number = new_number()
    call_id = tenant.ring(aino, from_=number)
    waiting = aino.wait_for_call(call_id, "no_contact")
    assert waiting["status"] == "waiting"
    contact = tenant.contact(number)
    aino.wait_for_call(call_id, "logged", 150)
    assert len(tenant.activities_of(contact)) == 1
