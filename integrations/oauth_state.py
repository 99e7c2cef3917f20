"""What a browser's session remembers while its person is away at Pipedrive."""

import hmac
import json
import secrets
import time
from dataclasses import asdict, dataclass

from cryptography.fernet import InvalidToken
from django.http import HttpRequest

from accounts.encryption import decrypt, encrypt
from integrations.pipedrive.oauth import CODE_SECONDS
from integrations.pipedrive.payloads import PipedriveUser, TokenGrant

STATE = "pipedrive_oauth_state"
INSTALL = "pipedrive_install"
GRANT = "pipedrive_grant"
GRANT_SECONDS = 1800


@dataclass(frozen=True, kw_only=True)
class WaitingGrant:
    """Tokens that Pipedrive has given and whose person has not yet said yes."""

    grant: TokenGrant
    pipedrive_user: PipedriveUser
    question: str
    """Which page asked: the answer of an older one must not bind a newer grant."""


def new_state(request: HttpRequest) -> str:
    """A state for one trip to the consent page; an earlier one of this session ends."""
    state = secrets.token_urlsafe(24)
    request.session[STATE] = state
    return state


def take_state(request: HttpRequest, *, given: str) -> bool:
    """Whether this is the state we gave to this session. It is used up either way."""
    expected: str = request.session.pop(STATE, "")
    return bool(expected) and hmac.compare_digest(expected.encode(), given.encode())


def remember_install(request: HttpRequest, *, code: str) -> None:
    """Keep the code of an install that began in Pipedrive's Marketplace until the person has logged in."""
    request.session[INSTALL] = {"code": encrypt(code), "at": time.time()}
    request.session.pop(GRANT, None)


def take_install_code(request: HttpRequest) -> str | None:
    """The remembered code, once, as long as Pipedrive accepts it."""
    install = request.session.pop(INSTALL, None)
    if install is None or time.time() - install["at"] > CODE_SECONDS:
        return None
    return _decrypted(install["code"])


def remember_grant(request: HttpRequest, *, grant: TokenGrant, pipedrive_user: PipedriveUser) -> WaitingGrant:
    """Keep tokens, encrypted, until the person has answered."""
    waiting = WaitingGrant(grant=grant, pipedrive_user=pipedrive_user, question=secrets.token_urlsafe(12))
    request.session[GRANT] = {"grant": encrypt(json.dumps(asdict(waiting))), "at": time.time()}
    return waiting


def remembered_grant(request: HttpRequest) -> WaitingGrant | None:
    """The tokens that wait for this person's answer."""
    kept = request.session.get(GRANT)
    if kept is None or time.time() - kept["at"] > GRANT_SECONDS:
        return None
    text = _decrypted(kept["grant"])
    if text is None:
        return None
    fields = json.loads(text)
    return WaitingGrant(
        grant=TokenGrant(**fields["grant"]),
        pipedrive_user=PipedriveUser(**fields["pipedrive_user"]),
        question=fields["question"],
    )


def _decrypted(token: str) -> str | None:
    """The text, or None where its key has been dropped since."""
    try:
        return decrypt(token)
    except InvalidToken:
        return None


def forget_grant(request: HttpRequest) -> None:
    request.session.pop(GRANT, None)
