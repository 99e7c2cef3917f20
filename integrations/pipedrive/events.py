"""Events of Pipedrive's webhooks, version 2: https://pipedrive.readme.io/docs/guide-for-webhooks-v2"""

import datetime
from dataclasses import dataclass
from typing import Any

from integrations.pipedrive.payloads import moment

NEEDED = ("id", "name", "owner_id", "org_id", "phones", "custom_fields", "update_time", "is_deleted")
NEEDED_OF_USER = ("id", "name", "email", "access", "active_flag", "is_deleted")
KINDS = {"person": NEEDED, "user": NEEDED_OF_USER}


class NotAnEventError(Exception):
    """A body that is not an event of the documented form."""


@dataclass(frozen=True, kw_only=True)
class PipedriveEvent:
    """Something that happened to a person or a user.

    Attributes:
        event_id: the same when Pipedrive sends it again.
        occurred_at: orders the events of one thing; they may arrive in another order.
        data: what the thing is now, as far as we need it; None: it was deleted.
        merged_into: the person that a deleted one was merged into.
    """

    event_id: str
    company_id: int | None
    entity: str
    entity_id: int
    occurred_at: datetime.datetime
    data: dict[str, Any] | None
    merged_into: int | None

    @property
    def is_needed(self) -> bool:
        return self.entity in KINDS


def read_event(body: Any) -> PipedriveEvent:
    """An event of a webhook's body. Ids come as text.

    Raises:
        NotAnEventError: the body is not of the documented form.
    """
    try:
        meta = body["meta"]
        occurred_at = moment(meta["timestamp"])
        if occurred_at is None:
            raise NotAnEventError("no time")
        return PipedriveEvent(
            event_id=str(meta["id"])[:64],
            company_id=int(meta["company_id"]) if meta.get("company_id") else None,
            entity=str(meta["entity"])[:32],
            entity_id=int(meta["entity_id"]),
            occurred_at=occurred_at,
            data=_data(body, entity=str(meta["entity"])),
            merged_into=int(meta["merged_to_id"]) if meta.get("merged_to_id") else None,
        )
    except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
        raise NotAnEventError(type(error).__name__) from error


def _data(body: dict[str, Any], *, entity: str) -> dict[str, Any] | None:
    """No more than we need is kept."""
    data = body.get("data")
    if body["meta"].get("action") == "delete" or not isinstance(data, dict):
        return None
    kept = {name: data[name] for name in KINDS.get(entity, ()) if name in data}
    if entity == "person":
        custom = data.get("custom_fields") or {}
        kept["custom_fields"] = {key: value for key, value in custom.items() if _may_be_phone(value)}
    return kept


def _may_be_phone(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, dict) and value.get("type") == "phone")
