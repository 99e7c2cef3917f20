"""Two-step login: its secrets lie encrypted in the database, as tokens do."""

from collections.abc import Iterator

from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.db import transaction

from accounts.encryption import decrypt, encrypt, rotate

SECRETS = ("secret", "seed")
"""Where an authenticator app and recovery codes keep theirs in `Authenticator.data`."""


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """Keeps the secrets of authenticator apps and recovery codes under FIELD_ENCRYPTION_KEYS."""

    def encrypt(self, text: str) -> str:
        return encrypt(text)

    def decrypt(self, encrypted_text: str) -> str:
        return decrypt(encrypted_text)


def reencrypt_second_factors() -> Iterator[tuple[int, bool]]:
    """Encrypt each secret with the first key; yield the authenticator's id, and whether a key could read it."""
    for pk in Authenticator.objects.values_list("pk", flat=True):
        with transaction.atomic():
            authenticator = Authenticator.objects.select_for_update().get(pk=pk)
            try:
                new = {name: rotate(authenticator.data[name]) for name in SECRETS if name in authenticator.data}
            except InvalidToken:
                yield pk, False
                continue
            authenticator.data |= new
            authenticator.save(update_fields=["data"])
        yield pk, True
