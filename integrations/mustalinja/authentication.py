"""Whether a webhook delivery comes from the company's Mustalinja: four modes, one a company (docs/mustalinja.md)."""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass

from integrations.basic_auth import credentials_in
from integrations.mustalinja.signature import is_signed


@dataclass(frozen=True, kw_only=True)
class WebhookCredentials:
    """What a company's deliveries are authenticated with.

    Attributes:
        mode: `signed`, `bearer`, `basic` or `url`.
        valid_secrets: one signing secret, or two while rotating.
    """

    mode: str
    valid_secrets: list[str]
    api_key: str
    api_secret: str


def is_authentic(*, credentials: WebhookCredentials, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether a delivery proves what its company's mode asks for. `headers` finds names in lower case."""
    authorization = headers.get("authorization", "")
    match credentials.mode:
        case "signed":
            return is_signed(headers=headers, body=body, valid_secrets=credentials.valid_secrets)
        case "bearer":
            return _is_bearer(authorization, credentials)
        case "basic":
            return _is_basic(authorization, credentials)
        case "url":
            return True
    return False


def _is_bearer(authorization: str, credentials: WebhookCredentials) -> bool:
    scheme, _space, token = authorization.partition(" ")
    return scheme.lower() == "bearer" and _is_one_of(token.strip(), credentials.valid_secrets)


def _is_basic(authorization: str, credentials: WebhookCredentials) -> bool:
    """The signing secret as password with any user name, or the API key and secret: systems offer one or the other."""
    given = credentials_in(authorization)
    if given is None:
        return False
    name, password = given
    is_api_key = hmac.compare_digest(name.encode(), credentials.api_key.encode())
    return _is_one_of(password, credentials.valid_secrets) or (
        is_api_key and _is_one_of(password, [credentials.api_secret])
    )


def _is_one_of(given: str, secrets: list[str]) -> bool:
    return any(hmac.compare_digest(given.encode(), secret.encode()) for secret in secrets if secret)
