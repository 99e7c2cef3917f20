"""The fields persons have, in the shapes of both versions of the API.

https://developers.pipedrive.com/docs/api/v1/PersonFields: v2 names a field by `field_code`, v1 by `key`; both are
the same word, for a custom field one of 40 hexadecimal digits.
"""

from dataclasses import dataclass

from sandbox.json_body import Json

FIELD_TYPES = (
    "address",
    "date",
    "daterange",
    "double",
    "enum",
    "monetary",
    "org",
    "people",
    "phone",
    "set",
    "text",
    "time",
    "timerange",
    "user",
    "varchar",
    "varchar_auto",
)
BUILT_IN_SINCE = "2026-01-01 00:00:00"


@dataclass(frozen=True)
class PersonField:
    """One field of every person of a company."""

    id: int
    name: str
    key: str
    field_type: str
    is_custom: bool = False
    add_time: str = BUILT_IN_SINCE

    def as_v2(self) -> Json:
        """Return the item of `GET /v2/personFields`."""
        return {
            "field_name": self.name,
            "field_code": self.key,
            "description": None,
            "field_type": self.field_type,
            "options": None,
            "subfields": None,
            "is_custom_field": self.is_custom,
            "is_optional_response_field": False,
        }

    def as_v1(self) -> Json:
        """Return the item of `GET /v1/personFields`; `edit_flag` is what tells a custom field."""
        return {
            "id": self.id,
            "key": self.key,
            "name": self.name,
            "order_nr": self.id,
            "field_type": self.field_type,
            "add_time": self.add_time,
            "update_time": self.add_time,
            "active_flag": True,
            "edit_flag": self.is_custom,
            "bulk_edit_allowed": True,
            "mandatory_flag": self.key == "name",
        }


def _built_in(*described: tuple[str, str, str]) -> tuple[PersonField, ...]:
    return tuple(PersonField(number, *each) for number, each in enumerate(described, start=1))


BUILT_IN_FIELDS = _built_in(
    ("Name", "name", "varchar"),
    ("First name", "first_name", "varchar"),
    ("Last name", "last_name", "varchar"),
    ("Labels", "label_ids", "set"),
    ("Phone", "phone", "phone"),
    ("Email", "email", "varchar"),
    ("Organization", "org_id", "org"),
    ("Owner", "owner_id", "user"),
    ("Person created", "add_time", "date"),
    ("Update time", "update_time", "date"),
    ("Visible to", "visible_to", "visible_to"),
    ("Profile picture", "picture_id", "picture"),
)
