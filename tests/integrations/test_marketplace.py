"""An install begun in Pipedrive's Marketplace carries no state: nothing is bound before the person has said yes."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from accounts.licenses import issue_licenses
from accounts.models import User
from integrations.models import PendingRevocation, PipedriveConnection
from tests.accounts.browser import PASSWORD, in_english, link_in, log_in, path_of, sign_up
from tests.integrations.oauth import CONFIRM, OVERVIEW, code_for, come_back, grants, oauth_requests
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


def arrive(client: Client, outside: Sandbox, email: str) -> Any:
    """Come from the Marketplace and look at what is asked."""
    assert come_back(client, code=code_for(outside, email))["Location"] == CONFIRM
    return client.get(CONFIRM)


def put_back(client: Client, key: str, seconds: float) -> None:
    """Let what the session remembers be older."""
    session = client.session
    session[key] = {**session[key], "at": session[key]["at"] - seconds}
    session.save()


@pytest.fixture
def browser(bo: User, browser_of: Browser) -> Client:
    return in_english(browser_of(bo))


def answer(client: Client, fields: dict[str, str], **options: Any) -> Any:
    """Press a button of the page that asks."""
    question = client.get(CONFIRM).context["question"]
    return client.post(CONFIRM, {"question": question, **fields}, **options)


class TestLoggedIn:
    def test_the_page_names_both_sides_and_binds_nothing(self, outside: Sandbox, browser: Client, bo: User) -> None:
        page = arrive(browser, outside, bo.email)
        assert page.status_code == 200
        for named in ("Esimerkki Oy", bo.email, "Connect this Pipedrive account?"):
            assert named in page.content.decode()
        assert not PipedriveConnection.objects.exists()

    def test_saying_yes_connects(self, outside: Sandbox, browser: Client, bo: User) -> None:
        arrive(browser, outside, bo.email)
        page = answer(browser, {"decision": "connect"}, follow=True)
        assert page.redirect_chain[-1][0] == OVERVIEW
        assert "Pipedrive is connected: Esimerkki Oy." in page.content.decode()
        assert PipedriveConnection.objects.get().user == bo

    @pytest.mark.parametrize("fields", [{"decision": "cancel"}, {}, {"decision": "CONNECT"}, {"connect": "1"}])
    def test_anything_else_revokes_and_connects_nothing(
        self, outside: Sandbox, browser: Client, bo: User, fields: dict[str, str]
    ) -> None:
        arrive(browser, outside, bo.email)
        page = answer(browser, fields, follow=True)
        assert "Pipedrive was not connected." in page.content.decode()
        assert not PipedriveConnection.objects.exists()
        assert grants(outside) == [(bo.email, False)]

    def test_cancelling_while_pipedrive_is_down_is_made_up_for(
        self, outside: Sandbox, browser: Client, bo: User
    ) -> None:
        arrive(browser, outside, bo.email)
        outside.order("pipedrive/control/faults", path="oauth/revoke", status=503)
        answer(browser, {"decision": "cancel"})
        assert PendingRevocation.objects.count() == 1

    def test_looking_twice_exchanges_the_code_once(self, outside: Sandbox, browser: Client, bo: User) -> None:
        first = arrive(browser, outside, bo.email)
        second = browser.get(CONFIRM)
        assert (first.status_code, second.status_code) == (200, 200)
        assert len(oauth_requests(outside, "token")) == 1

    def test_the_answer_counts_once(self, outside: Sandbox, browser: Client, bo: User) -> None:
        arrive(browser, outside, bo.email)
        answer(browser, {"decision": "connect"})
        PipedriveConnection.objects.all().delete()
        assert browser.post(CONFIRM, {"decision": "connect"}).status_code == 400
        assert not PipedriveConnection.objects.exists()

    def test_the_answer_to_an_older_question_does_not_bind_a_newer_grant(
        self, outside: Sandbox, browser: Client, aino: User, bo: User
    ) -> None:
        question = arrive(browser, outside, bo.email).context["question"]
        arrive(browser, outside, aino.email)
        assert browser.post(CONFIRM, {"question": question, "decision": "connect"}).status_code == 400
        assert not PipedriveConnection.objects.exists()

    def test_cancelling_leaves_a_connection_in_use_alive(
        self, outside: Sandbox, browser: Client, bo: User, connected: Callable[[User], PipedriveConnection]
    ) -> None:
        connected(bo)
        arrive(browser, outside, bo.email)
        answer(browser, {"decision": "cancel"})
        assert oauth_requests(outside, "revoke") == []
        assert PipedriveConnection.objects.get().user == bo

    def test_an_answer_without_a_question_connects_nothing(self, outside: Sandbox, browser: Client) -> None:
        assert browser.post(CONFIRM, {"decision": "connect"}).status_code == 400
        assert browser.get(CONFIRM).status_code == 400
        assert oauth_requests(outside, "token") == []

    def test_another_browsers_question_cannot_be_answered(
        self, outside: Sandbox, browser: Client, aino: User, bo: User, browser_of: Browser
    ) -> None:
        arrive(browser_of(aino), outside, aino.email)
        assert browser.post(CONFIRM, {"decision": "connect"}).status_code == 400

    def test_the_answer_needs_the_csrf_token(self, outside: Sandbox, bo: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(bo, "django.contrib.auth.backends.ModelBackend")
        arrive(client, outside, bo.email)
        assert client.post(CONFIRM, {"decision": "connect"}).status_code == 403
        assert not PipedriveConnection.objects.exists()


class TestTooLate:
    def test_a_code_older_than_five_minutes_is_not_even_tried(
        self, outside: Sandbox, browser: Client, bo: User
    ) -> None:
        come_back(browser, code=code_for(outside, bo.email))
        put_back(browser, "pipedrive_install", 301)
        page = browser.get(CONFIRM)
        assert page.status_code == 400
        assert "older than the five minutes" in page.content.decode()
        assert oauth_requests(outside, "token") == []

    def test_a_code_that_pipedrive_finds_too_old_is_told_alike(
        self, outside: Sandbox, browser: Client, bo: User
    ) -> None:
        come_back(browser, code=code_for(outside, bo.email))
        outside.order("pipedrive/control/clock", advance_seconds=301)
        assert "older than the five minutes" in browser.get(CONFIRM).content.decode()

    def test_an_answer_after_half_an_hour_connects_nothing(self, outside: Sandbox, browser: Client, bo: User) -> None:
        arrive(browser, outside, bo.email)
        put_back(browser, "pipedrive_grant", 1_801)
        assert browser.post(CONFIRM, {"decision": "connect"}).status_code == 400
        assert not PipedriveConnection.objects.exists()

    @pytest.mark.parametrize("address", ["oauth/token", "users/me"])
    def test_pipedrive_being_down_is_told(self, outside: Sandbox, browser: Client, bo: User, address: str) -> None:
        outside.order("pipedrive/control/faults", path=address, status=503)
        page = arrive(browser, outside, bo.email)
        assert page.status_code == 400
        assert "did not answer as it should" in page.content.decode()


class TestNotLoggedIn:
    def test_logging_in_comes_first_then_the_question(self, outside: Sandbox, bo: User) -> None:
        client = in_english(Client())
        asked = arrive(client, outside, bo.email)
        assert asked["Location"] == f"/accounts/login/?next={CONFIRM}"
        logged_in = client.post(asked["Location"], {"login": bo.email, "password": PASSWORD, "next": CONFIRM})
        assert logged_in["Location"] == CONFIRM
        assert "Esimerkki Oy" in client.get(CONFIRM).content.decode()
        assert not PipedriveConnection.objects.exists()
        answer(client, {"decision": "connect"})
        assert PipedriveConnection.objects.get().user == bo

    def test_signing_up_comes_first_then_the_question(
        self, outside: Sandbox, db: None, mailoutbox: list[EmailMessage]
    ) -> None:
        code = issue_licenses(company_name="Esimerkki Oy", seats=1, valid_until=None)[0].code
        client = in_english(Client())
        arrive(client, outside, "aino@esimerkki.example")
        sign_up(client, email="uusi@esimerkki.example", code=code)
        client.post(path_of(link_in(mailoutbox[0])))
        log_in(client, email="uusi@esimerkki.example")
        assert "aino@esimerkki.example" in client.get(CONFIRM).content.decode()
        answer(client, {"decision": "connect"})
        assert PipedriveConnection.objects.get().user.email == "uusi@esimerkki.example"

    def test_without_a_company_the_license_comes_first_and_the_code_is_kept(
        self, outside: Sandbox, staff: User, browser_of: Browser
    ) -> None:
        client = browser_of(staff)
        assert arrive(client, outside, "aino@esimerkki.example")["Location"] == "/accounts/license/"
        code = issue_licenses(company_name="Kolmas Oy", seats=1, valid_until=None)[0].code
        client.post("/accounts/license/", {"license_code": code})
        assert client.get(CONFIRM).status_code == 200


def test_tokens_lie_encrypted_in_the_session(outside: Sandbox, browser: Client, bo: User) -> None:
    code = code_for(outside, bo.email)
    come_back(browser, code=code)
    assert code not in str(dict(browser.session))
    browser.get(CONFIRM)
    kept = str(dict(browser.session))
    assert "pipedrive_grant" in kept
    assert "v1u:" not in kept
    assert "7001:" not in kept
