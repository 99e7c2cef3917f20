"""The company admin links Mustalinja: credentials are tried first, the secret is shown once."""

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from integrations.models import MustalinjaAccount
from tests.accounts.browser import in_english
from tests.calls.events import deliver, ended_call, signed
from tests.sandbox.running_sandbox import Json, Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
PAGE = "/integrations/mustalinja/"
GOOD = {"api_key": "demo-key", "api_secret": "demo-secret"}
SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


@pytest.fixture
def admin(aino: User, browser_of: Browser) -> Client:
    return in_english(browser_of(aino))


def enter(client: Client, **changes: str) -> Any:
    return client.post(PAGE, GOOD | changes, follow=True)


def registered(outside: Sandbox) -> Json | None:
    """The webhook that Mustalinja knows of the first account."""
    webhook: Json | None = outside.order("mustalinja/control/state", "GET")["accounts"][0]["webhook"]
    return webhook


class TestRight:
    def test_they_are_saved_and_the_webhook_is_registered(self, outside: Sandbox, admin: Client, aino: User) -> None:
        page = enter(admin).content.decode()
        account = MustalinjaAccount.objects.get()
        assert (account.company, account.api_key, account.api_secret) == (aino.company, "demo-key", "demo-secret")
        assert (account.credentials_accepted, account.webhook_auth) == (True, "signed")
        assert account.webhook_registered_at is not None
        url = f"http://localhost:8000/webhooks/mustalinja/{account.webhook_key}/"
        assert url in page
        webhook = registered(outside)
        assert webhook is not None
        assert (webhook["url"], webhook["events"], webhook["auth"]) == (url, ["call.ended"], "signed")

    def test_the_secret_is_shown_once(self, outside: Sandbox, admin: Client) -> None:
        page = enter(admin).content.decode()
        assert SECRET.findall(page) == [MustalinjaAccount.objects.get().secret]
        assert SECRET.findall(admin.get(PAGE).content.decode()) == []

    def test_the_secret_that_is_shown_signs(self, outside: Sandbox, admin: Client, bo: User) -> None:
        secret = SECRET.findall(enter(admin).content.decode())[0]
        body = b'{"event": "call.started"}'
        assert deliver(MustalinjaAccount.objects.get(), body, **signed(secret, body)).status_code == 202

    def test_it_does_not_lie_plain_in_the_session(self, outside: Sandbox, admin: Client) -> None:
        admin.post(PAGE, GOOD)
        assert "mustalinja_secret_to_show" in admin.session
        assert SECRET.findall(str(dict(admin.session))) == []

    def test_posting_again_keeps_secret_and_address(self, outside: Sandbox, admin: Client) -> None:
        enter(admin)
        before = MustalinjaAccount.objects.get()
        page = enter(admin).content.decode()
        after = MustalinjaAccount.objects.get()
        assert (after.secret, after.webhook_key) == (before.secret, before.webhook_key)
        assert SECRET.findall(page) == []

    def test_the_api_secret_is_never_shown_again(self, outside: Sandbox, admin: Client) -> None:
        assert "demo-secret" not in enter(admin).content.decode()
        assert "demo-secret" not in admin.get(PAGE).content.decode()

    def test_a_webhook_that_cannot_be_registered_is_handed_over_by_hand(self, outside: Sandbox, admin: Client) -> None:
        outside.order("mustalinja/control/faults", path="v1/webhook", status=500)
        page = enter(admin).content.decode()
        assert "Give Mustalinja the webhook address and the signing secret below." in page
        assert SECRET.search(page)
        assert MustalinjaAccount.objects.get().webhook_registered_at is None

    def test_without_an_address_of_the_api_they_are_saved_untested(self, admin: Client, settings: Settings) -> None:
        settings.MUSTALINJA_API_URL = ""
        page = enter(admin, api_key="any").content.decode()
        account = MustalinjaAccount.objects.get()
        assert (account.credentials_accepted, account.credentials_checked_at) == (None, None)
        assert SECRET.search(page)


REFUSED: dict[str, tuple[dict[str, str], Json, str]] = {
    "a wrong secret": ({"api_secret": "wrong"}, {}, "does not accept these credentials"),
    "an unknown key": ({"api_key": "nobody"}, {}, "does not accept these credentials"),
    "letters that Latin-1 has not": ({"api_key": "ключ€"}, {}, "does not accept these credentials"),
    "no key": ({"api_key": ""}, {}, "This field is required"),
    "no secret": ({"api_secret": ""}, {}, "This field is required"),
    "a long key": ({"api_key": "x" * 256}, {}, "at most 255 characters"),
    "down": ({}, {"status": 503}, "does not answer right now"),
    "cut off": ({}, {"drop": True}, "does not answer right now"),
    "a page": ({}, {"status": 200, "html": True}, "does not answer right now"),
    "something else": ({}, {"status": 200, "body": []}, "does not answer right now"),
}


@pytest.mark.parametrize(("changes", "fault", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_what_does_not_work_is_an_error_of_the_form_and_nothing_is_saved(
    outside: Sandbox, admin: Client, changes: dict[str, str], fault: Json, sentence: str
) -> None:
    if fault:
        outside.order("mustalinja/control/faults", path="v1/account", **fault)
    page = enter(admin, **changes)
    assert page.status_code == 200
    assert sentence in page.content.decode()
    assert not MustalinjaAccount.objects.exists()
    assert registered(outside) is None


def test_wrong_new_credentials_leave_the_old_ones(outside: Sandbox, admin: Client) -> None:
    enter(admin)
    enter(admin, api_secret="wrong")
    account = MustalinjaAccount.objects.get()
    assert (account.api_secret, account.credentials_accepted) == ("demo-secret", True)


@pytest.mark.parametrize("path", [PAGE, f"{PAGE}rotate/", f"{PAGE}authentication/"])
def test_a_rep_gets_403_and_is_told_who_can(
    outside: Sandbox, mustalinja: MustalinjaAccount, bo: User, browser_of: Browser, path: str
) -> None:
    page = in_english(browser_of(bo)).post(path, GOOD | {"webhook_auth": "url"})
    assert page.status_code == 403
    assert "Only your company&#x27;s admin can open this page." in page.content.decode()
    assert MustalinjaAccount.objects.get().webhook_auth == "signed"


class TestRotation:
    def test_a_new_secret_is_shown_once_and_mustalinja_has_it(self, outside: Sandbox, admin: Client, bo: User) -> None:
        enter(admin)
        old = MustalinjaAccount.objects.get().secret
        page = admin.post(f"{PAGE}rotate/", follow=True).content.decode()
        account = MustalinjaAccount.objects.get()
        assert SECRET.findall(page) == [account.secret] != [old]
        assert SECRET.findall(admin.get(PAGE).content.decode()) == []
        requests = outside.order("mustalinja/control/state", "GET")["requests"]
        assert [each["status"] for each in requests if each["method"] == "PUT"] == [204, 204]

    def test_both_are_valid_for_24_hours(self, outside: Sandbox, admin: Client, bo: User) -> None:
        enter(admin)
        old = MustalinjaAccount.objects.get().secret
        page = admin.post(f"{PAGE}rotate/", follow=True).content.decode()
        assert "The previous signing secret still works until" in page
        account = MustalinjaAccount.objects.get()
        assert account.valid_secrets() == [account.secret, old]
        left = account.previous_secret_ends_at - timezone.now() if account.previous_secret_ends_at else None
        assert left is not None
        assert datetime.timedelta(hours=23, minutes=59) < left <= datetime.timedelta(hours=24)
        MustalinjaAccount.objects.update(previous_secret_ends_at=timezone.now())
        assert MustalinjaAccount.objects.get().valid_secrets() == [account.secret]

    def test_rotating_twice_leaves_the_last_two(self, outside: Sandbox, admin: Client) -> None:
        enter(admin)
        for _time in range(2):
            before = MustalinjaAccount.objects.get().secret
            admin.post(f"{PAGE}rotate/")
        assert MustalinjaAccount.objects.get().valid_secrets()[1:] == [before]

    def test_before_the_credentials_there_is_nothing_to_rotate(self, outside: Sandbox, admin: Client) -> None:
        page = admin.post(f"{PAGE}rotate/", follow=True)
        assert "Enter the Mustalinja credentials first." in page.content.decode()
        assert not MustalinjaAccount.objects.exists()


class TestAuthentication:
    @pytest.mark.parametrize("mode", ["bearer", "basic", "url", "signed"])
    def test_the_way_of_proof_is_changed(self, mustalinja: MustalinjaAccount, admin: Client, mode: str) -> None:
        page = admin.post(f"{PAGE}authentication/", {"webhook_auth": mode}, follow=True)
        assert "authentication was changed" in page.content.decode()
        assert MustalinjaAccount.objects.get().webhook_auth == mode

    def test_it_counts_at_once(self, mustalinja: MustalinjaAccount, admin: Client, bo: User) -> None:
        admin.post(f"{PAGE}authentication/", {"webhook_auth": "bearer"})
        assert deliver(mustalinja, ended_call()).status_code == 401
        proof = {"authorization": f"Bearer {mustalinja.secret}"}
        assert deliver(mustalinja, ended_call(), **proof).status_code == 202

    @pytest.mark.parametrize("mode", ["", "none", "SIGNED"])
    def test_another_word_changes_nothing(self, mustalinja: MustalinjaAccount, admin: Client, mode: str) -> None:
        page = admin.post(f"{PAGE}authentication/", {"webhook_auth": mode}, follow=True)
        assert "Choose one of the ways of authentication." in page.content.decode()
        assert MustalinjaAccount.objects.get().webhook_auth == "signed"
