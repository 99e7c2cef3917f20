"""Pipedrive's answers in our own types. Parsed leniently: its lists of values grow without notice."""

from collections.abc import Iterator
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
        """From `GET /users/me`. An admin has an `access` entry of the whole account with `admin` true."""
        access = [entry for entry in data.get("access") or [] if isinstance(entry, dict)]
        return cls(
            user_id=int(data["id"]),
            name=_name(data.get("name")),
            email=str(data.get("email") or "").lower(),
            is_admin=any(
                entry.get("admin") is True and entry.get("app") in ("global", "account_settings") for entry in access
            ),
            company_id=int(data["company_id"]),
            company_name=_name(data.get("company_name")),
            company_domain=_name(data.get("company_domain")),
        )


@dataclass(frozen=True, kw_only=True)
class Person:
    """A contact, with its phone fields as people typed them.

    Attributes:
        organization_name: only a search hit carries it.
        updated_at: RFC 3339 as Pipedrive sends it; sorts as text. Empty in a search hit, which does not carry it.
    """

    person_id: int
    name: str
    phones: tuple[str, ...]
    organization_id: int | None
    organization_name: str
    owner_id: int | None
    updated_at: str
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
            updated_at="",
            is_deleted=False,
        )

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Person":
        """From `GET /persons` and `GET /persons/{id}`."""
        phones = [phone for phone in data.get("phones") or [] if isinstance(phone, dict)]
        return cls(
            person_id=int(data["id"]),
            name=_name(data.get("name")),
            phones=tuple(str(phone.get("value") or "") for phone in phones),
            organization_id=_id_of(data.get("org_id")),
            organization_name="",
            owner_id=_id_of(data.get("owner_id")),
            updated_at=str(data.get("update_time") or ""),
            is_deleted=data.get("is_deleted") is True,
        )


def _name(value: Any) -> str:
    """A name as long as our columns are."""
    return str(value or "")[:LONGEST_NAME]


def _id_of(value: Any) -> int | None:
    """An id, whether it comes bare or inside its object."""
    if isinstance(value, dict):
        value = value.get("id")
    return int(value) if value else None
