"""Pipedrive's answers in our own types. Parsed leniently: its lists of values grow without notice."""

import datetime
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from integrations.errors import TryLaterError

LONGEST_NAME = 255


@contextmanager
def understood(where: str) -> Iterator[None]:
    """Reading an answer whose form is not the documented one is trouble at Pipedrive, not a fault of ours.

    Raises:
        TryLaterError: a field that must be there is missing or of another kind.
    """
    try:
        yield
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise TryLaterError(f"{where}: not an answer of the documented form") from error


@dataclass(frozen=True, kw_only=True)
class TokenGrant:
    """An answer of the token endpoint.

    Attributes:
        refresh_token: empty where the answer has none; then the one we have stays in force.
        expires_in: seconds until the access token ends.
        api_domain: `https://<company>.pipedrive.com`, not checked yet.
    """

    access_token: str
    refresh_token: str
    expires_in: int
    api_domain: str

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> "TokenGrant":
        return cls(
            access_token=str(body["access_token"]),
            refresh_token=str(body.get("refresh_token") or ""),
            expires_in=int(body.get("expires_in") or 3599),
            api_domain=str(body.get("api_domain") or ""),
        )


@dataclass(frozen=True, kw_only=True)
class PipedriveUser:
    """The user an access token belongs to, and the company it acts in."""

    user_id: int
    name: str
    email: str
    is_admin: bool
    company_id: int
    company_name: str
    company_domain: str

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "PipedriveUser":
        """From `GET /users/me`."""
        return cls(
            user_id=int(data["id"]),
            name=_name(data.get("name")),
            email=str(data.get("email") or "").lower(),
            is_admin=_is_admin(data),
            company_id=int(data["company_id"]),
            company_name=_name(data.get("company_name")),
            company_domain=_name(data.get("company_domain")),
        )


@dataclass(frozen=True, kw_only=True)
class User:
    """A user of a company, as its list of users and its webhooks give them.

    Attributes:
        is_admin: None where it is not told.
    """

    user_id: int
    name: str
    email: str
    is_admin: bool | None
    is_active: bool

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "User":
        return cls(
            user_id=int(data["id"]),
            name=_name(data.get("name")),
            email=str(data.get("email") or "").lower(),
            is_admin=_is_admin(data) if data.get("access") else None,
            is_active=data.get("active_flag") in (None, True, 1) and not data.get("is_deleted"),
        )


@dataclass(frozen=True, kw_only=True)
class Deal:
    """An open deal of a person."""

    deal_id: int
    added_at: str

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Deal":
        return cls(deal_id=int(data["id"]), added_at=str(data.get("add_time") or ""))


@dataclass(frozen=True, kw_only=True)
class Activity:
    """An activity, done or to be done.

    Attributes:
        person_id: the primary participant's.
        due_time: in UTC, as is the day then; None: any time on the day.
        note: HTML.
    """

    activity_id: int
    type: str
    owner_id: int | None
    person_id: int | None
    done: bool
    is_deleted: bool
    due_date: datetime.date | None
    due_time: datetime.time | None
    note: str

    @property
    def is_open(self) -> bool:
        return not self.done and not self.is_deleted

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Activity":
        due_date, due_time = _due(data.get("due_date"), data.get("due_time"))
        return cls(
            activity_id=int(data["id"]),
            type=str(data.get("type") or ""),
            owner_id=_id_of(data.get("owner_id")),
            person_id=_id_of(data.get("person_id")),
            done=bool(data["done"]),
            is_deleted=bool(data.get("is_deleted")),
            due_date=due_date,
            due_time=due_time,
            note=str(data.get("note") or ""),
        )


def _due(day: Any, time: Any) -> tuple[datetime.date | None, datetime.time | None]:
    """A day and a time as people plan them. What cannot be read is no time at all: one odd activity among many is no
    trouble at Pipedrive.
    """
    try:
        due_date = datetime.date.fromisoformat(day) if day else None
        return due_date, datetime.time.fromisoformat(time) if time else None
    except (TypeError, ValueError):
        return None, None


@dataclass(frozen=True, kw_only=True)
class Person:
    """A contact, with its phone fields as people typed them.

    Attributes:
        organization_name: only a search hit carries it.
        updated_at: None in a search hit, which does not carry it.
    """

    person_id: int
    name: str
    phones: tuple[str, ...]
    organization_id: int | None
    organization_name: str
    owner_id: int | None
    updated_at: datetime.datetime | None
    is_deleted: bool

    @classmethod
    def from_search_hit(cls, item: dict[str, Any]) -> "Person":
        """From an item of `GET /persons/search`: phones are bare strings, organisation and owner are objects."""
        return cls(
            person_id=int(item["id"]),
            name=_name(item.get("name")),
            phones=tuple(str(phone) for phone in item.get("phones") or []),
            organization_id=_id_of(item.get("organization")),
            organization_name=_name((item.get("organization") or {}).get("name")),
            owner_id=_id_of(item.get("owner")),
            updated_at=None,
            is_deleted=False,
        )

    @classmethod
    def from_json(cls, data: dict[str, Any], *, phone_fields: Iterable[str] = ()) -> "Person":
        """From `GET /persons`, `GET /persons/{id}` and the events of webhooks, with the custom fields of these keys."""
        phones = [phone for phone in data.get("phones") or [] if isinstance(phone, dict)]
        custom = data.get("custom_fields") or {}
        return cls(
            person_id=int(data["id"]),
            name=_name(data.get("name")),
            phones=(
                *(str(phone.get("value") or "") for phone in phones),
                *(_custom_value(custom.get(key)) for key in phone_fields),
            ),
            organization_id=_id_of(data.get("org_id")),
            organization_name="",
            owner_id=_id_of(data.get("owner_id")),
            updated_at=moment(data.get("update_time")),
            is_deleted=bool(data.get("is_deleted")),
        )


@dataclass(frozen=True, kw_only=True)
class PersonPage:
    """A page of a list of persons.

    Attributes:
        next_cursor: where the next page begins; empty after the last.
    """

    persons: list[Person]
    next_cursor: str

    @classmethod
    def from_json(cls, answer: dict[str, Any], *, phone_fields: Iterable[str]) -> "PersonPage":
        persons = [Person.from_json(person, phone_fields=phone_fields) for person in answer["data"] or []]
        cursor = (answer.get("additional_data") or {}).get("next_cursor")
        return cls(persons=[person for person in persons if not person.is_deleted], next_cursor=str(cursor or ""))


def custom_phone_fields(fields: list[dict[str, Any]]) -> list[str]:
    """The keys of the custom fields of type `phone`: `field_code` in version 2 of the API, `key` in version 1. The
    persons' own field `phone` may be of that type, too.
    """
    keys = [str(field.get("field_code") or field.get("key") or "") for field in fields if _is_phone_field(field)]
    return sorted(key for key in keys if key and key != "phone")


def _is_phone_field(field: dict[str, Any]) -> bool:
    return field.get("field_type") == "phone"


def moment(value: Any) -> datetime.datetime | None:
    """A time of Pipedrive's: RFC 3339, or `YYYY-MM-DD HH:MM:SS` in UTC. None: there is none."""
    if not value:
        return None
    time = datetime.datetime.fromisoformat(str(value))
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)


def _custom_value(value: Any) -> str:
    """Plain text in the API; in the events of webhooks an object with the text in it."""
    if isinstance(value, dict):
        value = value.get("value")
    return str(value or "")


def _is_admin(data: dict[str, Any]) -> bool:
    """An admin has an `access` entry of the whole account with `admin` true."""
    access = [entry for entry in data.get("access") or [] if isinstance(entry, dict)]
    return any(entry.get("admin") is True and entry.get("app") in ("global", "account_settings") for entry in access)


def _name(value: Any) -> str:
    """A name as long as our columns are."""
    return str(value or "")[:LONGEST_NAME]


def _id_of(value: Any) -> int | None:
    """An id, whether it comes bare or inside its object."""
    if isinstance(value, dict):
        value = value.get("id")
    return int(value) if value else None
