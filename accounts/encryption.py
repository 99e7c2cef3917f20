"""Secrets are encrypted where they are kept; a list of keys makes rotation possible."""

from functools import lru_cache

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


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
    return _decrypt(tuple(settings.FIELD_ENCRYPTION_KEYS), token)


@lru_cache(maxsize=512)
def _decrypt(keys: tuple[str, ...], token: str) -> str:
    """Remembered by what was encrypted, so never out of date: a webhook's secrets are needed for each delivery, and
    each takes 0.05 ms.
    """
    return _fernet(keys).decrypt(token.encode()).decode()


def encrypt_bytes(content: bytes) -> bytes:
    """Encrypt a part of a file with the first of FIELD_ENCRYPTION_KEYS."""
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).encrypt(content)


def decrypt_bytes(token: bytes) -> bytes:
    """Decrypt it with whichever of FIELD_ENCRYPTION_KEYS fits; not remembered, since it is large.

    Raises:
        cryptography.fernet.InvalidToken: none of them does.
    """
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).decrypt(token)


def rotate(token: str) -> str:
    """The same text, encrypted anew with the first key.

    Raises:
        cryptography.fernet.InvalidToken: no key decrypts it.
    """
    return _fernet(tuple(settings.FIELD_ENCRYPTION_KEYS)).rotate(token.encode()).decode()
