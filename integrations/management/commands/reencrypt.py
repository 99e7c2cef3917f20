"""`manage.py reencrypt`: encrypt every stored token and secret with the first key, so that older keys can go."""

from collections.abc import Iterator
from typing import Any

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.core.management.base import BaseCommand
from django.db import connection, models

from accounts.encryption import rotate
from integrations.encryption import EncryptedBinaryField, EncryptedTextField
from integrations.second_factor import reencrypt_second_factors


class Command(BaseCommand):
    help = "Encrypts every stored token and secret with the first of FIELD_ENCRYPTION_KEYS."

    def handle(self, **options: Any) -> None:
        done = lost = 0
        for model, field in _encrypted_fields():
            for pk, token in _stored(model, field):
                try:
                    done += _replace(model, field, pk=pk, old=token, new=_rotated(token))
                except InvalidToken:
                    lost += 1
                    self.stderr.write(f"{model.__name__} {pk}: no key decrypts {field.name}")
        for pk, could_be_read in reencrypt_second_factors():
            done += could_be_read
            lost += not could_be_read
            if not could_be_read:
                self.stderr.write(f"Authenticator {pk}: no key decrypts its secret")
        self.stdout.write(f"{done} values are encrypted with the first key; {lost} could not be read.")


def _encrypted_fields() -> Iterator[tuple[type[models.Model], models.Field[Any, Any]]]:
    for model in apps.get_models():
        for field in model._meta.get_fields():
            if isinstance(field, EncryptedTextField | EncryptedBinaryField):
                yield model, field


def _rotated(token: Any) -> Any:
    """A text or the bytes of a file, with the first key."""
    return rotate(token) if isinstance(token, str) else rotate(bytes(token).decode()).encode()


def _stored(model: type[models.Model], field: models.Field[Any, Any]) -> list[tuple[Any, Any]]:
    """The ciphertexts as they lie in the table; the field itself would decrypt them."""
    table, column = _names(model, field)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id, {column} FROM {table} WHERE {column} <> ''")  # noqa: S608 - names of our own models
        return list(cursor.fetchall())


def _replace(model: type[models.Model], field: models.Field[Any, Any], *, pk: Any, old: Any, new: Any) -> int:
    """Only what nobody has changed meanwhile: a token refreshed since is newer, and encrypted with the first key."""
    table, column = _names(model, field)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s AND {column} = %s", [new, pk, old])  # noqa: S608
        return int(cursor.rowcount)


def _names(model: type[models.Model], field: models.Field[Any, Any]) -> tuple[str, str]:
    quote = connection.ops.quote_name
    return quote(model._meta.db_table), quote(str(field.column))
