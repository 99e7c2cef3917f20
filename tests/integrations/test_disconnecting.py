"""Disconnecting forgets the tokens here and revokes them there, now or as soon as Pipedrive answers."""

from collections.abc import Callable

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from integrations.connections import retry_revocations, revoke
from integrations.models import PendingRevocation, PipedriveConnection
from tests.accounts.browser import in_english
from tests.integrations.oauth import grants, oauth_requests
from tests.sandbox.running_sandbox import Json, Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
Connect = Callable[[User], PipedriveConnection]
DISCONNECT = "/integrations/pipedrive/disconnect/"


def test_it_forgets_the_tokens_and_revokes_them(
    outside: Sandbox, bo: User, connected: Connect, browser_of: Browser
) -> None:
    connected(bo)
    page = in_english(browser_of(bo)).post(DISCONNECT, follow=True)
    assert "Pipedrive is disconnected." in page.content.decode()
    assert not PipedriveConnection.objects.exists()
    assert not PendingRevocation.objects.exists()
    assert grants(outside) == [(bo.email, False)]


def test_only_the_own_connection_goes(
    outside: Sandbox, aino: User, bo: User, connected: Connect, browser_of: Browser
) -> None:
    connected(aino)
    connected(bo)
    browser_of(bo).post(DISCONNECT)
    assert PipedriveConnection.objects.get().user == aino
    assert grants(outside) == [(aino.email, True), (bo.email, False)]


def test_without_a_connection_it_does_no_harm(outside: Sandbox, bo: User, browser_of: Browser) -> None:
    assert browser_of(bo).post(DISCONNECT, follow=True).status_code == 200
    assert oauth_requests(outside, "revoke") == []


DOWN: dict[str, Json] = {
    "down": {"status": 503},
    "asked too often": {"status": 429},
    "cut off": {"drop": True},
    "not our credentials": {"status": 401},
    "refused": {"status": 400},
}


@pytest.mark.parametrize("fault", DOWN.values(), ids=DOWN.keys())
def test_while_pipedrive_cannot_be_told_the_token_is_kept_and_told_later(
    outside: Sandbox, bo: User, connected: Connect, browser_of: Browser, fault: Json
) -> None:
    connected(bo)
    outside.order("pipedrive/control/faults", path="oauth/revoke", times=2, **fault)
    assert browser_of(bo).post(DISCONNECT, follow=True).status_code == 200
    assert not PipedriveConnection.objects.exists()
    retry_revocations()
    assert PendingRevocation.objects.count() == 1
    assert grants(outside) == [(bo.email, True)]
    retry_revocations()
    assert not PendingRevocation.objects.exists()
    assert grants(outside) == [(bo.email, False)]


def test_one_that_pipedrive_refuses_does_not_hold_up_the_others(outside: Sandbox, bo: User, connected: Connect) -> None:
    for token in ("first", connected(bo).refresh_token):
        PendingRevocation.objects.create(refresh_token=token)
    outside.order("pipedrive/control/faults", path="oauth/revoke", status=400)
    retry_revocations()
    assert PendingRevocation.objects.count() == 1
    assert grants(outside) == [(bo.email, False)]


def test_while_pipedrive_is_down_the_rest_is_not_asked(outside: Sandbox, db: None) -> None:
    for token in ("first", "second", "third"):
        PendingRevocation.objects.create(refresh_token=token)
    outside.order("pipedrive/control/faults", path="oauth/revoke", status=503, times=9)
    retry_revocations()
    assert PendingRevocation.objects.count() == 3
    assert len(oauth_requests(outside, "revoke")) == 1


def test_a_token_that_no_key_reads_is_given_up(
    outside: Sandbox, bo: User, connected: Connect, settings: Settings
) -> None:
    refresh_token = connected(bo).refresh_token
    PendingRevocation.objects.create(refresh_token="lost")
    settings.FIELD_ENCRYPTION_KEYS = ["3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
    PendingRevocation.objects.create(refresh_token=refresh_token)
    retry_revocations()
    assert not PendingRevocation.objects.exists()
    assert grants(outside) == [(bo.email, False)]


def test_nothing_is_revoked_for_nothing(outside: Sandbox, db: None) -> None:
    revoke("")
    assert oauth_requests(outside, "revoke") == []
    assert not PendingRevocation.objects.exists()
