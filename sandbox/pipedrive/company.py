"""One Pipedrive company and its records, each kept as the very JSON the API answers."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox import clock
from sandbox.json_body import Json
from sandbox.pipedrive.person_fields import PersonField
from sandbox.pipedrive.records import Records
from sandbox.pipedrive.webhook_health import WebhookHealth


@dataclass
class Company:
    """A customer's Pipedrive account."""

    id: int
    name: str
    domain: str
    next_id: Callable[[], int]
    daily_tokens: int = 30_000
    users: dict[int, Json] = field(default_factory=dict)
    organizations: dict[int, Json] = field(default_factory=dict)
    persons: Records = field(default_factory=Records)
    custom_fields: dict[str, PersonField] = field(default_factory=dict)
    deals: dict[int, Json] = field(default_factory=dict)
    activities: dict[int, Json] = field(default_factory=dict)
    activity_types: dict[str, Json] = field(default_factory=dict)
    webhooks: dict[int, Json] = field(default_factory=dict)
    webhook_health: defaultdict[int, WebhookHealth] = field(default_factory=lambda: defaultdict(WebhookHealth))
    spent: Counter[str] = field(default_factory=Counter)

    @property
    def tokens_left(self) -> int:
        """What is left of the daily budget that all apps of the company share."""
        return max(0, self.daily_tokens - self.spent.total())

    def active_user(self, user_id: object) -> Json | None:
        """Return a user who can own things."""
        user = self.users.get(user_id) if isinstance(user_id, int) else None
        return user if user and user["active_flag"] and not user["is_deleted"] else None

    def living_person(self, person_id: object) -> Json | None:
        """Return a person who is not deleted."""
        person = self.persons.get(person_id) if isinstance(person_id, int) else None
        return person if person and not person["is_deleted"] else None

    def add_user(self, name: str, email: str, *, admin: bool = False) -> Json:
        """Add an active user, in the shape of `GET /v1/users`."""
        created = clock.spaced(clock.now())
        apps = ["sales", "global", "account_settings"] if admin else ["sales", "global"]
        user: Json = {
            "id": self.next_id(),
            "name": name,
            "default_currency": "EUR",
            "locale": "fi_FI",
            "lang": 1,
            "email": email,
            "phone": None,
            "activated": True,
            "last_login": created,
            "created": created,
            "modified": created,
            "has_created_company": admin and not self.users,
            "access": [
                {
                    "app": app,
                    "admin": admin,
                    "permission_set_id": f"{self.id}-{app}-{'admin' if admin else 'rep'}",
                }
                for app in apps
            ],
            "active_flag": True,
            "timezone_name": "Europe/Helsinki",
            "timezone_offset": "+02:00",
            "role_id": 1,
            "icon_url": None,
            "is_deleted": False,
        }
        self.users[user["id"]] = user
        return user

    def add_organization(self, name: str, owner_id: int) -> Json:
        """Add an organisation, in the shape of `GET /v2/organizations/{id}`."""
        organization: Json = {
            "id": self.next_id(),
            "name": name,
            "owner_id": owner_id,
            **_times(),
            "is_deleted": False,
            "visible_to": 3,
            "address": None,
            "label_ids": [],
            "website": None,
            "linkedin": None,
            "industry": None,
            "annual_revenue": None,
            "employee_count": None,
            "custom_fields": {},
        }
        self.organizations[organization["id"]] = organization
        return organization

    def add_person(self, fields: Json) -> Json:
        """Add a person from checked fields, in the shape of `GET /v2/persons/{id}`."""
        first, _, last = str(fields["name"]).rpartition(" ")
        person: Json = {
            "id": self.next_id(),
            "first_name": first or last,
            "last_name": last if first else None,
            "org_id": None,
            **_times(),
            "emails": [],
            "phones": [],
            "is_deleted": False,
            "visible_to": 3,
            "label_ids": [],
            "picture_id": None,
            "custom_fields": {},
            **fields,
        }
        self.persons[person["id"]] = person
        return person

    def add_deal(self, title: str, person: Json, *, status: str = "open", add_time: str | None = None) -> Json:
        """Add a deal of a person, in the shape of `GET /v2/deals`, as far as a phone connector reads it."""
        times = _times()
        deal: Json = {
            "id": self.next_id(),
            "title": title,
            "owner_id": person["owner_id"],
            "person_id": person["id"],
            "org_id": person["org_id"],
            "status": status,
            "value": 0,
            "currency": "EUR",
            "add_time": add_time or times["add_time"],
            "update_time": times["update_time"],
            "is_deleted": False,
            "visible_to": 3,
        }
        self.deals[deal["id"]] = deal
        return deal

    def add_activity_type(self, name: str, key_string: str, icon_key: str, *, custom: bool = False) -> Json:
        """Add an activity type, in the shape of `GET /v1/activityTypes`."""
        created = clock.spaced(clock.now())
        kind: Json = {
            "id": self.next_id(),
            "name": name,
            "icon_key": icon_key,
            "color": "FFFFFF",
            "order_nr": len(self.activity_types) + 1,
            "key_string": key_string,
            "active_flag": True,
            "is_custom_flag": custom,
            "add_time": created,
            "update_time": created,
        }
        self.activity_types[key_string] = kind
        return kind


def touch(record: Json) -> None:
    """Mark a record as changed now."""
    record["update_time"] = clock.rfc3339(clock.now())


def _times() -> Json:
    now = clock.rfc3339(clock.now())
    return {"add_time": now, "update_time": now}
