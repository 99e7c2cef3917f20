"""What people of a company do in the portal is in the audit log, with who did it and to what."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.audit_entry import Action, AuditEntry
from accounts.licenses import issue_licenses
from accounts.models import ApiToken, EmailAlias, Invitation, License, User
from calls.models import Call
from integrations.models import MustalinjaAccount, PipedriveConnection
from tests.accounts.browser import sign_up
from tests.calls.events import deliver, ended_call
from tests.calls.settings_steps import save, settings_form
from tests.calls.steps import Connect, Place, log
from tests.conftest import PASSWORD
from tests.portal.forms import forms_in
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]

DEEDS = {
    "accounts:license": Action.LICENSE_ENTERED,
    "accounts:invite": Action.INVITED,
    "accounts:resend_invitation": Action.INVITED,
    "accounts:withdraw_invitation": Action.INVITATION_WITHDRAWN,
    "accounts:colleague": Action.RIGHTS,
    "accounts:release_seat": Action.SEAT_RELEASED,
    "accounts:give_seat": Action.SEAT_GIVEN,
    "accounts:add_alias": Action.ALIAS_ADDED,
    "accounts:remove_alias": Action.ALIAS_REMOVED,
    "accounts:digest": Action.OWN_SETTINGS,
    "accounts:tokens": Action.TOKEN_MADE,
    "accounts:revoke_token": Action.TOKEN_REVOKED,
    "accounts:api_tokens": Action.TOKEN_MADE,
    "accounts:api_token": Action.TOKEN_REVOKED,
    "account_signup": Action.SIGNED_UP,
    "integrations:pipedrive_confirm": Action.PIPEDRIVE_CONNECTED,
    "integrations:pipedrive_callback": Action.PIPEDRIVE_CONNECTED,
    "integrations:pipedrive_disconnect": Action.PIPEDRIVE_DISCONNECTED,
    "integrations:mustalinja": Action.CREDENTIALS,
    "integrations:mustalinja_rotate": Action.SECRET_ROTATED,
    "integrations:mustalinja_auth": Action.WEBHOOK_AUTH,
    "integrations:mustalinja_missing_calls": Action.CALLS_FETCHED,
    "calls:choose_contact": Action.CONTACT_CHOSEN,
    "calls:log_now": Action.CALL_TRIED,
    "calls:create_person": Action.PERSON_CREATED,
    "calls:mark_private": Action.CALL_PRIVATE,
    "calls:settings": Action.OWN_SETTINGS,
    "calls:api_own_settings": Action.OWN_SETTINGS,
    "calls:company_settings": Action.SETTINGS,
    "calls:api_company_settings": Action.SETTINGS,
    "support:company_data": Action.DATA_ASKED,
    "calls:delete_account": Action.ACCOUNT_DELETED,
}
"""What each address that changes something is written down as."""
NO_DEEDS = {
    "accounts:unsubscribe": "a link in a mail, without a log-in",
    "calls:private_numbers": "a rep's list of private numbers is nobody else's business",
    "calls:preview_texts": "changes nothing",
    "calls:try_settings": "changes nothing",
    "calls:api_list": "read-only",
    "calls:api_detail": "read-only",
    "integrations:pipedrive_connect": "leads to Pipedrive; coming back is the deed",
    "integrations:pipedrive_test": "changes nothing",
    "integrations:mustalinja_test": "changes nothing",
    "integrations:pipedrive_webhook": "Pipedrive's",
    "calls:mustalinja_webhook": "Mustalinja's",
    "support:api_orders": "the web shop's, without a log-in",
}


def addresses_that_change(patterns: list[Any], namespace: str = "") -> Iterator[str]:
    for each in patterns:
        if isinstance(each, URLResolver) and each.namespace != "admin":
            yield from addresses_that_change(
                each.url_patterns, f"{namespace}{each.namespace}:" if each.namespace else namespace
            )
        elif isinstance(each, URLPattern):
            view = getattr(each.callback, "view_class", None) or getattr(each.callback, "cls", None)
            is_ours = each.callback.__module__.partition(".")[0] in ("accounts", "integrations", "calls", "support")
            changing = {"post", "put", "patch", "delete"} & set(getattr(view, "http_method_names", ["post"]))
            if is_ours and any(view is None or hasattr(view, method) for method in changing):
                yield namespace + str(each.name)


def test_every_address_that_changes_something_is_written_down_or_need_not_be() -> None:
    found = set(addresses_that_change(get_resolver().url_patterns))
    assert found - {"set_language"} == set(DEEDS) | (set(NO_DEEDS) & found)


def one(action: Action, *, by: User | None) -> AuditEntry:
    entry: AuditEntry = AuditEntry.objects.get(action=action)
    assert (entry.actor, entry.is_staff) == (by, False)
    return entry


@pytest.fixture
def admin(aino: User, browser_of: Browser) -> Client:
    cache.clear()
    return browser_of(aino)


def named(row: Any) -> str:
    return f"{row._meta.label_lower} {row.pk}"


class TestTheTeam:
    def test_an_invitation_is_made_sent_again_and_withdrawn(self, admin: Client, aino: User) -> None:
        issue_licenses(company_name="Esimerkki Oy", seats=1, valid_until=None)
        admin.post("/team/invite/", {"email": "uusi@esimerkki.example"})
        invitation = Invitation.objects.get()
        assert one(Action.INVITED, by=aino).subject == named(invitation)
        admin.post(f"/team/invitations/{invitation.pk}/resend/")
        assert AuditEntry.objects.filter(action=Action.INVITED).count() == 2
        admin.post(f"/team/invitations/{invitation.pk}/withdraw/")
        assert one(Action.INVITATION_WITHDRAWN, by=aino).company == aino.company

    def test_rights_with_before_and_after(self, admin: Client, aino: User, bo: User) -> None:
        admin.post(f"/team/people/{bo.pk}/", {"sees_all_calls": "on"})
        entry = one(Action.RIGHTS, by=aino)
        assert (entry.subject, entry.changes) == (named(bo), {"sees_all_calls": [False, True]})
        admin.post(f"/team/people/{bo.pk}/", {"sees_all_calls": "on"})
        assert AuditEntry.objects.count() == 1

    def test_a_seat_is_taken_back_and_given(self, admin: Client, aino: User, bo: User) -> None:
        admin.post(f"/team/people/{bo.pk}/release/", {})
        assert one(Action.SEAT_RELEASED, by=aino).subject == named(bo)
        admin.post(f"/team/people/{bo.pk}/seat/")
        assert one(Action.SEAT_GIVEN, by=aino).subject == named(bo)

    def test_an_alias_comes_and_goes(self, admin: Client, aino: User, bo: User) -> None:
        admin.post("/team/aliases/", {"email": "bo@muu.example", "person": bo.pk})
        assert one(Action.ALIAS_ADDED, by=aino).subject == named(bo)
        admin.post(f"/team/aliases/{EmailAlias.objects.get().pk}/remove/")
        assert one(Action.ALIAS_REMOVED, by=aino).subject == named(bo)

    def test_the_digest(self, admin: Client, aino: User) -> None:
        admin.post("/team/digest/", {"wanted": "no"})
        assert one(Action.OWN_SETTINGS, by=aino).changes == {"gets_digest": [True, False]}


class TestThePerson:
    def test_signing_up_and_a_further_license(self, db: None, browser_of: Browser) -> None:
        first, second = issue_licenses(company_name="Uusi Oy", seats=2, valid_until=None)
        sign_up(Client(), email="eka@uusi.example", code=first.code)
        user = User.objects.get()
        entry = one(Action.SIGNED_UP, by=user)
        assert (entry.subject, entry.company) == (named(user), user.company)
        browser_of(user).post("/accounts/license/", {"license_code": second.code})
        entry = one(Action.LICENSE_ENTERED, by=user)
        assert entry.subject == named(License.objects.get(pk=second.pk))

    def test_tokens_on_the_page_and_by_the_api(self, admin: Client, aino: User) -> None:
        admin.post("/settings/tokens/", {"name": "Raportti"})
        assert one(Action.TOKEN_MADE, by=aino).subject == named(ApiToken.objects.get())
        admin.post(f"/settings/tokens/{ApiToken.objects.get().pk}/revoke/")
        assert one(Action.TOKEN_REVOKED, by=aino).subject == named(aino)
        token = admin.post("/api/v1/tokens/", {"name": "Toinen"}, content_type="application/json").json()
        admin.delete(f"/api/v1/tokens/{token['id']}/")
        made = [Action.TOKEN_MADE, Action.TOKEN_REVOKED]
        assert sorted(AuditEntry.objects.values_list("action", flat=True)) == sorted(made * 2)

    def test_own_settings_by_name(self, admin: Client, aino: User) -> None:
        admin.post("/settings/", {"language": "en", "hold_minutes": "5", "summary": "none"})
        assert set(one(Action.OWN_SETTINGS, by=aino).changes) >= {"language", "hold_minutes"}
        admin.patch("/api/v1/settings/me/", {"summary": "daily"}, content_type="application/json")
        latest = AuditEntry.objects.first()
        assert latest is not None
        assert (latest.action, latest.changes) == (Action.OWN_SETTINGS, {"summary": None})

    def test_taking_data_along_and_leaving(self, aino: User, bo: User, browser_of: Browser) -> None:
        cache.clear()
        client = browser_of(bo)
        client.get("/settings/export.zip")
        client.get("/calls/export.csv")
        client.get("/calls/export.xlsx").getvalue()
        assert one(Action.OWN_DATA_EXPORTED, by=bo).company == bo.company
        assert AuditEntry.objects.filter(action=Action.CALLS_EXPORTED, company=bo.company).count() == 2
        client.post("/settings/delete/", {"password": PASSWORD})
        entry = one(Action.ACCOUNT_DELETED, by=None)
        assert (entry.company, entry.subject, entry.address) == (aino.company, "", None)


class TestLinks:
    def test_credentials_secret_authentication_and_a_pull(self, admin: Client, aino: User, outside: Sandbox) -> None:
        admin.post("/integrations/mustalinja/", {"api_key": "demo-key", "api_secret": "demo-secret"})
        account = MustalinjaAccount.objects.get()
        entry = one(Action.CREDENTIALS, by=aino)
        assert (entry.subject, entry.company) == (named(account), aino.company)
        assert entry.changes == {"api_key": None, "api_secret": None}
        admin.post("/integrations/mustalinja/rotate/")
        assert one(Action.SECRET_ROTATED, by=aino).subject == named(account)
        admin.post("/integrations/mustalinja/authentication/", {"webhook_auth": "basic"})
        assert one(Action.WEBHOOK_AUTH, by=aino).changes == {"webhook_auth": ["signed", "basic"]}
        admin.post("/integrations/mustalinja/missing-calls/")
        assert one(Action.CALLS_FETCHED, by=aino).subject == named(account)

    def test_pipedrive(self, aino: User, outside: Sandbox, browser_of: Browser) -> None:
        client = browser_of(aino)
        consent = client.post("/integrations/pipedrive/connect/")["Location"]
        state = consent.partition("state=")[2].partition("&")[0]
        code = outside.order("pipedrive/control/authorize", user_email=aino.email)["code"]
        client.get("/integrations/pipedrive/callback/", {"state": state, "code": code})
        connection = PipedriveConnection.objects.get()
        assert one(Action.PIPEDRIVE_CONNECTED, by=aino).subject == named(connection)
        client.post("/integrations/pipedrive/disconnect/")
        assert one(Action.PIPEDRIVE_DISCONNECTED, by=aino).company == aino.company

    def test_pipedrive_from_the_marketplace(self, aino: User, outside: Sandbox, browser_of: Browser) -> None:
        client = browser_of(aino)
        code = outside.order("pipedrive/control/authorize", user_email=aino.email)["code"]
        client.get("/integrations/pipedrive/callback/", {"code": code})
        form = forms_in(client.get("/integrations/pipedrive/confirm/").content.decode())
        question = next(each.fields["question"] for each in form if "question" in each.fields)
        client.post("/integrations/pipedrive/confirm/", {"question": question, "decision": "connect"})
        assert one(Action.PIPEDRIVE_CONNECTED, by=aino).subject == named(PipedriveConnection.objects.get())


class TestSettings:
    def test_the_page_says_what_has_changed_and_nothing_else(self, admin: Client, aino: User) -> None:
        save(admin, settings_form(admin))
        assert not AuditEntry.objects.exists()
        save(admin, settings_form(admin), in_missed="none", region="SE", own_numbers="0401234567")
        entry = one(Action.SETTINGS, by=aino)
        assert entry.changes == {"in_missed": ["done", "none"], "region": ["FI", "SE"], "own_numbers": None}

    def test_the_api_says_the_same(self, admin: Client, aino: User, mustalinja: MustalinjaAccount) -> None:
        wanted = {"language": "en", "minimum_seconds": 5, "webhook_auth": "url", "subjects": {"in_missed": "Huti"}}
        answer = admin.patch("/api/v1/settings/company/", wanted, content_type="application/json")
        assert answer.status_code == 200
        assert one(Action.SETTINGS, by=aino).changes == {
            "language": ["fi", "en"],
            "minimum_seconds": [0, 5],
            "webhook_auth": ["signed", "url"],
            "subject_in_missed": None,
        }


def test_asking_for_all_of_the_companys_data(admin: Client, aino: User) -> None:
    admin.post("/settings/company/data/")
    assert one(Action.DATA_ASKED, by=aino).company == aino.company


class TestCalls:
    def test_a_call_is_tried_again_gets_a_person_and_is_made_private(
        self, bo: User, mustalinja: MustalinjaAccount, connected: Connect, browser_of: Browser
    ) -> None:
        connected(bo)
        deliver(mustalinja, ended_call(from_="+358449998877"))
        call = log(Call.objects.get())
        client = browser_of(bo)
        client.post(f"/calls/{call.reference}/log/")
        assert one(Action.CALL_TRIED, by=bo).subject == named(call)
        log(call)
        client.post(f"/calls/{call.reference}/person/")
        assert one(Action.PERSON_CREATED, by=bo).subject == named(call)
        client.post(f"/calls/{call.reference}/private/")
        assert one(Action.CALL_PRIVATE, by=bo).company == bo.company
        client.post(f"/calls/{call.reference}/log/")
        assert AuditEntry.objects.filter(action=Action.CALL_TRIED).count() == 1

    def test_the_person_of_a_call_is_chosen(
        self, bo: User, connected: Connect, place: Place, outside: Sandbox, browser_of: Browser
    ) -> None:
        connected(bo)
        call = log(place(from_="+358400124392"))
        browser_of(bo).post(f"/calls/{call.reference}/contact/", {"person_id": "0"})
        assert not AuditEntry.objects.exists()
        browser_of(bo).post(f"/calls/{call.reference}/contact/", {"person_id": str(call.person_id)})
        assert one(Action.CONTACT_CHOSEN, by=bo).subject == named(call)
