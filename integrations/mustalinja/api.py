"""Mustalinja's REST API as docs/mustalinja.md assumes it: HTTP Basic with the company's API key and secret."""

import datetime
import json
from dataclasses import dataclass
from typing import Any

from integrations.errors import TryLaterError
from integrations.http import request_json

READ_SECONDS = 5.0
READ_SECONDS_OF_A_LIST = 15.0
LONGEST_CURSOR = 4096


@dataclass(frozen=True, kw_only=True)
class CallPage:
    """One page of the list of ended calls, oldest first.

    Attributes:
        bodies: each call as a webhook would bring it; whether it can be read is for the reader of webhooks to say.
        next_cursor: where the next page begins; empty at the end of the list.
    """

    bodies: list[bytes]
    next_cursor: str


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

    def numbers_of_users(self) -> list[str]:
        """The telephone numbers of the company's users, as Mustalinja writes them.

        Raises:
            IntegrationError: Mustalinja could not be asked.
        """
        return self._of_users("number")

    def emails_of_users(self) -> list[str]:
        """The email addresses of the company's users, as Mustalinja writes them.

        Raises:
            IntegrationError: Mustalinja could not be asked.
        """
        return self._of_users("email")

    def _of_users(self, field: str) -> list[str]:
        body = self._request("GET", "/v1/users")
        users = body.get("users") if isinstance(body, dict) else None
        if not isinstance(users, list):
            raise TryLaterError("GET /v1/users: not the answer of Mustalinja")
        return [str(user[field]) for user in users if isinstance(user, dict) and user.get(field)]

    def calls(self, *, since: datetime.datetime, cursor: str = "") -> CallPage:
        """One page of the calls that ended since a time.

        Args:
            cursor: empty for the first page, then what the page before has given.

        Raises:
            NotFoundError: this Mustalinja has no such list.
            RefusedError: the cursor, or the request as a whole, is not accepted.
            IntegrationError: Mustalinja could not be asked.
        """
        params = {"since": since.astimezone(datetime.UTC).isoformat(timespec="seconds")}
        if cursor:
            params["cursor"] = cursor
        body = self._request("GET", "/v1/calls", params=params, read_seconds=READ_SECONDS_OF_A_LIST)
        calls = body.get("calls") if isinstance(body, dict) else None
        if not isinstance(calls, list):
            raise TryLaterError("GET /v1/calls: not the answer of Mustalinja")
        bodies = [json.dumps(call, ensure_ascii=False).encode() for call in calls]
        return CallPage(bodies=bodies, next_cursor=_cursor(body.get("next_cursor")))

    def register_webhook(self, *, url: str, secret: str) -> None:
        """Tell Mustalinja where the calls go and how to sign them.

        Raises:
            IntegrationError: Mustalinja did not take it.
        """
        self._request("PUT", "/v1/webhook", json={"url": url, "secret": secret, "events": ["call.ended"]})

    def _request(
        self, method: str, path: str, *, params: Any = None, json: Any = None, read_seconds: float = READ_SECONDS
    ) -> Any:
        return request_json(
            method,
            self.base_url + path,
            params=params,
            json=json,
            basic_auth=(self.api_key, self.api_secret),
            read_seconds=read_seconds,
        )


def _cursor(value: Any) -> str:
    """A text, or a number where a page is numbered. Without the place of the next page the list cannot be read on."""
    if value is None or value == "":
        return ""
    if isinstance(value, bool) or not isinstance(value, str | int) or len(str(value)) > LONGEST_CURSOR:
        raise TryLaterError("GET /v1/calls: next_cursor is no place in a list")
    return str(value)
