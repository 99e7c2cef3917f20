"""After a refused activity the list of types (20 tokens) is read anew only where the type may be why."""

import datetime

import pytest
from django.utils import timezone

from accounts.models import User
from calls.activity_types import type_after_refusal
from calls.policy import NumberChoice
from integrations.connections import client_for
from integrations.errors import RefusedError
from integrations.models import PipedriveAccount
from tests.calls.hidden import OWNER_ONLY, add_person
from tests.calls.steps import Connect, Place, activities, asked, fault, log, outcome
from tests.sandbox.running_sandbox import Sandbox

NUMBER = "+358451112222"
TYPES = "GET activityTypes"


@pytest.fixture(autouse=True)
def _types_were_read_at_the_first_call(outside: Sandbox, connected: Connect, bo: User, place: Place) -> None:
    connected(bo)
    log(place())
    assert asked(outside, TYPES) == 1


def read_long_ago() -> None:
    PipedriveAccount.objects.update(activity_types_read_at=timezone.now() - datetime.timedelta(minutes=10, seconds=1))


def refuse(outside: Sandbox, status: int, error: str) -> None:
    fault(outside, method="POST", path="/activities", status=status, body={"success": False, "error": error})


@pytest.mark.parametrize("status", [403, 404, 410])
def test_not_where_the_person_is_hidden_or_gone(outside: Sandbox, place: Place, status: int) -> None:
    read_long_ago()
    refuse(outside, status, "You do not have permission to link this person")
    assert outcome(log(place())) == ("failed", "pipedrive_refused")
    assert asked(outside, TYPES) == 1


def test_not_where_another_field_is_named(outside: Sandbox, place: Place) -> None:
    read_long_ago()
    refuse(outside, 400, "Validation failed: owner_id: not an active user")
    assert outcome(log(place())) == ("failed", "pipedrive_refused")
    assert asked(outside, TYPES) == 1


def test_where_nothing_is_named_though_the_list_is_of_a_moment_ago(outside: Sandbox, place: Place) -> None:
    outside.order("pipedrive/control/activity-types", key_string="call", active_flag=False)
    refuse(outside, 400, "Bad request")
    assert outcome(log(place())) == ("waiting", "activity_type_missing")
    assert asked(outside, TYPES) == 2


@pytest.mark.parametrize("status", [400, 403, 404, 422])
def test_at_once_where_the_type_is_named(outside: Sandbox, place: Place, status: int) -> None:
    outside.order("pipedrive/control/activity-types", key_string="call", active_flag=False)
    refuse(outside, status, "Validation failed: type: not the key_string of an active activity type")
    assert outcome(log(place())) == ("waiting", "activity_type_missing")
    assert asked(outside, TYPES) == 2


def test_a_type_of_which_somebody_has_read_meanwhile_that_it_is_gone_needs_no_list(outside: Sandbox, bo: User) -> None:
    PipedriveAccount.objects.update(activity_types=["call"])
    connection = bo.pipedrive_connection
    connection.account.activity_types = ["meeting", "call"]
    error = RefusedError("400", vendor_message="type", status=400)
    found = type_after_refusal(
        connection.account, client_for(connection), wanted="meeting", refused="meeting", error=error, fields={}
    )
    assert (found, asked(outside, TYPES)) == ("call", 1)


def test_a_contact_hidden_from_the_rep_costs_twelve_tokens_in_all(
    outside: Sandbox, connected: Connect, place: Place, aino: User
) -> None:
    add_person(outside, "Kaikkien", number=NUMBER, owner=aino)
    add_person(outside, "Ainon oma", number=NUMBER, owner=aino, visible_to=OWNER_ONLY)
    NumberChoice.objects.create(
        account=connected(aino).account, number=NUMBER, person_id=outside.person("Ainon oma")["id"]
    )
    read_long_ago()
    before = outside.state("spent_tokens")["spent_tokens"]
    assert outcome(log(place(from_=NUMBER))) == ("logged", "logged")
    assert outside.state("spent_tokens")["spent_tokens"] - before == 5 + 1 + 1 + 5
    assert len(activities(outside)) == 2
