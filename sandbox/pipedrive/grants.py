"""Who allowed the app what: codes, grants and access tokens.

https://pipedrive.readme.io/docs/marketplace-oauth-authorization: a code lives five minutes and works once; a
refresh token does not rotate and dies after 60 days without use.
"""

import datetime as dt
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.json_body import Json

CODE_LIFE = dt.timedelta(minutes=5)
IDLE_LIFE = dt.timedelta(days=60)


class InvalidGrantError(Exception):
    """The code or the refresh token is not good (any more)."""


@dataclass(frozen=True)
class Code:
    """An authorisation code on its way through the browser."""

    company_id: int
    user_id: int
    redirect_uri: str
    expires_at: dt.datetime


@dataclass
class Grant:
    """One user's permission, from installing to uninstalling."""

    company_id: int
    user_id: int
    refresh_token: str
    scopes: frozenset[str]
    installed_at: dt.datetime
    last_used: dt.datetime
    alive: bool = True


@dataclass
class AccessToken:
    """A bearer token of a grant."""

    value: str
    grant: Grant
    expires_at: dt.datetime


@dataclass
class Authorizations:
    """All codes, grants and tokens. Its owner holds the lock."""

    now: Callable[[], dt.datetime]
    codes: dict[str, Code] = field(default_factory=dict)
    grants: list[Grant] = field(default_factory=list)
    tokens: dict[str, AccessToken] = field(default_factory=dict)

    def issue_code(self, company_id: int, user_id: int, redirect_uri: str) -> str:
        """Make a code for the user who just said Allow."""
        code = secrets.token_hex(20)
        self.codes[code] = Code(company_id, user_id, redirect_uri, self.now() + CODE_LIFE)
        return code

    def redeem(self, value: str, redirect_uri: str, scopes: frozenset[str], seconds: int) -> AccessToken:
        """Turn a code into a grant and its first access token."""
        code = self.codes.pop(value, None)
        if code is None:
            raise InvalidGrantError("Invalid grant: authorization code is invalid")
        if code.expires_at <= self.now():
            raise InvalidGrantError("Invalid grant: authorization code has expired")
        if code.redirect_uri != redirect_uri:
            raise InvalidGrantError("Invalid grant: `redirect_uri` is invalid")
        refresh_token = f"{code.company_id}:{code.user_id}:{secrets.token_hex(20)}"
        now = self.now()
        grant = Grant(code.company_id, code.user_id, refresh_token, scopes, installed_at=now, last_used=now)
        self.grants.append(grant)
        return self._issue_token(grant, seconds)

    def refresh(self, refresh_token: str, seconds: int) -> AccessToken:
        """Make another access token; the earlier ones live on to their own end."""
        grant = self._living_grant(refresh_token)
        if grant is None or grant.last_used + IDLE_LIFE <= self.now():
            raise InvalidGrantError("Invalid grant: refresh token is invalid")
        grant.last_used = self.now()
        return self._issue_token(grant, seconds)

    def revoke(self, value: str) -> Grant | None:
        """Revoke (RFC 7009): a refresh token ends all the user's grants, an access token only itself."""
        if self.tokens.pop(value, None) is not None:
            return None
        grant = self._living_grant(value)
        if grant is not None:
            self.end_grants(grant.user_id)
        return grant

    def end_grants(self, user_id: int) -> list[Grant]:
        """End a user's grants and their tokens; return those that were still alive."""
        ended = [grant for grant in self.grants if grant.user_id == user_id and grant.alive]
        for grant in ended:
            grant.alive = False
        self.tokens = {value: token for value, token in self.tokens.items() if token.grant.alive}
        return ended

    def find(self, value: str) -> AccessToken | None:
        """Return a living access token."""
        token = self.tokens.get(value)
        return token if token and token.expires_at > self.now() else None

    def expire_tokens(self, user_id: int | None) -> int:
        """End access tokens now, one user's or everybody's; the grants live on."""
        chosen = [value for value, token in self.tokens.items() if user_id in (None, token.grant.user_id)]
        for value in chosen:
            del self.tokens[value]
        return len(chosen)

    def as_json(self) -> list[Json]:
        """Return the grants without their secrets."""
        return [
            {
                "company_id": grant.company_id,
                "user_id": grant.user_id,
                "alive": grant.alive,
                "scopes": sorted(grant.scopes),
                "installed_at": grant.installed_at.isoformat(),
                "last_used": grant.last_used.isoformat(),
                "access_tokens": sum(token.grant is grant for token in self.tokens.values()),
            }
            for grant in self.grants
        ]

    def _living_grant(self, refresh_token: str) -> Grant | None:
        matching = (grant for grant in self.grants if grant.alive and grant.refresh_token == refresh_token)
        return next(matching, None)

    def _issue_token(self, grant: Grant, seconds: int) -> AccessToken:
        value = f"v1u:{secrets.token_urlsafe(300)}"
        token = AccessToken(value, grant, self.now() + dt.timedelta(seconds=seconds))
        self.tokens[value] = token
        return token
