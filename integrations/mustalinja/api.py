"""Mustalinja's REST API as docs/mustalinja.md assumes it: HTTP Basic with the company's API key and secret."""

from dataclasses import dataclass
from typing import Any

from integrations.errors import TryLaterError
from integrations.http import request_json

READ_SECONDS = 5.0


@dataclass(frozen=True, kw_only=True)
class MustalinjaApi:
    """The API with one company's credentials."""

    base_url: str
    api_key: str
    api_secret: str

    def company_name(self) -> str:
        """The connection test: whose credentials these are.

        Raises:
            UnauthorizedError: the credentials are wrong.
            IntegrationError: Mustalinja could not be asked.
        """
        body = self._request("GET", "/v1/account")
        if not isinstance(body, dict):
            raise TryLaterError("GET /v1/account: not the answer of Mustalinja")
        return str(body.get("company") or "")

    def register_webhook(self, *, url: str, secret: str) -> None:
        """Tell Mustalinja where the calls go and how to sign them.

        Raises:
            IntegrationError: Mustalinja did not take it.
        """
        self._request("PUT", "/v1/webhook", json={"url": url, "secret": secret, "events": ["call.ended"]})

    def _request(self, method: str, path: str, *, json: Any = None) -> Any:
        return request_json(
            method,
            self.base_url + path,
            json=json,
            basic_auth=(self.api_key, self.api_secret),
            read_seconds=READ_SECONDS,
        )
