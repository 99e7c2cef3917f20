"""Two-step login: turning it on, logging in with it, losing the phone, and turning it off."""

import re
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet
from django.core.cache import cache
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from tests.accounts.browser import PASSWORD, in_english, is_logged_in, log_in
from tests.authenticator_app import code_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
SECURITY = "/accounts/security/"


def turn_on(client: Client) -> tuple[str, list[str]]:
    """Turn it on as a person does; return the app's secret and the recovery codes."""
    cache.clear()
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get(f"{SECURITY}totp/activate/").content.decode()
    assert 'src="data:image/svg+xml;base64,' in page
    found = re.search(r"<code>([A-Z2-7]+)</code>", page)
    assert found is not None
    answer = client.post(f"{SECURITY}totp/activate/", {"code": code_of(found[1])}, follow=True)
    return found[1], re.findall(r"<code>(\d{8})</code>", answer.content.decode())


@pytest.fixture
def protected(bo: User, browser_of: Browser) -> tuple[str, list[str]]:
    return turn_on(in_english(browser_of(bo)))


def test_after_the_password_a_code_is_asked_for(bo: User, protected: tuple[str, list[str]]) -> None:
    client = in_english(Client())
    answer = log_in(client, email=bo.email)
    assert answer["Location"] == f"{SECURITY}authenticate/"
    assert not is_logged_in(client)
    refused = client.post(answer["Location"], {"code": "000000"})
    assert "Incorrect code" in refused.content.decode()
    assert not is_logged_in(client)
    Authenticator.objects.filter(type="totp").update(last_used_at=None)
    cache.clear()
    client.post(answer["Location"], {"code": code_of(protected[0])})
    assert is_logged_in(client)


def test_a_recovery_code_lets_in_once(bo: User, protected: tuple[str, list[str]]) -> None:
    assert len(protected[1]) == 10
    for may in (True, False):
        client = Client()
        client.post(log_in(client, email=bo.email)["Location"], {"code": protected[1][0]})
        assert is_logged_in(client) is may


@pytest.mark.django_db(transaction=True)
def test_turning_it_on_and_off_is_told_by_mail(bo: User, browser_of: Browser, mailoutbox: list[EmailMessage]) -> None:
    client = in_english(browser_of(bo))
    turn_on(client)
    assert "Two-step login" in client.get(SECURITY).content.decode()
    client.post(f"{SECURITY}totp/deactivate/")
    assert not Authenticator.objects.exists()
    mails = [(mail.to, mail.subject) for mail in mailoutbox]
    assert ([bo.email], "Two-step login is on") in mails
    assert ([bo.email], "Two-step login is off") in mails


def test_its_secrets_lie_encrypted_and_follow_the_keys(protected: tuple[str, list[str]], settings: Settings) -> None:
    stored: dict[str, Any] = dict(Authenticator.objects.values_list("type", "data"))
    assert protected[0] not in str(stored)
    new_key = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new_key, *settings.FIELD_ENCRYPTION_KEYS]
    out = StringIO()
    call_command("reencrypt", stdout=out)
    assert out.getvalue().startswith("2 values are encrypted with the first key; 0 could")
    settings.FIELD_ENCRYPTION_KEYS = [new_key]
    totp = Authenticator.objects.get(type="totp")
    totp.last_used_at = None
    assert totp.wrap().validate_code(code_of(protected[0]))


@pytest.mark.parametrize("language", ["fi", "en"])
def test_its_pages_are_in_our_layout(bo: User, browser_of: Browser, language: str) -> None:
    client = browser_of(bo)
    client.cookies["django_language"] = language
    turn_on(client)
    paths = ("", "totp/deactivate/", "recovery-codes/", "recovery-codes/generate/", "reauthenticate/")
    for path in paths:
        html = client.get(SECURITY + path).content.decode()
        assert f'<html lang="{language}">' in html
        assert html.count("<h1") == 1, path
        assert 'class="site-header"' in html
        assert "Two-Factor" not in html
