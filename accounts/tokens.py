"""API tokens: made by a person for a program, shown once, and revoked."""

import datetime
import secrets
from hashlib import sha256

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import ApiToken, User

PREFIX = "mlc_"
"""So that people and scanners for leaked secrets know what it is."""
USED_AGAIN_AFTER = datetime.timedelta(minutes=1)
MOST_TOKENS = 50


class TooManyTokensError(Exception):
    """A person has as many tokens as anybody may have."""


def make_token(user: User, *, name: str) -> tuple[ApiToken, str]:
    """A new token and its key, which nobody can be shown again.

    Raises:
        TooManyTokensError: an old one has to be revoked first.
    """
    if ApiToken.objects.filter(user=user).count() >= MOST_TOKENS:
        raise TooManyTokensError
    key = PREFIX + secrets.token_urlsafe(32)
    return ApiToken.objects.create(user=user, name=name, digest=_digest(key)), key


def token_of(key: str) -> ApiToken | None:
    """The token with a key, if its person may still log in; it is noted that it was used."""
    tokens = ApiToken.objects.select_related("user__company").filter(user__is_active=True)
    token = tokens.filter(digest=_digest(key)).first()
    if token is not None:
        _note_use(token)
    return token


def _note_use(token: ApiToken) -> None:
    """At most once a minute: it is for people, and a program may ask many times a second."""
    now = timezone.now()
    is_stale = Q(last_used_at__isnull=True) | Q(last_used_at__lt=now - USED_AGAIN_AFTER)
    if token.last_used_at is None or token.last_used_at < now - USED_AGAIN_AFTER:
        ApiToken.objects.filter(is_stale, pk=token.pk).update(last_used_at=now)


def revoke_token(user: User, pk: int) -> bool:
    """End one of a person's tokens; False when they have none of that number."""
    mine: QuerySet[ApiToken] = ApiToken.objects.filter(user=user, pk=pk)
    return bool(mine.delete()[0])


def _digest(key: str) -> str:
    return sha256(key.encode()).hexdigest()
