"""Logging in and out, and choosing a new password by mail."""

from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.accounts.browser import PASSWORD, in_english, is_logged_in, link_in, log_in, path_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
Mails = list[EmailMessage]
NEW = "syksyn-lehdet-42"


class TestLogIn:
    @pytest.mark.parametrize("email", ["bo@esimerkki.example", "BO@Esimerkki.Example", " bo@esimerkki.example "])
    def test_email_and_password_open_the_overview(self, bo: User, email: str) -> None:
        client = Client()
        answer = log_in(client, email=email)
        assert (answer.status_code, answer["Location"]) == (302, "/integrations/")
        assert is_logged_in(client)

    @pytest.mark.parametrize(
        ("email", "password"),
        [
            ("bo@esimerkki.example", "wrong"),
            ("bo@esimerkki.example", ""),
            ("nobody@esimerkki.example", PASSWORD),
            ("", PASSWORD),
            ("bo", PASSWORD),
        ],
    )
    def test_anything_else_does_not(self, bo: User, email: str, password: str) -> None:
        client = Client()
        assert log_in(client, email=email, password=password).status_code == 200
        assert not is_logged_in(client)

    def test_a_wrong_password_and_an_unknown_email_are_answered_alike(self, bo: User) -> None:
        def errors(email: str) -> Any:
            return log_in(in_english(Client()), email=email, password="wrong").context["form"].errors

        assert errors(bo.email) == errors("nobody@esimerkki.example")

    def test_a_deactivated_person_does_not_get_in(self, bo: User) -> None:
        User.objects.filter(pk=bo.pk).update(is_active=False)
        client = Client()
        log_in(client, email=bo.email)
        assert not is_logged_in(client)

    def test_a_person_deactivated_meanwhile_is_out_at_once(self, bo: User, browser_of: Browser) -> None:
        client = browser_of(bo)
        User.objects.filter(pk=bo.pk).update(is_active=False)
        assert client.get("/integrations/")["Location"].startswith("/accounts/login/")

    def test_it_leads_back_to_the_page_that_was_asked_for(self, bo: User) -> None:
        client = Client()
        asked = client.get("/calls/?status=waiting")
        assert asked["Location"] == "/accounts/login/?next=/calls/%3Fstatus%3Dwaiting"
        answer = client.post(asked["Location"], {"login": bo.email, "password": PASSWORD, "next": "/calls/"})
        assert answer["Location"] == "/calls/"

    @pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)"])
    def test_it_leads_nowhere_else(self, bo: User, elsewhere: str) -> None:
        fields = {"login": bo.email, "password": PASSWORD, "next": elsewhere}
        assert Client().post("/accounts/login/", fields)["Location"] == "/integrations/"

    def test_guessing_is_stopped(self, bo: User) -> None:
        client = Client()
        for _try in range(12):
            log_in(client, email=bo.email, password="wrong")
        log_in(client, email=bo.email)
        assert not is_logged_in(client)

    def test_it_needs_the_csrf_token(self, bo: User) -> None:
        answer = log_in(Client(enforce_csrf_checks=True), email=bo.email)
        assert answer.status_code == 403


class TestLogOut:
    def test_a_post_logs_out(self, bo: User, browser_of: Browser) -> None:
        client = browser_of(bo)
        assert client.post("/accounts/logout/")["Location"] == "/"
        assert not is_logged_in(client)
        assert client.get("/calls/").status_code == 302

    def test_a_link_alone_does_not(self, bo: User, browser_of: Browser) -> None:
        client = browser_of(bo)
        assert client.get("/accounts/logout/").status_code == 200
        assert is_logged_in(client)


def ask_for_reset(email: str, **options: Any) -> Any:
    return Client().post("/accounts/password/reset/", {"email": email}, **options)


class TestNewPassword:
    def test_the_whole_way(self, bo: User, mailoutbox: Mails) -> None:
        assert ask_for_reset(bo.email)["Location"] == "/accounts/password/reset/done/"
        client = Client()
        form = client.get(path_of(link_in(mailoutbox[0])), follow=True)
        path = form.redirect_chain[-1][0]
        answer = client.post(path, {"password1": NEW, "password2": NEW})
        assert answer["Location"] == "/accounts/password/reset/key/done/"
        old, new = Client(), Client()
        log_in(old, email=bo.email)
        log_in(new, email=bo.email, password=NEW)
        assert (is_logged_in(old), is_logged_in(new)) == (False, True)

    def test_the_link_works_once(self, bo: User, mailoutbox: Mails) -> None:
        ask_for_reset(bo.email)
        path = path_of(link_in(mailoutbox[0]))
        client = Client()
        form = client.get(path, follow=True).redirect_chain[-1][0]
        client.post(form, {"password1": NEW, "password2": NEW})
        again = Client().get(path, follow=True)
        assert b'name="password1"' not in again.content

    def test_other_browsers_are_logged_out(self, bo: User, browser_of: Browser, mailoutbox: Mails) -> None:
        thief = Client()
        log_in(thief, email=bo.email)
        ask_for_reset(bo.email)
        client = Client()
        form = client.get(path_of(link_in(mailoutbox[0])), follow=True).redirect_chain[-1][0]
        client.post(form, {"password1": NEW, "password2": NEW})
        assert thief.get("/calls/").status_code == 302

    def test_a_weak_password_is_refused(self, bo: User, mailoutbox: Mails) -> None:
        ask_for_reset(bo.email)
        client = Client()
        form = client.get(path_of(link_in(mailoutbox[0])), follow=True).redirect_chain[-1][0]
        page = client.post(form, {"password1": "12345678", "password2": "12345678"})
        assert page.context["form"].errors
        bo.refresh_from_db()
        assert bo.check_password(PASSWORD)

    def test_an_unknown_email_is_answered_alike(self, bo: User, mailoutbox: Mails) -> None:
        known, unknown = ask_for_reset(bo.email), ask_for_reset("nobody@esimerkki.example")
        assert (known.status_code, known["Location"]) == (unknown.status_code, unknown["Location"])

    @pytest.mark.parametrize("email", ["bo@esimerkki.example", "nobody@esimerkki.example"])
    def test_the_link_begins_with_the_public_address(
        self, bo: User, mailoutbox: Mails, settings: Settings, email: str
    ) -> None:
        settings.SITE_URL = "https://connector.saashop.example"
        ask_for_reset(email, headers={"host": "127.0.0.1:8000"})
        assert link_in(mailoutbox[0]).startswith("https://connector.saashop.example/accounts/")
        assert "127.0.0.1" not in mailoutbox[0].body


def test_a_password_is_changed_with_the_old_one(bo: User) -> None:
    client = Client()
    log_in(client, email=bo.email)
    fields = {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW}
    wrong = client.post("/accounts/password/change/", fields | {"oldpassword": "wrong"})
    assert "oldpassword" in wrong.context["form"].errors
    client.post("/accounts/password/change/", fields)
    bo.refresh_from_db()
    assert bo.check_password(NEW)
    assert is_logged_in(client)
