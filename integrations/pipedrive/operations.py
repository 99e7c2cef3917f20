"""The kinds of requests to Pipedrive and their costs, by which its tokens are counted."""

import enum


class Operation(enum.StrEnum):
    """What a request is for."""

    ACTIVITY = "activity"
    LOOK = "look"
    DELETION = "deletion"
    SEARCH = "search"
    PERSON = "person"
    NEW_PERSON = "new_person"
    ORGANIZATION = "organization"
    DEALS = "deals"
    SWEEP = "sweep"
    CHANGES = "changes"
    FIELDS = "fields"
    WEBHOOKS = "webhooks"
    USERS = "users"
    TYPES = "types"
    PROFILE = "profile"


TOKENS: dict[Operation, int] = {
    Operation.ACTIVITY: 5,
    Operation.LOOK: 10,
    Operation.DELETION: 3,
    Operation.SEARCH: 20,
    Operation.PERSON: 1,
    Operation.NEW_PERSON: 5,
    Operation.ORGANIZATION: 1,
    Operation.DEALS: 10,
    Operation.SWEEP: 10,
    Operation.CHANGES: 10,
    Operation.FIELDS: 10,
    Operation.WEBHOOKS: 10,
    Operation.USERS: 20,
    Operation.TYPES: 20,
    Operation.PROFILE: 2,
}
"""Pipedrive's tokens for one request, as its API reference gives them (https://developers.pipedrive.com/docs/api/v1)."""
