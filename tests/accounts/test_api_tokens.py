"""API tokens: shown once, kept as digests, as good as their person and no better."""

import datetime
from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import ApiToken, User
from accounts.tokens import MOST_TOKENS
from calls.models import Call
from integrations.models import MustalinjaAccount
from tests.calls.events import deliver, ended_call

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
API = "/api/v1/tokens/"


@pytest.fixture
def browser(bo: User, browser_of: Browser) -> Client:
    return browser_of(bo)


@pytest.fixture
def token(browser: Client) -> str:
    return make(browser)


def make(client: Client, name: str = "Raportti") -> str:
    answer = client.post(API, {"name": name}, content_type="application/json")
    assert answer.status_code == 201
    made: str = answer.json()["token"]
    return made


def program(token: str) -> Client:
    """Somebody without a browser's session."""
    return Client(headers={"Authorization": f"Bearer {token}"})


def test_a_token_reads_what_its_person_may_read(
    token: str, mustalinja: MustalinjaAccount, aino: User, bo: User, browser_of: Browser
) -> None:
    deliver(mustalinja, ended_call())
    deliver(mustalinja, ended_call(user={"email": aino.email}))
    own = Call.objects.get(rep=bo)
    listed = program(token).get("/api/v1/calls/").json()["results"]
    assert [call["id"] for call in listed] == [own.reference]
    assert program(token).get(f"/api/v1/calls/{own.reference}/").status_code == 200
    assert program(token).get("/api/v1/settings/company/").status_code == 403
    boss = program(make(browser_of(aino)))
    assert len(boss.get("/api/v1/calls/").json()["results"]) == 2
    assert (
        boss.patch("/api/v1/settings/company/", {"language": "en"}, content_type="application/json").status_code == 200
    )


def test_a_token_changes_its_persons_settings(token: str, bo: User) -> None:
    answer = program(token).patch("/api/v1/settings/me/", {"hold_minutes": 2}, content_type="application/json")
    assert answer.status_code == 200
    bo.refresh_from_db()
    assert bo.hold_minutes == 2


def test_a_program_is_answered_in_its_persons_language(token: str, mustalinja: MustalinjaAccount, bo: User) -> None:
    User.objects.filter(pk=bo.pk).update(language="en")
    deliver(mustalinja, ended_call())
    (call,) = program(token).get("/api/v1/calls/").json()["results"]
    assert call["explanation"] == "The call is on its way to Pipedrive."


def test_a_token_makes_lists_and_revokes_no_tokens(token: str) -> None:
    client = program(token)
    for answer in (
        client.get(API),
        client.post(API, {"name": "another"}, content_type="application/json"),
        client.delete(f"{API}{ApiToken.objects.get().pk}/"),
    ):
        assert answer.status_code == 403
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize("page", ["/calls/", "/settings/", "/integrations/"])
def test_a_token_opens_no_pages(token: str, page: str) -> None:
    assert program(token).get(page).status_code == 302


@pytest.mark.parametrize("sent", ["wrong", "mlc_", "", "mlc_ \x7f"])
def test_a_wrong_token_is_401(token: str, sent: str) -> None:
    answer = program(sent).get("/api/v1/calls/")
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", ["/api/v1/calls/", "/api/v1/settings/me/", API])
def test_who_sends_no_credentials_is_told_which_are_wanted(db: None, path: str) -> None:
    for client in (Client(), Client(headers={"Authorization": "Basic eDp5"})):
        answer = client.get(path)
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


def test_a_form_of_another_page_is_still_403(bo: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bo, "django.contrib.auth.backends.ModelBackend")
    answer = client.patch("/api/v1/settings/me/", {"hold_minutes": 2}, content_type="application/json")
    assert answer.status_code == 403
    assert "WWW-Authenticate" not in answer


def test_neither_a_revoked_token_nor_one_of_somebody_deactivated_works(token: str, browser: Client, bo: User) -> None:
    User.objects.filter(pk=bo.pk).update(is_active=False)
    assert program(token).get("/api/v1/calls/").status_code == 401
    User.objects.filter(pk=bo.pk).update(is_active=True)
    assert program(token).get("/api/v1/calls/").status_code == 200
    assert browser.delete(f"{API}{ApiToken.objects.get().pk}/").status_code == 204
    assert program(token).get("/api/v1/calls/").status_code == 401


def test_only_the_digest_is_kept(token: str) -> None:
    kept = str(ApiToken.objects.values().get())
    assert token not in kept
    assert token.removeprefix("mlc_") not in kept


def test_the_list_tells_no_token_and_nobody_elses(token: str, browser: Client, aino: User, browser_of: Browser) -> None:
    (listed,) = browser.get(API).json()
    assert set(listed) == {"id", "name", "created_at", "last_used_at"}
    assert browser_of(aino).get(API).json() == []
    assert browser_of(aino).delete(f"{API}{listed['id']}/").status_code == 404
    assert ApiToken.objects.count() == 1


def test_times_are_in_utc(token: str, browser: Client) -> None:
    program(token).get("/api/v1/calls/")
    (listed,) = browser.get(API).json()
    made = ApiToken.objects.get()
    for name, at in (("created_at", made.created_at), ("last_used_at", made.last_used_at)):
        assert listed[name].endswith("Z")
        assert datetime.datetime.fromisoformat(listed[name]) == at


def test_the_last_use_is_noted_once_a_minute(token: str) -> None:
    program(token).get("/api/v1/calls/")
    first = ApiToken.objects.get().last_used_at
    assert first is not None
    program(token).get("/api/v1/calls/")
    assert ApiToken.objects.get().last_used_at == first
    ApiToken.objects.update(last_used_at=timezone.now() - datetime.timedelta(minutes=2))
    program(token).get("/api/v1/calls/")
    again = ApiToken.objects.get().last_used_at
    assert again is not None
    assert again > timezone.now() - datetime.timedelta(minutes=1)


def test_a_token_needs_a_name_and_there_are_not_too_many(browser: Client, bo: User) -> None:
    assert browser.post(API, {}, content_type="application/json").status_code == 400
    ApiToken.objects.bulk_create(ApiToken(user=bo, name="x", digest=str(place)) for place in range(MOST_TOKENS))
    answer = browser.post(API, {"name": "one more"}, content_type="application/json")
    assert (answer.status_code, set(answer.json())) == (400, {"name"})


def test_making_one_needs_the_browsers_own_page(bo: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(bo, "django.contrib.auth.backends.ModelBackend")
    assert client.post(API, {"name": "elsewhere"}, content_type="application/json").status_code == 403


def test_the_schema_says_so(browser: Client) -> None:
    schema = browser.get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    assert schema["components"]["securitySchemes"]["apiToken"]["scheme"] == "bearer"
    assert {"apiToken": []} in schema["paths"]["/api/v1/calls/"]["get"]["security"]
    assert {"apiToken": []} not in schema["paths"]["/api/v1/tokens/"]["post"]["security"]


def test_on_the_page_a_token_is_made_shown_once_and_revoked(browser: Client) -> None:
    made = browser.post("/settings/tokens/", {"name": "Raportti"})
    assert (made.status_code, made["Location"]) == (302, "/settings/tokens/")
    assert browser.head("/settings/tokens/").status_code == 200
    first = browser.get("/settings/tokens/")
    shown = first.context["new_token"]
    assert shown in first.content.decode()
    assert "no-store" in first["Cache-Control"]
    page = browser.get("/settings/tokens/").content.decode()
    assert shown not in page
    assert "Raportti" in page
    assert program(shown).get("/api/v1/calls/").status_code == 200
    assert ApiToken.objects.count() == 1
    browser.post(f"/settings/tokens/{ApiToken.objects.get().pk}/revoke/")
    assert program(shown).get("/api/v1/calls/").status_code == 401


def test_until_it_is_shown_a_token_is_kept_encrypted(browser: Client) -> None:
    browser.post("/settings/tokens/", {"name": "Raportti"})
    kept = str(Session.objects.get().get_decoded())
    shown = browser.get("/settings/tokens/").context["new_token"]
    assert shown
    assert shown not in kept
    assert "token" not in str(Session.objects.get().get_decoded())
