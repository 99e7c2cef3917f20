"""Who may open what: everybody of the cast against every address of the portal.

The addresses come from Django's resolver, so a new one that nobody has put into the table fails the tests. Those of the
admin are in tests/admin/test_permission_matrix.py.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts.models import Company, License, User
from calls.models import Call, LoggingPolicy
from integrations.models import MustalinjaAccount
from tests.calls.events import deliver, ended_call

pytestmark = pytest.mark.django_db
ROLES = ("anonymous", "admin", "rep", "stranger", "staff")
# Statuses for: anonymous, company admin, rep of the same company, admin of another company, staff without a company.
Statuses = tuple[int, int, int, int, int]
OPEN: Statuses = (200, 200, 200, 200, 200)
PEOPLE: Statuses = (302, 200, 200, 200, 200)
COMPANY_ADMINS: Statuses = (302, 200, 403, 200, 403)
EVERYONES_CALLS: Statuses = COMPANY_ADMINS  # who is an admin may see everyone's calls, unless that is changed
API_PEOPLE: Statuses = (401, 200, 200, 200, 200)
POST_ONLY: Statuses = (405, 405, 405, 405, 405)
POST_ONLY_ADMINS: Statuses = (302, 405, 403, 405, 403)
POST_ONLY_PEOPLE: Statuses = (302, 405, 405, 405, 405)
POST_ONLY_OF_THE_SHOP: Statuses = (404, 404, 404, 404, 404)  # while no ORDERS_SECRETS are set
GUESTS: Statuses = (200, 302, 302, 302, 302)

# What GET answers; {call} is a call of the rep, {key} a webhook key.
TABLE: dict[str, tuple[str, Statuses]] = {
    "front": ("/", OPEN),
    "guide:faq": ("/faq/", OPEN),
    "guide:documentation": ("/documentation/", OPEN),
    "guide:search": ("/documentation/search/?q=number", OPEN),
    "guide:page": ("/documentation/rep/", OPEN),
    "accounts:license": ("/accounts/license/", PEOPLE),
    "accounts:join": ("/accounts/join/AAAA-BBBB-CCCC-DDDD/", (302, 302, 302, 302, 302)),
    "accounts:unsubscribe": ("/accounts/unsubscribe/wrong/", (404, 404, 404, 404, 404)),
    "accounts:invite": ("/team/invite/", POST_ONLY_ADMINS),
    "accounts:resend_invitation": ("/team/invitations/1/resend/", POST_ONLY_ADMINS),
    "accounts:withdraw_invitation": ("/team/invitations/1/withdraw/", POST_ONLY_ADMINS),
    "accounts:colleague": ("/team/people/{rep}/", (302, 200, 403, 404, 403)),
    "accounts:release_seat": ("/team/people/{rep}/release/", (302, 200, 403, 404, 403)),
    "accounts:give_seat": ("/team/people/{rep}/seat/", POST_ONLY_ADMINS),
    "accounts:add_alias": ("/team/aliases/", POST_ONLY_ADMINS),
    "accounts:remove_alias": ("/team/aliases/1/remove/", POST_ONLY_ADMINS),
    "accounts:digest": ("/team/digest/", POST_ONLY_ADMINS),
    "integrations:overview": ("/integrations/", PEOPLE),
    "integrations:checklist": ("/integrations/checklist/", PEOPLE),
    "integrations:pipedrive_test": ("/integrations/pipedrive/test/", POST_ONLY_PEOPLE),
    "integrations:mustalinja_test": ("/integrations/mustalinja/test/", (302, 405, 403, 405, 403)),
    "calls:test_call": ("/integrations/test-call/", PEOPLE),
    "calls:test_call_steps": ("/integrations/test-call/steps/", PEOPLE),
    "integrations:pipedrive_connect": ("/integrations/pipedrive/connect/", POST_ONLY_PEOPLE),
    "integrations:pipedrive_confirm": ("/integrations/pipedrive/confirm/", (302, 400, 400, 400, 302)),
    "integrations:pipedrive_disconnect": ("/integrations/pipedrive/disconnect/", POST_ONLY_PEOPLE),
    "integrations:pipedrive_callback": ("/integrations/pipedrive/callback/", (400, 400, 400, 400, 400)),
    "integrations:mustalinja": ("/integrations/mustalinja/", COMPANY_ADMINS),
    "integrations:mustalinja_rotate": ("/integrations/mustalinja/rotate/", (302, 405, 403, 405, 403)),
    "integrations:mustalinja_auth": ("/integrations/mustalinja/authentication/", (302, 405, 403, 405, 403)),
    "integrations:mustalinja_missing_calls": ("/integrations/mustalinja/missing-calls/", (302, 405, 403, 405, 403)),
    "integrations:pipedrive_webhook": ("/webhooks/pipedrive/{key}/", POST_ONLY),
    "calls:team": ("/team/", COMPANY_ADMINS),
    "calls:mustalinja_webhook": ("/webhooks/mustalinja/{key}/", POST_ONLY),
    "calls:list": ("/calls/", PEOPLE),
    "calls:days": ("/calls/days/", EVERYONES_CALLS),
    "calls:live": ("/calls/live/", (302, 302, 302, 302, 302)),
    "calls:export_csv": ("/calls/export.csv", PEOPLE),
    "calls:export_xlsx": ("/calls/export.xlsx", PEOPLE),
    "calls:statistics": ("/statistics/", PEOPLE),
    "calls:statistics_csv": ("/statistics/export.csv", PEOPLE),
    "calls:detail": ("/calls/{call}/", (302, 200, 200, 404, 404)),
    "calls:choose_contact": ("/calls/{call}/contact/", POST_ONLY_PEOPLE),
    "calls:mark_private": ("/calls/{call}/private/", POST_ONLY_PEOPLE),
    "calls:log_now": ("/calls/{call}/log/", POST_ONLY_PEOPLE),
    "calls:create_person": ("/calls/{call}/person/", POST_ONLY_PEOPLE),
    "calls:settings": ("/settings/", PEOPLE),
    "calls:private_numbers": ("/settings/private-numbers/", PEOPLE),
    "calls:own_data": ("/settings/export.zip", PEOPLE),
    "calls:delete_account": ("/settings/delete/", PEOPLE),
    "accounts:tokens": ("/settings/tokens/", PEOPLE),
    "accounts:revoke_token": ("/settings/tokens/1/revoke/", POST_ONLY_PEOPLE),
    "calls:company_settings": ("/settings/company/", COMPANY_ADMINS),
    "support:log": ("/settings/log/", COMPANY_ADMINS),
    "support:company_data": ("/settings/company/data/", COMPANY_ADMINS),
    "support:company_data_file": (
        "/settings/company/data/00000000-0000-0000-0000-000000000000.zip",
        (302, 404, 403, 404, 403),
    ),
    "calls:preview_texts": ("/settings/company/texts/", (302, 405, 403, 405, 403)),
    "calls:try_settings": ("/settings/company/trial/", (302, 405, 403, 405, 403)),
    "calls:api_list": ("/api/v1/calls/", API_PEOPLE),
    "calls:api_detail": ("/api/v1/calls/{call}/", (401, 200, 200, 404, 404)),
    "calls:api_company_settings": ("/api/v1/settings/company/", (401, 200, 403, 200, 403)),
    "calls:api_own_settings": ("/api/v1/settings/me/", API_PEOPLE),
    "accounts:api_tokens": ("/api/v1/tokens/", API_PEOPLE),
    "accounts:api_token": ("/api/v1/tokens/1/", (401, 405, 405, 405, 405)),
    "calls:api_schema": ("/api/v1/schema/", OPEN),
    "support:api_orders": ("/api/v1/orders/", POST_ONLY_OF_THE_SHOP),
    "account_signup": ("/accounts/signup/", GUESTS),
    "account_login": ("/accounts/login/", GUESTS),
    "account_logout": ("/accounts/logout/", (302, 200, 200, 200, 200)),
    "account_inactive": ("/accounts/inactive/", OPEN),
    "account_reauthenticate": ("/accounts/reauthenticate/", PEOPLE),
    "account_email": ("/accounts/email/", PEOPLE),
    "account_email_verification_sent": ("/accounts/confirm-email/", OPEN),
    "account_confirm_email": ("/accounts/confirm-email/wrong/", OPEN),
    "account_change_password": ("/accounts/password/change/", PEOPLE),
    "account_set_password": ("/accounts/password/set/", (302, 302, 302, 302, 302)),
    "account_reset_password": ("/accounts/password/reset/", OPEN),
    "account_reset_password_done": ("/accounts/password/reset/done/", OPEN),
    "account_reset_password_from_key": ("/accounts/password/reset/key/1-wrong/", OPEN),
    "account_reset_password_from_key_done": ("/accounts/password/reset/key/done/", OPEN),
    "account_confirm_login_code": ("/accounts/login/code/confirm/", (302, 302, 302, 302, 302)),
    "mfa_index": ("/accounts/security/", PEOPLE),
    "mfa_authenticate": ("/accounts/security/authenticate/", (302, 302, 302, 302, 302)),
    "mfa_reauthenticate": ("/accounts/security/reauthenticate/", (302, 302, 302, 302, 200)),
    "mfa_activate_totp": ("/accounts/security/totp/activate/", (302, 302, 302, 302, 302)),
    "mfa_deactivate_totp": ("/accounts/security/totp/deactivate/", (302, 404, 404, 404, 302)),
    "mfa_view_recovery_codes": ("/accounts/security/recovery-codes/", (302, 404, 404, 404, 404)),
    "mfa_generate_recovery_codes": ("/accounts/security/recovery-codes/generate/", (302, 302, 302, 302, 302)),
    "mfa_download_recovery_codes": ("/accounts/security/recovery-codes/download/", (302, 404, 404, 404, 404)),
    "set_language": ("/i18n/setlang/", (302, 302, 302, 302, 302)),
    "favicon": ("/favicon.ico", (302, 302, 302, 302, 302)),
    "health_live": ("/health/live", OPEN),
    "metrics": ("/metrics", (404, 404, 404, 404, 200)),
    "health_ready": ("/health/ready", (503, 503, 503, 503, 503)),
}
ADMIN = "admin:"


def names(patterns: list[Any], namespace: str = "") -> Iterator[str]:
    """Every name of the URLconf with its namespace; what has no name is given by its pattern."""
    for each in patterns:
        if isinstance(each, URLResolver):
            inner = f"{namespace}{each.namespace}:" if each.namespace else namespace
            yield from names(each.url_patterns, inner)
        elif isinstance(each, URLPattern):
            yield namespace + (each.name or str(each.pattern))


@pytest.fixture
def call(mustalinja: MustalinjaAccount, bo: User) -> Call:
    """A call of Bo's."""
    deliver(mustalinja, ended_call())
    return Call.objects.get()


@pytest.fixture
def browsers(
    aino: User, bo: User, cecilia: User, staff: User, browser_of: Callable[[User], Client]
) -> dict[str, Client]:
    """One browser for each role."""
    cache.clear()
    people = {"admin": aino, "rep": bo, "stranger": cecilia, "staff": staff}
    return {"anonymous": Client(), **{role: browser_of(user) for role, user in people.items()}}


def test_every_address_of_the_portal_is_in_the_table() -> None:
    known = {name for name in names(get_resolver().url_patterns) if not name.startswith(ADMIN)}
    assert known == set(TABLE)


@pytest.mark.parametrize("name", TABLE)
def test_get_answers_each_role_as_the_table_says(
    name: str, browsers: dict[str, Client], call: Call, mustalinja: MustalinjaAccount
) -> None:
    path, statuses = TABLE[name]
    path = path.format(call=call.reference, key=mustalinja.webhook_key, rep=call.rep_id)
    got = {}
    for role, client in browsers.items():
        answer = client.get(path)
        got[role] = answer.status_code
        if answer.streaming:
            # As a server does; a file that is made for the answer stays open otherwise.
            list(answer)
    assert got == dict(zip(ROLES, statuses, strict=True))


@pytest.mark.parametrize("name", [name for name, (_path, statuses) in TABLE.items() if statuses[0] == 302])
def test_whoever_is_not_logged_in_is_asked_to_log_in(name: str, browsers: dict[str, Client], call: Call) -> None:
    path = TABLE[name][0].format(call=call.reference, rep=call.rep_id)
    if name in (
        "accounts:join",
        "account_logout",
        "account_set_password",
        "account_confirm_login_code",
        "mfa_authenticate",
        "set_language",
        "favicon",
    ):
        assert b"aino" not in browsers["anonymous"].get(path).content
        return
    assert browsers["anonymous"].get(path)["Location"].startswith("/accounts/login/?next=")


# What POST answers. Those that change something of a company: for its admin only.
POSTS: dict[str, tuple[dict[str, str], Statuses]] = {
    "/integrations/pipedrive/connect/": ({}, (302, 302, 302, 302, 302)),
    "/integrations/pipedrive/test/": ({}, (302, 302, 302, 302, 302)),
    "/integrations/mustalinja/test/": ({}, (302, 302, 403, 302, 403)),
    "/integrations/pipedrive/disconnect/": ({}, (302, 302, 302, 302, 302)),
    "/integrations/pipedrive/confirm/": ({"decision": "connect"}, (302, 400, 400, 400, 400)),
    "/integrations/mustalinja/": ({}, (302, 200, 403, 200, 403)),
    "/integrations/mustalinja/rotate/": ({}, (302, 302, 403, 302, 403)),
    "/integrations/mustalinja/authentication/": ({"webhook_auth": "url"}, (302, 302, 403, 302, 403)),
    "/integrations/mustalinja/missing-calls/": ({}, (302, 302, 403, 302, 403)),
    "/settings/": ({}, (302, 200, 200, 200, 200)),
    "/settings/private-numbers/": ({}, (302, 200, 200, 200, 200)),
    "/settings/delete/": ({"password": "wrong"}, (302, 200, 200, 200, 200)),
    "/settings/tokens/": ({}, (302, 200, 200, 200, 200)),
    "/settings/tokens/1/revoke/": ({}, (302, 302, 302, 302, 302)),
    "/settings/company/": ({"activity_type": "x y"}, (302, 200, 403, 200, 403)),
    "/settings/company/texts/": ({}, (302, 200, 403, 200, 403)),
    "/settings/company/trial/": ({}, (302, 200, 403, 200, 403)),
    "/settings/company/data/": ({}, (302, 302, 403, 302, 403)),
    "/accounts/license/": ({}, (302, 200, 200, 200, 200)),
    "/calls/{call}/private/": ({}, (302, 403, 302, 404, 404)),
    "/team/invite/": ({"email": "uusi@esimerkki.example"}, (302, 302, 403, 302, 403)),
    "/team/invitations/1/resend/": ({}, (302, 404, 403, 404, 403)),
    "/team/invitations/1/withdraw/": ({}, (302, 404, 403, 404, 403)),
    "/team/people/{rep}/": ({}, (302, 302, 403, 404, 403)),
    "/team/people/{rep}/seat/": ({}, (302, 302, 403, 404, 403)),
    "/team/people/{rep}/release/": ({}, (302, 302, 403, 404, 403)),
    "/team/aliases/": ({"email": "b@muu.example", "person": "{rep}"}, (302, 302, 403, 302, 403)),
    "/team/aliases/1/remove/": ({}, (302, 404, 403, 404, 403)),
    "/team/digest/": ({"wanted": "no"}, (302, 302, 403, 302, 403)),
    "/calls/{call}/contact/": ({"person_id": "1"}, (302, 302, 302, 404, 404)),
    "/calls/{call}/log/": ({}, (302, 302, 302, 404, 404)),
    "/calls/{call}/person/": ({}, (302, 302, 302, 404, 404)),
}


@pytest.mark.parametrize("path", POSTS)
def test_post_answers_each_role_as_the_table_says(path: str, browsers: dict[str, Client], call: Call) -> None:
    fields, statuses = POSTS[path]
    got = {
        role: client.post(path.format(call=call.reference, rep=call.rep_id), fields).status_code
        for role, client in browsers.items()
    }
    assert got == dict(zip(ROLES, statuses, strict=True))


# What programs do, by method and name. Without anything sent; machines prove who they are.
DEEDS: dict[tuple[str, str], Statuses] = {
    ("post", "accounts:api_tokens"): (401, 400, 400, 400, 400),
    ("patch", "calls:api_company_settings"): (401, 200, 403, 200, 403),
    ("patch", "calls:api_own_settings"): API_PEOPLE,
    ("post", "calls:mustalinja_webhook"): (401, 401, 401, 401, 401),
    ("post", "integrations:pipedrive_callback"): (204, 204, 204, 204, 204),
    ("delete", "integrations:pipedrive_callback"): (401, 401, 401, 401, 401),
}
OWN_AFFAIR = re.compile(r"(account|mfa|health)_|set_language$|favicon$")
"""allauth's pages about the reader's own account, and what changes nothing whoever asks."""


def does_nothing(answer: Any) -> bool:
    """Whether a request was refused, found nothing, or leads to the log-in."""
    to_login = answer.status_code == 302 and answer["Location"].startswith("/accounts/login/?next=")
    return to_login or answer.status_code in (401, 403, 404, 405)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nothing_else_can_be_done(
    method: str, browsers: dict[str, Client], call: Call, mustalinja: MustalinjaAccount
) -> None:
    """A new address that does something has its line in POSTS or DEEDS. PUT is to a form of Django's what POST is."""
    for name, (path, _statuses) in TABLE.items():
        if OWN_AFFAIR.match(name) or (method == "post" and path in POSTS):
            continue
        address = path.format(call=call.reference, key=mustalinja.webhook_key, rep=call.rep_id)
        for role, status in zip(ROLES, DEEDS.get((method, name), (0,) * len(ROLES)), strict=True):
            answer = getattr(browsers[role], method)(address, {}, content_type="application/json")
            as_posted = POSTS[path][1][ROLES.index(role)] if method == "put" and path in POSTS else None
            if status or not does_nothing(answer):
                assert (name, role, answer.status_code) == (name, role, status or as_posted)


@pytest.mark.parametrize("role", ["anonymous", "rep", "stranger", "staff"])
def test_nobody_else_changes_the_companys_things(
    role: str, browsers: dict[str, Client], mustalinja: MustalinjaAccount, aino: User, call: Call
) -> None:
    client = browsers[role]
    for path, (fields, _statuses) in POSTS.items():
        client.post(path.format(call=call.reference, rep=call.rep_id), fields)
    client.patch("/api/v1/settings/company/", {"language": "en"}, content_type="application/json")
    before = mustalinja.secret
    mustalinja.refresh_from_db()
    assert (mustalinja.secret, mustalinja.webhook_auth) == (before, "signed")
    assert not LoggingPolicy.objects.filter(company=aino.company).exists()
    assert Company.objects.get(people=aino).language == "fi"


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_calls_are_read_only_for_everybody(browsers: dict[str, Client], call: Call, method: str) -> None:
    for client in browsers.values():
        for path in ("/api/v1/calls/", f"/api/v1/calls/{call.reference}/", "/calls/", f"/calls/{call.reference}/"):
            assert getattr(client, method)(path).status_code in (302, 401, 403, 405)
    assert Call.objects.get() == call


def test_nobody_of_another_company_sees_a_trace(browsers: dict[str, Client], call: Call, aino: User, bo: User) -> None:
    traces = [call.reference, call.external_id, "0400124387", "040 0124387", aino.email, bo.email, "Esimerkki"]
    traces += list(License.objects.filter(holder__in=(aino, bo)).values_list("code", flat=True))
    for name, (path, statuses) in TABLE.items():
        # Examples of numbers stand on the public pages and in the document of the API.
        if statuses[3] != 200 or name == "calls:api_schema" or name.startswith("guide:"):
            continue
        page = browsers["stranger"].get(path).getvalue().decode(errors="replace")
        assert [trace for trace in traces if trace in page] == [], path


def test_a_rep_does_not_see_the_calls_of_colleagues(
    browsers: dict[str, Client], mustalinja: MustalinjaAccount, call: Call, aino: User
) -> None:
    deliver(mustalinja, ended_call(user={"email": aino.email}))
    other = Call.objects.exclude(pk=call.pk).get()
    assert browsers["rep"].get(f"/calls/{other.reference}/").status_code == 404
    assert browsers["rep"].get(f"/api/v1/calls/{other.reference}/").status_code == 404
    listed = {role: browsers[role].get("/api/v1/calls/").json()["results"] for role in ("rep", "admin")}
    assert {role: len(results) for role, results in listed.items()} == {"rep": 1, "admin": 2}


MANAGING = ("/team/", "/settings/company/", "/integrations/mustalinja/", "/api/v1/settings/company/")


@pytest.mark.parametrize("rights", [(True, True), (True, False), (False, True), (False, False)])
def test_managing_people_and_seeing_their_calls_are_two_rights(
    browsers: dict[str, Client], call: Call, aino: User, rights: tuple[bool, bool]
) -> None:
    manages, sees = rights
    User.objects.filter(pk=aino.pk).update(is_company_admin=manages, sees_all_calls=sees)
    client = browsers["admin"]
    assert {client.get(path).status_code for path in MANAGING} == {200 if manages else 403}
    assert client.get("/calls/days/").status_code == (200 if sees else 403)
    for path in (f"/calls/{call.reference}/", f"/api/v1/calls/{call.reference}/"):
        assert client.get(path).status_code == (200 if sees else 404)
    assert len(client.get("/api/v1/calls/").json()["results"]) == sees
    assert (call.reference in client.get("/calls/").content.decode()) is sees
