"""A new secret on its way to the one page on which its person sees it: kept encrypted in the browser's session."""

from cryptography.fernet import InvalidToken
from django.http import HttpRequest

from accounts.encryption import decrypt, encrypt


def keep_to_show(request: HttpRequest, secret: str, *, under: str) -> None:
    """Have the next page show a secret."""
    request.session[under] = encrypt(secret)


def take_to_show(request: HttpRequest, *, under: str) -> str | None:
    """The secret that this page is to show; no later page gets it."""
    if request.method == "HEAD" or under not in request.session:
        return None
    try:
        return decrypt(request.session.pop(under))
    except InvalidToken:
        return None
