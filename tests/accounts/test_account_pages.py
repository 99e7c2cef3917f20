"""Every page of the account library looks like ours, in both languages."""

import re
from collections.abc import Callable

import pytest
from django.core.mail import EmailMessage
from django.test import Client

from accounts.models import User
from tests.accounts.browser import link_in, path_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
INLINE_SCRIPT = re.compile(r"<script(?![^>]*\ssrc=)|<script[^>]*>[^<]")

FOR_ANYBODY = [
    "/accounts/signup/",
    "/accounts/login/",
    "/accounts/inactive/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/wrong-key/",
    "/accounts/password/reset/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/done/",
    "/accounts/password/reset/key/1-wrong-key/",
]
FOR_PEOPLE = [
    "/accounts/logout/",
    "/accounts/email/",
    "/accounts/password/change/",
    "/accounts/reauthenticate/",
    "/accounts/license/",
]


def check_layout(html: str, language: str) -> None:
    assert f'<html lang="{language}">' in html
    assert 'href="/static/css/portal.css"' in html
    assert 'class="site-header"' in html
    assert "asiakaspalvelu@saashop.fi" in html
    assert html.count("<h1") == 1
    assert "<style" not in html
    assert "style=" not in html
    assert INLINE_SCRIPT.search(html) is None


@pytest.mark.parametrize("language", ["fi", "en"])
@pytest.mark.parametrize("path", FOR_ANYBODY)
def test_a_page_for_anybody_is_in_our_layout(path: str, language: str) -> None:
    client = Client()
    client.cookies["django_language"] = language
    page = client.get(path, follow=True)
    assert page.status_code == 200
    check_layout(page.content.decode(), language)


@pytest.mark.parametrize("language", ["fi", "en"])
@pytest.mark.parametrize("path", FOR_PEOPLE)
def test_a_page_for_people_is_in_our_layout(bo: User, browser_of: Browser, path: str, language: str) -> None:
    client = browser_of(bo)
    client.cookies["django_language"] = language
    page = client.get(path)
    assert page.status_code == 200
    check_layout(page.content.decode(), language)


@pytest.mark.parametrize("language", ["fi", "en"])
def test_the_form_for_a_new_password_is_in_our_layout(bo: User, mailoutbox: list[EmailMessage], language: str) -> None:
    client = Client()
    client.cookies["django_language"] = language
    client.post("/accounts/password/reset/", {"email": bo.email})
    page = client.get(path_of(link_in(mailoutbox[0])), follow=True)
    assert 'name="password1"' in page.content.decode()
    check_layout(page.content.decode(), language)


@pytest.mark.parametrize("language", ["fi", "en"])
def test_the_form_of_a_refused_sign_up_is_in_our_layout(language: str) -> None:
    client = Client()
    client.cookies["django_language"] = language
    page = client.post("/accounts/signup/", {"email": "x"})
    check_layout(page.content.decode(), language)


def test_without_a_choice_the_language_is_the_browsers_and_else_finnish() -> None:
    for accepted, language in {"en-GB,en;q=0.9": "en", "fi-FI": "fi", "sv,de;q=0.5": "fi", "": "fi"}.items():
        page = Client().get("/accounts/login/", headers={"accept-language": accepted})
        check_layout(page.content.decode(), language)


def test_mails_are_signed_by_us_and_carry_one_link(bo: User, mailoutbox: list[EmailMessage]) -> None:
    for email in (bo.email, "nobody@esimerkki.example"):
        Client().post("/accounts/password/reset/", {"email": email})
    for mail in mailoutbox:
        assert link_in(mail)
        assert "asiakaspalvelu@saashop.fi" in mail.body
        assert "Mustalinja Connector" in mail.subject
        assert "example.com" not in mail.body
    assert [mail.to for mail in mailoutbox] == [[bo.email], ["nobody@esimerkki.example"]]
