"""Tokens, secrets and files with people's data are encrypted column by column."""

import logging
from typing import Any

from cryptography.fernet import InvalidToken
from django.db import models

from accounts.encryption import decrypt, decrypt_bytes, encrypt, encrypt_bytes

logger = logging.getLogger(__name__)


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


class EncryptedBinaryField(models.BinaryField[Any, bytes]):
    """Bytes that lie encrypted in the database and are plain in Python."""

    def get_prep_value(self, value: Any) -> Any:
        return encrypt_bytes(bytes(value)) if value else value

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> bytes:
        """Plain bytes; none where no key fits, as of a text."""
        if not value:
            return b""
        try:
            return decrypt_bytes(bytes(value))
        except InvalidToken:
            logger.critical("%s: no key in FIELD_ENCRYPTION_KEYS decrypts a stored value", self)
            return b""
