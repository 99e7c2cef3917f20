"""The requests to Pipedrive's API that the portal makes. No database here; tokens come from who calls.

Costs are in Pipedrive's own tokens a request (https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting).
"""

import datetime
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from integrations.errors import OutcomeUnknownError, UnauthorizedError
from integrations.http import READ_SECONDS, request_json
from integrations.pipedrive.payloads import Person, PipedriveUser, understood

PAGES_AT_MOST = 5
"""A number that more than 500 search hits share is no number; stop asking."""


class PipedriveClient:
    """Pipedrive with the eyes and hands of one user.

    Args:
        base_url: without `/api`.
        access_token: called with the token that was refused (or None) and gives the one to use.
        read_seconds: how long to wait for an answer.
    """

    def __init__(
        self, *, base_url: str, access_token: Callable[[str | None], str], read_seconds: float = READ_SECONDS
    ) -> None:
        self._base_url = base_url
        self._access_token = access_token
        self._read_seconds = read_seconds

    def me(self) -> PipedriveUser:
        """The user whose token this is (2 tokens)."""
        answer = self._request("GET", "/api/v1/users/me")
        with understood("GET /api/v1/users/me"):
            return PipedriveUser.from_json(answer["data"])

    def active_activity_types(self) -> set[str]:
        """The `key_string`s of the activity types that may be used (20 tokens)."""
        answer = self._request("GET", "/api/v1/activityTypes")
        with understood("GET /api/v1/activityTypes"):
            types = answer["data"] or []
            return {str(kind["key_string"]) for kind in types if kind.get("active_flag")}

    def search_persons_by_phone(self, digits: str) -> list[Person]:
        """Persons whose phone fields may contain the digits (20 tokens a page of 100).

        What matches is Pipedrive's secret and includes deleted persons: verify every hit.
        """
        query = {"term": digits, "fields": "phone", "exact_match": "false", "limit": "100"}
        pages = self._pages("/api/v2/persons/search", query)
        with understood("GET /api/v2/persons/search"):
            return [Person.from_search_hit(hit["item"]) for page in pages for hit in page["data"]["items"]]

    def persons(self, person_ids: list[int]) -> list[Person]:
        """The persons of these ids (100 at most) that are not deleted (10 tokens)."""
        query = {"ids": ",".join(map(str, person_ids)), "limit": "100"}
        answer = self._request("GET", "/api/v2/persons", params=query)
        with understood("GET /api/v2/persons"):
            found = answer["data"] or []
            return [person for person in map(Person.from_json, found) if not person.is_deleted]

    def person(self, person_id: int) -> Person:
        """One person (1 token).

        Raises:
            NotFoundError: deleted for good, or not for this user's eyes.
        """
        answer = self._request("GET", f"/api/v2/persons/{person_id}")
        with understood("GET /api/v2/persons/…"):
            return Person.from_json(answer["data"])

    def create_activity(self, body: Mapping[str, Any]) -> int:
        """Create an activity and give its id (5 tokens).

        Raises:
            OutcomeUnknownError: it may exist; look with `activity_with_reference` before sending again.
            RefusedError, UnauthorizedError, TryLaterError: it was not created.
        """
        answer = self._request("POST", "/api/v2/activities", json=dict(body), repeatable=False)
        try:
            return int(answer["data"]["id"])
        except (TypeError, KeyError, ValueError) as error:
            raise OutcomeUnknownError("POST /api/v2/activities: an answer without the activity's id") from error

    def activity_with_reference(
        self, *, reference: str, since: datetime.datetime, person_id: int | None, owner_id: int
    ) -> int | None:
        """The id of the activity whose note carries our reference, or None (10 tokens a page).

        Looked for among those of a person, or of a rep where `person_id` is None. `updated_since` takes whole seconds
        only; fractions are answered with 400.
        """
        whose = {"owner_id": str(owner_id)} if person_id is None else {"person_id": str(person_id)}
        query = whose | {
            "updated_since": since.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "sort_by": "add_time",
            "sort_direction": "desc",
            "limit": "500",
        }
        with understood("GET /api/v2/activities"):
            for page in self._pages("/api/v2/activities", query):
                for activity in page["data"] or []:
                    if reference in str(activity.get("note") or ""):
                        return int(activity["id"])
        return None

    def _pages(self, path: str, query: dict[str, str]) -> Iterator[Any]:
        cursor: str | None = None
        for _page in range(PAGES_AT_MOST):
            answer = self._request("GET", path, params=query | ({"cursor": cursor} if cursor else {}))
            yield answer
            cursor = (answer.get("additional_data") or {}).get("next_cursor")
            if not cursor:
                return

    def _request(self, method: str, path: str, *, repeatable: bool = True, **kwargs: Any) -> Any:
        """One request; when the access token is refused, once more with a fresh one. A 401 created nothing."""
        token = self._access_token(None)
        try:
            return self._send(method, path, token, repeatable=repeatable, **kwargs)
        except UnauthorizedError:
            return self._send(method, path, self._access_token(token), repeatable=repeatable, **kwargs)

    def _send(self, method: str, path: str, token: str, **kwargs: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return request_json(method, self._base_url + path, headers=headers, read_seconds=self._read_seconds, **kwargs)
