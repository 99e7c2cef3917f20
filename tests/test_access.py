"""Who may open what: everybody of the cast against every address of the portal.

The addresses come from Django's resolver, so a new one that nobody has put into the table fails the tests.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.admin import site
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
API_PEOPLE: Statuses = (403, 200, 200, 200, 200)
POST_ONLY: Statuses = (405, 405, 405, 405, 405)
POST_ONLY_PEOPLE: Statuses = (302, 405, 405, 405, 405)
GUESTS: Statuses = (200, 302, 302, 302, 302)

# What GET answers; {call} is a call of the rep, {key} a webhook key.
TABLE: dict[str, tuple[str, Statuses]] = {
    "front": ("/", OPEN),
    "accounts:license": ("/accounts/license/", PEOPLE),
    "integrations:overview": ("/integrations/", PEOPLE),
    "integrations:pipedrive_connect": ("/integrations/pipedrive/connect/", POST_ONLY_PEOPLE),
    "integrations:pipedrive_confirm": ("/integrations/pipedrive/confirm/", (302, 400, 400, 400, 302)),
    "integrations:pipedrive_disconnect": ("/integrations/pipedrive/disconnect/", POST_ONLY_PEOPLE),
    "integrations:pipedrive_callback": ("/integrations/pipedrive/callback/", (400, 400, 400, 400, 400)),
    "integrations:mustalinja": ("/integrations/mustalinja/", COMPANY_ADMINS),
    "integrations:mustalinja_rotate": ("/integrations/mustalinja/rotate/", (302, 405, 403, 405, 403)),
    "integrations:mustalinja_auth": ("/integrations/mustalinja/authentication/", (302, 405, 403, 405, 403)),
    "integrations:team": ("/team/", COMPANY_ADMINS),
    "calls:mustalinja_webhook": ("/webhooks/mustalinja/{key}/", POST_ONLY),
    "calls:list": ("/calls/", PEOPLE),
    "calls:detail": ("/calls/{call}/", (302, 200, 200, 404, 404)),
    "calls:company_settings": ("/settings/company/", COMPANY_ADMINS),
    "calls:api_list": ("/api/v1/calls/", API_PEOPLE),
    "calls:api_detail": ("/api/v1/calls/{call}/", (403, 200, 200, 404, 404)),
    "calls:api_company_settings": ("/api/v1/settings/company/", (403, 200, 403, 200, 403)),
    "calls:api_schema": ("/api/v1/schema/", OPEN),
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
    "set_language": ("/i18n/setlang/", (302, 302, 302, 302, 302)),
    "favicon": ("/favicon.ico", (302, 302, 302, 302, 302)),
    "health_live": ("/health/live", OPEN),
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
    path = path.format(call=call.reference, key=mustalinja.webhook_key)
    got = {role: client.get(path).status_code for role, client in browsers.items()}
    assert got == dict(zip(ROLES, statuses, strict=True))


@pytest.mark.parametrize("name", [name for name, (_path, statuses) in TABLE.items() if statuses[0] == 302])
def test_whoever_is_not_logged_in_is_asked_to_log_in(name: str, browsers: dict[str, Client], call: Call) -> None:
    path = TABLE[name][0].format(call=call.reference)
    if name in ("account_logout", "account_set_password", "account_confirm_login_code", "set_language", "favicon"):
        assert b"aino" not in browsers["anonymous"].get(path).content
        return
    assert browsers["anonymous"].get(path)["Location"].startswith("/accounts/login/?next=")


# What POST answers. Those that change something of a company: for its admin only.
POSTS: dict[str, tuple[dict[str, str], Statuses]] = {
    "/integrations/pipedrive/connect/": ({}, (302, 302, 302, 302, 302)),
    "/integrations/pipedrive/disconnect/": ({}, (302, 302, 302, 302, 302)),
    "/integrations/pipedrive/confirm/": ({"decision": "connect"}, (302, 400, 400, 400, 400)),
    "/integrations/mustalinja/": ({}, (302, 200, 403, 200, 403)),
    "/integrations/mustalinja/rotate/": ({}, (302, 302, 403, 302, 403)),
    "/integrations/mustalinja/authentication/": ({"webhook_auth": "url"}, (302, 302, 403, 302, 403)),
    "/settings/company/": ({"activity_type": "x y"}, (302, 200, 403, 200, 403)),
    "/accounts/license/": ({}, (302, 200, 200, 200, 200)),
}


@pytest.mark.parametrize("path", POSTS)
def test_post_answers_each_role_as_the_table_says(path: str, browsers: dict[str, Client]) -> None:
    fields, statuses = POSTS[path]
    got = {role: client.post(path, fields).status_code for role, client in browsers.items()}
    assert got == dict(zip(ROLES, statuses, strict=True))


@pytest.mark.parametrize("role", ["anonymous", "rep", "stranger", "staff"])
def test_nobody_else_changes_the_companys_things(
    role: str, browsers: dict[str, Client], mustalinja: MustalinjaAccount, aino: User
) -> None:
    client = browsers[role]
    for path, (fields, _statuses) in POSTS.items():
        client.post(path, fields)
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
            assert getattr(client, method)(path).status_code in (302, 403, 405)
    assert Call.objects.get() == call


def test_nobody_of_another_company_sees_a_trace(browsers: dict[str, Client], call: Call, aino: User, bo: User) -> None:
    traces = [call.reference, call.external_id, "0400124387", "040 0124387", aino.email, bo.email, "Esimerkki"]
    traces += list(License.objects.filter(holder__in=(aino, bo)).values_list("code", flat=True))
    for name, (path, statuses) in TABLE.items():
        if statuses[3] != 200 or name == "calls:api_schema":
            continue
        page = browsers["stranger"].get(path).content.decode()
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


SHOWN = sorted(f"{model._meta.app_label}/{model._meta.model_name}" for model in site._registry)


def is_for_staff_only(path: str, browsers: dict[str, Client]) -> None:
    for role in ("anonymous", "admin", "rep", "stranger"):
        answer = browsers[role].get(path)
        assert (path, answer.status_code) == (path, 302)
        assert answer["Location"].startswith("/admin/login/?next=")
    # 403: what not even staff may do, such as deleting a call.
    assert browsers["staff"].get(path).status_code in (200, 302, 403)


@pytest.mark.parametrize("model", SHOWN)
def test_the_admin_of_a_model_is_for_staff_only(model: str, browsers: dict[str, Client]) -> None:
    for page in ("", "add/", "1/change/"):
        is_for_staff_only(f"/admin/{model}/{page}", browsers)


def test_the_admins_own_pages_are_for_staff_only(browsers: dict[str, Client]) -> None:
    apps = {f"{model.split('/')[0]}/" for model in SHOWN}
    for page in ("", "password_change/", "password_change/done/", "jsi18n/", *sorted(apps)):
        is_for_staff_only(f"/admin/{page}", browsers)


def test_the_admins_other_addresses_are_for_staff_only(browsers: dict[str, Client]) -> None:
    others = [
        "/admin/autocomplete/?app_label=accounts&model_name=license&field_name=company",
        "/admin/r/1/1/",
        "/admin/no-such-page/",
        "/admin/accounts/user/1/password/",
        "/admin/accounts/company/1/delete/",
        "/admin/accounts/license/1/history/",
    ]
    for path in others:
        assert {browsers[role].get(path).status_code for role in ("anonymous", "admin", "rep", "stranger")} == {302}
