"""The requests to Pipedrive's API that the portal makes. No database here; tokens come from who calls.

Costs are in Pipedrive's own tokens a request (https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting).
"""

import datetime
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any

from integrations.errors import (
    AccountClosedError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
    UnauthorizedError,
)
from integrations.http import READ_SECONDS, request_json
from integrations.pipedrive.operations import TOKENS, Operation
from integrations.pipedrive.payloads import (
    Activity,
    Deal,
    Person,
    PersonPage,
    PipedriveUser,
    User,
    custom_phone_fields,
    understood,
)

PAGES_AT_MOST = 5
"""A number that more than 500 search hits share is no number; stop asking."""
LARGEST_PAGE = 500
CUSTOM_FIELDS_AT_MOST = 15
"""So many can be asked for by name; who has more gets all of them."""
NOT_CARRIED_OUT = (401, 429)
"""Whether other refused requests cost tokens is not documented; they are counted, to be on the safe side."""

Spent = Callable[[Operation, int, Mapping[str, str]], None]
"""Told of each request that was answered: what for, the tokens it cost by the price list, the answer's headers."""


def _nothing_spent(_operation: Operation, _tokens: int, _headers: Mapping[str, str]) -> None:
    """For requests that nobody counts."""


def _at_once(_operation: Operation) -> None:
    """For requests that need not wait."""


def _nobody_told() -> None:
    """For requests whose answer nobody waits for."""


class PipedriveClient:
    """Pipedrive with the eyes and hands of one user.

    Args:
        base_url: without `/api`.
        access_token: called with the token that was refused (or None) and gives the one to use.
        read_seconds: how long to wait for an answer.
        before: called before each request leaves; returns when it may, or raises an `IntegrationError`.
        spent: told of each answered request.
        answered: told when Pipedrive has carried a request out or refused it, so that it is known to work.
    """

    def __init__(
        self,
        *,
        base_url: str,
        access_token: Callable[[str | None], str],
        read_seconds: float = READ_SECONDS,
        before: Callable[[Operation], None] = _at_once,
        spent: Spent = _nothing_spent,
        answered: Callable[[], None] = _nobody_told,
    ) -> None:
        self._base_url = base_url
        self._access_token = access_token
        self._read_seconds = read_seconds
        self._before = before
        self._spent = spent
        self._answered = answered
        self.answered_at: datetime.datetime | None = None
        """When Pipedrive gave its latest answer, by its own clock; None where it did not say."""

    def me(self) -> PipedriveUser:
        """The user whose token this is (2 tokens)."""
        answer = self._request(Operation.PROFILE, "GET", "/api/v1/users/me")
        with understood("GET /api/v1/users/me"):
            return PipedriveUser.from_json(answer["data"])

    def users(self) -> list[User]:
        """Everybody in the company, the deactivated and deleted too (20 tokens)."""
        answer = self._request(Operation.USERS, "GET", "/api/v1/users")
        with understood("GET /api/v1/users"):
            return [User.from_json(user) for user in answer["data"] or []]

    def active_activity_types(self) -> dict[str, str]:
        """The `key_string`s of the activity types that may be used, with their names (20 tokens)."""
        answer = self._request(Operation.TYPES, "GET", "/api/v1/activityTypes")
        with understood("GET /api/v1/activityTypes"):
            types = answer["data"] or []
            return {
                str(kind["key_string"]): str(kind.get("name") or kind["key_string"])
                for kind in types
                if kind.get("active_flag")
            }

    def search_persons_by_phone(self, digits: str) -> list[Person]:
        """Persons whose phone fields may contain the digits (20 tokens a page of 100).

        What matches is Pipedrive's secret and includes deleted persons: verify every hit.
        """
        query = {"term": digits, "fields": "phone", "exact_match": "false", "limit": "100"}
        pages = self._pages(Operation.SEARCH, "/api/v2/persons/search", query)
        with understood("GET /api/v2/persons/search"):
            return [Person.from_search_hit(hit["item"]) for page in pages for hit in page["data"]["items"]]

    def persons(self, person_ids: list[int]) -> list[Person]:
        """The persons of these ids (100 at most) that are not deleted (10 tokens)."""
        query = {"ids": ",".join(map(str, person_ids)), "limit": "100"}
        answer = self._request(Operation.SEARCH, "GET", "/api/v2/persons", tokens=10, params=query)
        with understood("GET /api/v2/persons"):
            found = answer["data"] or []
            return [person for person in map(Person.from_json, found) if not person.is_deleted]

    def person(self, person_id: int, *, phone_fields: list[str] | None = None) -> Person:
        """One person (1 token).

        Raises:
            NotFoundError: deleted for good, or not for this user's eyes.
        """
        answer = self._request(Operation.PERSON, "GET", f"/api/v2/persons/{person_id}")
        with understood("GET /api/v2/persons/…"):
            return Person.from_json(answer["data"], phone_fields=phone_fields or ())

    def all_persons(self, *, cursor: str, phone_fields: list[str]) -> PersonPage:
        """A page of all persons that are not deleted, by id (10 tokens for 500). An empty cursor: the first page."""
        return self._person_page(Operation.SWEEP, {"sort_by": "id"}, cursor=cursor, phone_fields=phone_fields)

    def changed_persons(self, *, since: datetime.datetime, cursor: str, phone_fields: list[str]) -> PersonPage:
        """A page of the persons that were made or changed since a time, the oldest change first (10 tokens for 500).
        Deleted ones never show.
        """
        query = {"updated_since": _whole_seconds(since), "sort_by": "update_time", "sort_direction": "asc"}
        return self._person_page(Operation.CHANGES, query, cursor=cursor, phone_fields=phone_fields)

    def _person_page(
        self, operation: Operation, query: dict[str, str], *, cursor: str, phone_fields: list[str]
    ) -> PersonPage:
        query = query | {"limit": str(LARGEST_PAGE)} | ({"cursor": cursor} if cursor else {})
        if 0 < len(phone_fields) <= CUSTOM_FIELDS_AT_MOST:
            query["custom_fields"] = ",".join(phone_fields)
        answer = self._request(operation, "GET", "/api/v2/persons", params=query)
        with understood("GET /api/v2/persons"):
            return PersonPage.from_json(answer, phone_fields=phone_fields)

    def custom_phone_fields(self) -> list[str]:
        """The keys of the custom fields of persons that hold a telephone number (10 tokens)."""
        query = {"limit": str(LARGEST_PAGE)}
        with understood("GET personFields"):
            try:
                pages = list(self._pages(Operation.FIELDS, "/api/v2/personFields", query))
            except NotFoundError:
                pages = [self._request(Operation.FIELDS, "GET", "/api/v1/personFields", tokens=20, params=query)]
            return custom_phone_fields([field for page in pages for field in page["data"] or []])

    def create_person(self, *, name: str, number: str, owner_id: int) -> Person:
        """Create a person with one number (5 tokens).

        Raises:
            OutcomeUnknownError: it may exist.
            RefusedError, UnauthorizedError, TryLaterError: it was not created.
        """
        body = {
            "name": name,
            "owner_id": owner_id,
            "phones": [{"value": number, "primary": True, "label": "mobile"}],
        }
        answer = self._request(Operation.NEW_PERSON, "POST", "/api/v2/persons", json=body, repeatable=False)
        try:
            return Person.from_json(answer["data"])
        except (AttributeError, TypeError, KeyError, ValueError) as error:
            raise OutcomeUnknownError("POST /api/v2/persons: an answer without the person") from error

    def organization_name(self, organization_id: int) -> str:
        """What an organization is called (1 token).

        Raises:
            NotFoundError: deleted, or not for this user's eyes.
        """
        answer = self._request(Operation.ORGANIZATION, "GET", f"/api/v2/organizations/{organization_id}")
        with understood("GET /api/v2/organizations/…"):
            return str(answer["data"]["name"] or "")

    def open_deals(self, *, person_id: int, limit: int) -> list[Deal]:
        """A person's open deals, the newest first (10 tokens)."""
        query = {"person_id": str(person_id), "status": "open", "sort_by": "add_time", "sort_direction": "desc"}
        answer = self._request(Operation.DEALS, "GET", "/api/v2/deals", params=query | {"limit": str(limit)})
        with understood("GET /api/v2/deals"):
            return [Deal.from_json(deal) for deal in answer["data"] or []]

    def webhooks(self) -> dict[int, str]:
        """The addresses of the active webhooks that this user may see, by id (10 tokens). The documents do not agree on
        whether those are the app's own or the whole company's.
        """
        answer = self._request(Operation.WEBHOOKS, "GET", "/api/v1/webhooks")
        with understood("GET /api/v1/webhooks"):
            active = [webhook for webhook in answer["data"] or [] if webhook.get("is_active", 1)]
            return {int(webhook["id"]): str(webhook.get("subscription_url") or "") for webhook in active}

    def register_webhook(self, *, entity: str, name: str, url: str, user: str, password: str) -> int:
        """Have everything that happens to a kind of thing told to `url`, and give the webhook's id (10 tokens).

        Raises:
            RefusedError: among others when Pipedrive does not reach the address.
        """
        body = {
            "subscription_url": url,
            "event_action": "*",
            "event_object": entity,
            "name": name,
            "http_auth_user": user,
            "http_auth_password": password,
            "version": "2.0",
        }
        answer = self._request(Operation.WEBHOOKS, "POST", "/api/v1/webhooks", json=body)
        with understood("POST /api/v1/webhooks"):
            return int(answer["data"]["id"])

    def delete_webhook(self, webhook_id: int) -> None:
        """End a webhook (6 tokens)."""
        self._request(Operation.WEBHOOKS, "DELETE", f"/api/v1/webhooks/{webhook_id}", tokens=6)

    def create_activity(self, body: Mapping[str, Any]) -> int:
        """Create an activity and give its id (5 tokens).

        Raises:
            OutcomeUnknownError: it may exist; look with `activity_with_reference` before sending again.
            RefusedError, UnauthorizedError, TryLaterError: it was not created.
        """
        answer = self._request(Operation.ACTIVITY, "POST", "/api/v2/activities", json=dict(body), repeatable=False)
        try:
            return int(answer["data"]["id"])
        except (TypeError, KeyError, ValueError) as error:
            raise OutcomeUnknownError("POST /api/v2/activities: an answer without the activity's id") from error

    def delete_activity(self, activity_id: int) -> None:
        """Delete an activity (3 tokens). One that is not there any more is none to delete.

        Raises:
            RefusedError: among others when this user may not delete activities.
        """
        with suppress(NotFoundError):
            self._request(Operation.DELETION, "DELETE", f"/api/v2/activities/{activity_id}")

    def mark_activity_done(self, activity_id: int) -> None:
        """Mark an activity as done (5 tokens); doing it again changes nothing.

        Raises:
            NotFoundError: it is deleted.
        """
        self._request(Operation.ACTIVITY, "PATCH", f"/api/v2/activities/{activity_id}", json={"done": True})

    def is_activity_open(self, activity_id: int) -> bool:
        """Whether an activity is there and not done (1 token)."""
        try:
            return self.activity(activity_id).is_open
        except NotFoundError:
            return False

    def activity(self, activity_id: int) -> Activity:
        """One activity (1 token).

        Raises:
            NotFoundError: deleted, or not for this user's eyes.
        """
        answer = self._request(Operation.LOOK, "GET", f"/api/v2/activities/{activity_id}", tokens=1)
        with understood("GET /api/v2/activities/…"):
            return Activity.from_json(answer["data"])

    def open_activities(self, *, person_id: int, owner_id: int) -> list[Activity]:
        """A user's activities with a person that are not done (10 tokens a page of 500)."""
        query = {"person_id": str(person_id), "owner_id": str(owner_id), "done": "false", "limit": str(LARGEST_PAGE)}
        pages = self._pages(Operation.LOOK, "/api/v2/activities", query)
        with understood("GET /api/v2/activities"):
            return [Activity.from_json(activity) for page in pages for activity in page["data"] or []]

    def activity_with_reference(
        self, *, reference: str, since: datetime.datetime, person_id: int | None, owner_id: int
    ) -> int | None:
        """The id of the activity whose note carries our reference, or None (10 tokens a page).

        Looked for among those of a person; where `person_id` is None, or Pipedrive refuses to list that person's
        because it is deleted or hidden by now, among a rep's.
        """
        if person_id is not None:
            try:
                return self._activity_among({"person_id": str(person_id)}, reference=reference, since=since)
            except AccountClosedError:
                raise
            except RefusedError:
                pass
        return self._activity_among({"owner_id": str(owner_id)}, reference=reference, since=since)

    def _activity_among(self, whose: dict[str, str], *, reference: str, since: datetime.datetime) -> int | None:
        query = whose | {
            "updated_since": _whole_seconds(since),
            "sort_by": "add_time",
            "sort_direction": "desc",
            "limit": "500",
        }
        with understood("GET /api/v2/activities"):
            for page in self._pages(Operation.LOOK, "/api/v2/activities", query):
                for activity in page["data"] or []:
                    if reference in str(activity.get("note") or ""):
                        return int(activity["id"])
        return None

    def _pages(self, operation: Operation, path: str, query: dict[str, str]) -> Iterator[Any]:
        cursor: str | None = None
        for _page in range(PAGES_AT_MOST):
            answer = self._request(operation, "GET", path, params=query | ({"cursor": cursor} if cursor else {}))
            yield answer
            cursor = (answer.get("additional_data") or {}).get("next_cursor")
            if not cursor:
                return

    def _request(
        self,
        operation: Operation,
        method: str,
        path: str,
        *,
        tokens: int | None = None,
        repeatable: bool = True,
        **kwargs: Any,
    ) -> Any:
        """One request; when the access token is refused, once more with a fresh one. A 401 created nothing."""

        def heard(status: int, headers: Mapping[str, str]) -> None:
            cost = TOKENS[operation] if tokens is None else tokens
            self.answered_at = _date(headers)
            self._spent(operation, 0 if status in NOT_CARRIED_OUT else cost, headers)

        def send(token: str) -> Any:
            self._before(operation)
            return self._send(method, path, token, repeatable=repeatable, heard=heard, **kwargs)

        token = self._access_token(None)
        try:
            try:
                answer = send(token)
            except UnauthorizedError:
                answer = send(self._access_token(token))
        except AccountClosedError:
            raise
        except RefusedError:
            self._answered()
            raise
        self._answered()
        return answer

    def _send(self, method: str, path: str, token: str, **kwargs: Any) -> Any:
        headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        return request_json(method, self._base_url + path, headers=headers, read_seconds=self._read_seconds, **kwargs)


def _date(headers: Mapping[str, str]) -> datetime.datetime | None:
    """The time in the header `Date`: https://www.rfc-editor.org/rfc/rfc9110#section-6.6.1."""
    try:
        return parsedate_to_datetime(headers.get("Date", "")).astimezone(datetime.UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _whole_seconds(moment: datetime.datetime) -> str:
    """Fractions of a second are answered with 400."""
    return moment.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
