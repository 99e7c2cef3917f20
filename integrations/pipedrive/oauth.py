"""Pipedrive's OAuth 2.0: https://pipedrive.readme.io/docs/marketplace-oauth-authorization. No database here."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from integrations.errors import (
    AccountClosedError,
    GrantDiedError,
    IntegrationError,
    RefusedError,
    TryLaterError,
    UnauthorizedError,
)
from integrations.http import request_json
from integrations.pipedrive.payloads import TokenGrant, understood

_API_DOMAIN = re.compile(r"https://((?:[a-z0-9-]+\.)+pipedrive\.com)(?:[/?#].*)?", re.ASCII | re.IGNORECASE)
"""A pattern of what is right, and no parser: parsers differ about backslashes, look-alike letters and line breaks."""
CODE_SECONDS = 300
"""An authorization code lives for five minutes."""


class UntrustedDomainError(IntegrationError):
    """The token answer names an `api_domain` that is not Pipedrive's; our tokens must not go there."""


@dataclass(frozen=True, kw_only=True)
class OAuthApp:
    """The app registered with Pipedrive, and where its OAuth server is."""

    server: str
    client_id: str
    client_secret: str
    redirect_uri: str

    def authorize_url(self, *, state: str) -> str:
        query = urlencode({"client_id": self.client_id, "redirect_uri": self.redirect_uri, "state": state})
        return f"{self.server}/oauth/authorize?{query}"

    def exchange_code(self, *, code: str) -> TokenGrant:
        """Turn the code of a callback into tokens.

        Raises:
            GrantDiedError: the code is used, too old or not ours.
            IntegrationError: Pipedrive could not be asked.
        """
        return self._token({"grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri})

    def refresh(self, *, refresh_token: str) -> TokenGrant:
        """A new access token. The refresh token is not rotated and its 60 days begin anew.

        Raises:
            GrantDiedError: the person has to authorize again.
            IntegrationError: Pipedrive could not be asked.
        """
        return self._token({"grant_type": "refresh_token", "refresh_token": refresh_token})

    def revoke(self, *, refresh_token: str) -> None:
        """Uninstall the app for the user. Unknown tokens are fine (RFC 7009).

        Source: https://pipedrive.readme.io/docs/app-uninstallation
        """
        form = {"token": refresh_token, "token_type_hint": "refresh_token"}
        request_json("POST", f"{self.server}/oauth/revoke", form=form, basic_auth=self._credentials())

    def _token(self, form: Mapping[str, str]) -> TokenGrant:
        try:
            body = request_json("POST", f"{self.server}/oauth/token", form=form, basic_auth=self._credentials())
        except AccountClosedError:
            raise
        except RefusedError as error:
            if "invalid_grant" in error.vendor_message:
                raise GrantDiedError(str(error), vendor_message=error.vendor_message) from error
            raise TryLaterError(str(error), vendor_message=error.vendor_message) from error
        except UnauthorizedError as error:
            # Our own client id or secret is wrong: for us to mend, not for the person.
            raise TryLaterError(str(error), vendor_message=error.vendor_message) from error
        with understood("POST /oauth/token"):
            return TokenGrant.from_json(body)

    def _credentials(self) -> tuple[str, str]:
        return self.client_id, self.client_secret


def checked_api_domain(api_domain: str) -> str:
    """The `api_domain` of a token answer as a base URL.

    Raises:
        UntrustedDomainError: it is anything but https on the standard port of a host under `.pipedrive.com`.
    """
    found = _API_DOMAIN.fullmatch(api_domain)
    if found is None:
        raise UntrustedDomainError("the token answer names an api_domain outside .pipedrive.com")
    return f"https://{found[1].lower()}"
