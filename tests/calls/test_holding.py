"""A rep may have calls held back for some minutes before they are logged."""

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from calls.models import Call
from calls.resume import contacts_are_known, try_again
from tests.calls.steps import Connect, Place, activities, due_now, log, outcome, seconds_until_next
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
PLACES = {"fi": "tallennetaan vasta klo", "en": "held back until"}


@pytest.fixture(autouse=True)
def _bo_holds_calls_for_five_minutes(connected: Connect, bo: User) -> None:
    connected(bo)
    User.objects.filter(pk=bo.pk).update(hold_minutes=5)


def test_a_call_is_held_back_for_as_long_as_its_rep_has_chosen(outside: Sandbox, place: Place) -> None:
    call = log(place())
    assert outcome(call) == ("pending", "queued")
    assert 290 < seconds_until_next(call) <= 300
    assert activities(outside) == []
    assert outcome(log(due_now(call))) == ("pending", "queued")
    Call.objects.update(received_at=timezone.now() - datetime.timedelta(minutes=5))
    assert outcome(log(due_now(call))) == ("logged", "logged")


@pytest.mark.parametrize("language", ["fi", "en"])
def test_its_page_says_until_when(place: Place, bo: User, browser_of: Callable[[User], Client], language: str) -> None:
    User.objects.filter(pk=bo.pk).update(language=language)
    call = log(place())
    ends = timezone.localtime(call.received_at + datetime.timedelta(minutes=5))
    html = browser_of(bo).get(call.get_absolute_url()).content.decode()
    clock = f"{ends:%-H.%M}" if language == "fi" else f"{ends:%H:%M}"
    assert f"{PLACES[language]} {clock}," in html


def test_a_held_call_is_pending_in_the_json_api(place: Place, bo: User, browser_of: Callable[[User], Client]) -> None:
    call = log(place())
    told = browser_of(bo).get(f"/api/v1/calls/{call.reference}/").json()
    assert (told["status"], told["reason"]) == ("pending", "queued")
    assert "vasta klo" in told["explanation"]


def test_one_that_is_marked_private_meanwhile_never_reaches_pipedrive(
    outside: Sandbox, place: Place, bo: User, browser_of: Callable[[User], Client]
) -> None:
    call = log(place())
    browser_of(bo).post(f"/calls/{call.reference}/private/")
    Call.objects.update(received_at=timezone.now() - datetime.timedelta(minutes=5))
    call.refresh_from_db()
    assert outcome(call) == ("skipped", "private_number")
    assert outcome(log(call)) == ("skipped", "private_number")
    assert activities(outside) == []


def test_who_has_it_tried_again_does_not_wait(outside: Sandbox, place: Place) -> None:
    call = log(place())
    try_again(Call.objects.filter(pk=call.pk))
    assert outcome(log(call)) == ("logged", "logged")


def test_the_end_of_another_wait_does_not_end_the_hold(place: Place) -> None:
    call = log(place())
    contacts_are_known(call.company_id)
    assert outcome(log(call)) == ("pending", "queued")
    assert seconds_until_next(call) > 280


def test_a_call_that_nobody_logs_is_not_held(place: Place) -> None:
    assert outcome(log(place(from_="anonymous", hidden=True))) == ("skipped", "hidden_number")
