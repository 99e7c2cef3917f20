"""Who sees which record: `visible_to` 1 is for its owner alone, the other values stand for the whole company.

An admin sees everything: https://pipedrive.readme.io/docs/webhooks-for-apps says so of a webhook's user, and a
token sees what its user sees. Who is one is written in the user's `access`:
https://developers.pipedrive.com/docs/api/v1/Users
"""

from collections.abc import Iterable

from sandbox.json_body import Json
from sandbox.pipedrive.company import Company

OWNER_ONLY = 1
_ADMIN_APPS = ("global", "account_settings")


def is_admin(user: Json) -> bool:
    """Whether the user has admin access."""
    return any(entry["admin"] and entry["app"] in _ADMIN_APPS for entry in user["access"])


def sees(user: Json, record: Json) -> bool:
    """Whether the user may see the record; what has no visibility (a user) everybody sees."""
    return record.get("visible_to") != OWNER_ONLY or record["owner_id"] == user["id"] or is_admin(user)


def seen_by(user: Json, records: Iterable[Json]) -> Iterable[Json]:
    """Leave out what the user may not see; an admin's list is not looked through."""
    return records if is_admin(user) else (each for each in records if sees(user, each))


def permitted_user_ids(company: Company, record: Json) -> list[int]:
    """Return the users a webhook's `permitted_user_ids` name."""
    return [number for number, user in company.users.items() if sees(user, record)]
