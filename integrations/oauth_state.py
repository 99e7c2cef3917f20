"""What a browser's session remembers while its person is away at Pipedrive."""

import hmac
import json
import secrets
import time
from dataclasses import asdict, dataclass

from django.http import HttpRequest

from integrations.encryption import decrypt, encrypt
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
    return decrypt(install["code"])


def remember_grant(request: HttpRequest, waiting: WaitingGrant) -> None:
    """Keep tokens, encrypted, until the person has answered."""
    request.session[GRANT] = {"grant": encrypt(json.dumps(asdict(waiting))), "at": time.time()}


def remembered_grant(request: HttpRequest) -> WaitingGrant | None:
    """The tokens that wait for this person's answer."""
    kept = request.session.get(GRANT)
    if kept is None or time.time() - kept["at"] > GRANT_SECONDS:
        return None
    fields = json.loads(decrypt(kept["grant"]))
    return WaitingGrant(grant=TokenGrant(**fields["grant"]), pipedrive_user=PipedriveUser(**fields["pipedrive_user"]))


def forget_grant(request: HttpRequest) -> None:
    request.session.pop(GRANT, None)
