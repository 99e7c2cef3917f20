"""Tokens and secrets are encrypted column by column; a list of keys makes rotation possible."""

import logging
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models

logger = logging.getLogger(__name__)


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def encrypt(text: str) -> str:
    """Encrypt with the first of FIELD_ENCRYPTION_KEYS."""
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def decrypt(token: str) -> str:
    """Decrypt with whichever of FIELD_ENCRYPTION_KEYS fits.

    Raises:
        cryptography.fernet.InvalidToken: none of them does.
    """
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(token.encode()).decode()


def rotate(token: str) -> str:
    """The same text, encrypted anew with the first key.

    Raises:
        cryptography.fernet.InvalidToken: no key decrypts it.
    """
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).rotate(token.encode()).decode()


class EncryptedTextField(models.TextField[str, str]):
    """Text that lies encrypted in the database and is plain in Python. It cannot be searched."""

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return encrypt(value) if value else value

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        """Plain text; empty where no key fits, so that one lost key stops one connection and not the whole page."""
        if not value:
            return value
        try:
            return decrypt(value)
        except InvalidToken:
            logger.critical("%s: no key in FIELD_ENCRYPTION_KEYS decrypts a stored value", self)
            return ""
