"""Which deal an activity is linked to, where the company wants it."""

from typing import Any

import pytest

from accounts.models import User
from calls.models import Call, LoggingPolicy
from tests.calls.steps import Connect, Place, activities, asked, fault, log, outcome
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

ILMARI = "+358400124389"


@pytest.fixture(autouse=True)
def _bo_is_connected(connected: Connect, bo: User) -> None:
    connected(bo)


@pytest.fixture
def deals(outside: Sandbox) -> dict[str, int]:
    """Ilmari's deals: two open ones and a won one that is newer."""
    ilmari = outside.person("Ilmari")["id"]
    made: dict[str, int] = {}
    for title, status, day in (("old", "open", 1), ("new", "open", 2), ("won", "won", 3)):
        order: dict[str, Any] = {"person_id": ilmari, "status": status, "add_time": f"2026-03-0{day}T10:00:00Z"}
        made[title] = outside.order("pipedrive/control/deals", title=title, **order)["id"]
    return made


def deal_after(bo: User, outside: Sandbox, place: Place, wanted: str, **call: Any) -> Any:
    LoggingPolicy.objects.update_or_create(company=company_of(bo), defaults={"deals": wanted})
    assert outcome(log(place(**{"from_": ILMARI, **call}))) == ("logged", "logged")
    return activities(outside)[-1]["deal_id"]


def test_none_by_default_and_no_token_is_spent(outside: Sandbox, bo: User, place: Place, deals: dict[str, int]) -> None:
    assert deal_after(bo, outside, place, "none") is None
    assert asked(outside, "GET deals") == 0


def test_the_newest_open_one(outside: Sandbox, bo: User, place: Place, deals: dict[str, int]) -> None:
    assert deal_after(bo, outside, place, "newest_open") == deals["new"]


def test_a_single_open_one_only(outside: Sandbox, bo: User, place: Place, deals: dict[str, int]) -> None:
    assert deal_after(bo, outside, place, "single_open") is None
    helmi = outside.person("Helmi")["id"]
    deal = outside.order("pipedrive/control/deals", title="x", person_id=helmi)["id"]
    assert deal_after(bo, outside, place, "single_open", from_="0400124388") == deal


@pytest.mark.parametrize("wanted", ["single_open", "newest_open"])
def test_a_person_without_deals(outside: Sandbox, bo: User, place: Place, wanted: str) -> None:
    assert deal_after(bo, outside, place, wanted) is None


def test_where_deals_may_not_be_read_the_call_is_logged_without(
    outside: Sandbox, bo: User, place: Place, deals: dict[str, int]
) -> None:
    outside.order(
        "pipedrive/control/switches", scopes=["base", "contacts:read", "activities:full"], existing_grants=True
    )
    assert deal_after(bo, outside, place, "newest_open") is None


def test_when_pipedrive_does_not_say_the_call_is_tried_again(
    outside: Sandbox, bo: User, place: Place, deals: dict[str, int]
) -> None:
    LoggingPolicy.objects.create(company=company_of(bo), deals="newest_open")
    fault(outside, path="v2/deals", status=500)
    assert outcome(log(place())) == ("pending", "retrying")
    assert activities(outside) == []
    assert Call.objects.get().sending_since is None
