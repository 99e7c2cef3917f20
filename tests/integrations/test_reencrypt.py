"""Rotating the encryption key: a new one in front, everything encrypted anew, the old one dropped."""

from collections.abc import Callable
from io import StringIO

from cryptography.fernet import Fernet
from django.core.management import call_command
from pytest_django import Settings

from accounts.models import User
from integrations.models import MustalinjaAccount, PipedriveConnection
from tests.sandbox.running_sandbox import Sandbox


def reencrypt() -> str:
    out = StringIO()
    call_command("reencrypt", stdout=out, stderr=StringIO())
    return out.getvalue().strip()


def test_the_old_key_can_go_afterwards(
    outside: Sandbox,
    connected: Callable[[User], PipedriveConnection],
    bo: User,
    mustalinja: MustalinjaAccount,
    settings: Settings,
) -> None:
    before = connected(bo)
    new_key = Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [new_key, *settings.FIELD_ENCRYPTION_KEYS]
    assert reencrypt() == "5 values are encrypted with the first key; 0 could not be read."
    settings.FIELD_ENCRYPTION_KEYS = [new_key]
    after = PipedriveConnection.objects.get()
    assert (after.access_token, after.refresh_token) == (before.access_token, before.refresh_token)
    account = MustalinjaAccount.objects.get()
    assert (account.secret, account.api_secret) == (mustalinja.secret, "demo-secret")


def test_what_no_key_decrypts_is_named_and_left(mustalinja: MustalinjaAccount, settings: Settings) -> None:
    old_keys = settings.FIELD_ENCRYPTION_KEYS
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
    assert reencrypt() == "0 values are encrypted with the first key; 2 could not be read."
    settings.FIELD_ENCRYPTION_KEYS = old_keys
    assert MustalinjaAccount.objects.get().secret == mustalinja.secret
