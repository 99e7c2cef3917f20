"""Persons in Pipedrive whom not everybody sees there."""

from accounts.models import User
from tests.sandbox.running_sandbox import Sandbox

OWNER_ONLY, EVERYBODY = 1, 3


def user_id(outside: Sandbox, user: User) -> int:
    """A person's id as a user of Pipedrive."""
    found = next(each for each in outside.state("users")["users"] if each["email"] == user.email)
    return int(found["id"])


def add_person(outside: Sandbox, name: str, *, number: str, owner: User, visible_to: int = EVERYBODY) -> int:
    """Add a person and give its id."""
    owner_id = user_id(outside, owner)
    added = outside.order(
        "pipedrive/control/persons", name=name, phones=[number], owner_id=owner_id, visible_to=visible_to
    )
    return int(added["persons"][0]["id"])
