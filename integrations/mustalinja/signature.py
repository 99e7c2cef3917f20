"""Webhook signatures by Standard Webhooks: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md.

Own code and not the `standardwebhooks` package, because that decodes and parses the body before it is done: a signed
body that is not UTF-8 or not JSON must be told from a forged one, since it is kept. The tests sign with the package.
"""

import base64
import hashlib
import hmac
import secrets
import time
from collections.abc import Iterable, Mapping

PREFIX = "whsec_"
TOLERANCE_SECONDS = 300


def new_secret() -> str:
    """A signing secret of 256 bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def is_signed(*, headers: Mapping[str, str], body: bytes, valid_secrets: Iterable[str]) -> bool:
    """Whether one of the secrets signed this delivery within the last five minutes (or will, by a fast clock)."""
    delivery_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not delivery_id or not timestamp.isascii() or not timestamp.isdigit() or len(timestamp) > 12:
        return False
    if abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    content = f"{delivery_id}.{timestamp}.".encode() + body
    expected = [_signature(secret, content) for secret in valid_secrets if secret]
    given = [part.removeprefix("v1,") for part in headers.get("webhook-signature", "").split() if part[:3] == "v1,"]
    return any(hmac.compare_digest(signature.encode(), wanted.encode()) for signature in given for wanted in expected)


def _signature(secret: str, content: bytes) -> str:
    key = base64.b64decode(secret.removeprefix(PREFIX))
    return base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()
