"""Values of custom fields: kept where there is one, answered by key for every field the company has.

The API writes bare values (a phone is plain text), webhooks v2 wrap them with their type:
https://pipedrive.readme.io/docs/webhooks-v2-migration-guide
"""

from collections.abc import Iterable, Mapping

from sandbox.json_body import Json
from sandbox.pipedrive.answers import Refusal
from sandbox.pipedrive.company import Company

MOST_KEYS = 15
_WRITTEN = ("phone", "varchar", "varchar_auto", "text")


def asked_keys(query: Mapping[str, str]) -> list[str] | None:
    """Return the keys of the parameter `custom_fields`: at most 15, all fields when it is absent."""
    if "custom_fields" not in query:
        return None
    keys = [key for key in query["custom_fields"].split(",") if key]
    if len(keys) > MOST_KEYS:
        message = f"Bad request: custom_fields takes at most {MOST_KEYS} keys"
        raise Refusal(400, message)
    return keys


def shown_person(company: Company, person: Json, keys: Iterable[str] | None = None) -> Json:
    """Return a copy for an API answer; a key that is no field of the company is left out."""
    stored = person["custom_fields"]
    chosen = company.custom_fields if keys is None else [key for key in keys if key in company.custom_fields]
    return {**person, "custom_fields": {key: stored.get(key) for key in chosen}}


def event_person(company: Company, values: Json, *, complete: bool) -> Json:
    """Return a copy for a webhook: custom values with their type, null where empty.

    A `complete` one names every custom field, the `previous` of a change only those that were other.
    """
    if not complete and "custom_fields" not in values:
        return dict(values)
    stored = values["custom_fields"]
    wrapped = {
        key: None if stored.get(key) in (None, "") else {"type": field.field_type, "value": stored[key]}
        for key, field in company.custom_fields.items()
        if complete or key in stored
    }
    return {**values, "custom_fields": wrapped}


def check_custom_values(company: Company, values: Json) -> None:
    """Refuse fields the company does not have, and anything but text (or null) where text belongs."""
    for key, value in values.items():
        field = company.custom_fields.get(key)
        if field is None:
            message = f"Validation failed: custom_fields: unknown field {key}"
            raise Refusal(400, message)
        if field.field_type in _WRITTEN and not isinstance(value, str | None):
            message = f"Validation failed: custom_fields: {key} must be text"
            raise Refusal(400, message)


def written_values(company: Company, person: Json, *, phones: bool) -> list[str]:
    """Return the custom values the search knows: those of phone fields, or the other texts."""
    return [
        str(value)
        for key, value in person["custom_fields"].items()
        if value and key in company.custom_fields and (company.custom_fields[key].field_type == "phone") is phones
    ]
