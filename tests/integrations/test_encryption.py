"""Tokens and secrets are ciphertext in the database; keys can be rotated, and a lost one breaks no page."""

import logging
from collections.abc import Callable
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.db import connection as database
from django.test import Client
from pytest_django import Settings

from accounts.encryption import decrypt, encrypt
from accounts.models import User
from integrations.connections import client_for
from integrations.models import MustalinjaAccount, PendingRevocation, PipedriveConnection
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Connect = Callable[[User], PipedriveConnection]
COLUMNS = [
    ("integrations_pipedriveconnection", "access_token"),
    ("integrations_pipedriveconnection", "refresh_token"),
    ("integrations_mustalinjaaccount", "api_secret"),
    ("integrations_mustalinjaaccount", "secret"),
    ("integrations_mustalinjaaccount", "previous_secret"),
    ("integrations_pendingrevocation", "refresh_token"),
]


def stored(table: str, column: str) -> str:
    """What lies in the database."""
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {table}")  # noqa: S608 - names from the table above
        return str(cursor.fetchone()[0])


@pytest.fixture
def rows(bo: User, connected: Connect, mustalinja: MustalinjaAccount) -> dict[str, Any]:
    """A row of each table, by table."""
    mustalinja.previous_secret = "whsec_cHJldmlvdXM="
    mustalinja.save()
    return {
        "integrations_pipedriveconnection": connected(bo),
        "integrations_mustalinjaaccount": mustalinja,
        "integrations_pendingrevocation": PendingRevocation.objects.create(refresh_token="7001:1:abc"),
    }


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_it_is_ciphertext_in_the_database_and_plain_in_python(
    rows: dict[str, Any], table: str, column: str, settings: Settings
) -> None:
    plain, raw = getattr(rows[table], column), stored(table, column)
    assert plain
    assert plain not in raw
    assert raw.startswith("gAAAA")
    assert Fernet(settings.FIELD_ENCRYPTION_KEYS[0]).decrypt(raw).decode() == plain
    again = type(rows[table]).objects.get(pk=rows[table].pk)
    assert getattr(again, column) == plain


def test_no_other_column_holds_a_secret(rows: dict[str, Any]) -> None:
    secrets = [getattr(rows[table], column) for table, column in COLUMNS]
    with database.cursor() as cursor:
        for table in database.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {database.ops.quote_name(table)}")  # noqa: S608 - names of our own tables
            everything = str(cursor.fetchall())
            assert [secret for secret in secrets if secret in everything] == [], table


def test_the_same_text_is_another_ciphertext_each_time() -> None:
    assert encrypt("secret") != encrypt("secret")


@pytest.mark.parametrize("text", ["x", "ä€漢字", "a" * 10_000, "\n\0"])
def test_any_text_comes_back(text: str) -> None:
    assert decrypt(encrypt(text)) == text


def test_empty_stays_empty(rows: dict[str, Any]) -> None:
    MustalinjaAccount.objects.update(previous_secret="")
    assert stored("integrations_mustalinjaaccount", "previous_secret") == ""
    assert MustalinjaAccount.objects.get().previous_secret == ""


class TestRotation:
    def test_after_a_key_was_put_in_front_the_old_is_readable_and_the_new_is_used(
        self, outside: Sandbox, rows: dict[str, Any], settings: Settings
    ) -> None:
        new = Fernet.generate_key().decode()
        old = settings.FIELD_ENCRYPTION_KEYS
        settings.FIELD_ENCRYPTION_KEYS = [new, *old]
        connection = PipedriveConnection.objects.get()
        assert client_for(connection).me().email == connection.email
        connection.save()
        raw = stored("integrations_pipedriveconnection", "access_token")
        assert Fernet(new).decrypt(raw).decode() == connection.access_token
        with pytest.raises(InvalidToken):
            Fernet(old[0]).decrypt(raw)

    def test_a_removed_key_leaves_empty_values_and_a_critical_line(
        self, rows: dict[str, Any], settings: Settings, caplog: pytest.LogCaptureFixture
    ) -> None:
        settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        connection = PipedriveConnection.objects.get()
        assert (connection.access_token, connection.refresh_token) == ("", "")
        assert MustalinjaAccount.objects.get().valid_secrets() == [""]
        assert {record.levelname for record in caplog.records} == {"CRITICAL"}
        assert "PipedriveConnection.access_token" in caplog.text
        assert "gAAAA" not in caplog.text

    @pytest.mark.parametrize("path", ["/integrations/", "/integrations/mustalinja/", "/team/"])
    def test_no_page_breaks_then(
        self,
        outside: Sandbox,
        rows: dict[str, Any],
        settings: Settings,
        aino: User,
        browser_of: Callable[[User], Client],
        path: str,
    ) -> None:
        settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        assert browser_of(aino).get(path).status_code == 200

    def test_a_lost_signing_secret_lets_nobody_in(self, rows: dict[str, Any], settings: Settings) -> None:
        settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        key = rows["integrations_mustalinjaaccount"].webhook_key
        for mode, authorization in (("bearer", "Bearer "), ("basic", "Basic Og=="), ("signed", "")):
            MustalinjaAccount.objects.update(webhook_auth=mode)
            answer = Client().post(
                f"/webhooks/mustalinja/{key}/",
                data=b"{}",
                content_type="application/json",
                headers={"authorization": authorization},
            )
            assert answer.status_code == 401


def test_working_with_keys_is_never_logged(
    rows: dict[str, Any], settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    decrypt(encrypt("a secret"))
    PipedriveConnection.objects.get().save()
    assert [each for each in ("a secret", "gAAAA", settings.FIELD_ENCRYPTION_KEYS[0]) if each in caplog.text] == []
