"""HTTP Basic as others send it to us."""

import base64
import binascii
import hmac


def credentials_in(authorization: str) -> tuple[str, str] | None:
    """User name and password of an `Authorization` header; None where it carries none."""
    scheme, _space, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, _colon, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        return None
    return name, password


def is_basic(authorization: str, *, user: str, password: str) -> bool:
    """Whether a header carries these credentials; none where ours are empty. Takes the same time for all wrong ones."""
    given = credentials_in(authorization)
    if given is None or not user or not password:
        return False
    return hmac.compare_digest(":".join(given).encode(), f"{user}:{password}".encode())
