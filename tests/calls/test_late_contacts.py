"""A number that somebody in Pipedrive gets later: its waiting calls are logged by themselves."""

import datetime

import pytest
from django.utils import timezone

from accounts.models import User
from calls.models import Call, LoggingPolicy
from calls.resume import nudge_due, resume_waiting
from integrations.contacts import remove_person
from integrations.models import Contact, ContactIndex, ContactNumber, PipedriveSubscription
from tests.calls.steps import Connect, Place, activities, asked, log, outcome, read_changes_now, seconds_until_next
from tests.conftest import company_of
from tests.contacts.steps import data, event, tell_and_carry_out
from tests.sandbox.running_sandbox import Sandbox

NUMBER = "+358400999888"


@pytest.fixture
def waiting(outside: Sandbox, connected: Connect, bo: User, place: Place) -> list[Call]:
    """Three calls from a number that nobody has."""
    connected(bo)
    return [log(place(from_=NUMBER)) for _call in range(3)]


def person(outside: Sandbox, phone: str = "0400 999 888") -> int:
    return int(outside.order("pipedrive/control/persons", name="Uusi Asiakas", phones=[phone])["persons"][0]["id"])


def log_all(calls: list[Call]) -> set[tuple[str, str]]:
    nudge_due()
    return {outcome(log(call)) for call in calls}


def test_an_event_wakes_every_call_with_the_number(outside: Sandbox, waiting: list[Call]) -> None:
    assert {outcome(call) for call in waiting} == {("waiting", "no_contact")}
    now = timezone.now()
    told = event("create", at=now, data=data(person(outside), at=now, phone="0400 999 888", org_id=None))
    tell_and_carry_out(PipedriveSubscription.objects.get(), told)
    assert log_all(waiting) == {("logged", "logged")}
    assert asked(outside, "GET persons/search") == 0
    assert len(activities(outside)) == 3


def test_so_does_a_poll(outside: Sandbox, waiting: list[Call], bo: User) -> None:
    person(outside)
    read_changes_now(bo.pipedrive_connection)
    assert log_all(waiting) == {("logged", "logged")}


def test_so_does_a_number_added_to_somebody_known(outside: Sandbox, waiting: list[Call], bo: User) -> None:
    vilja = outside.person("Vilja")["id"]
    outside.order(f"pipedrive/control/persons/{vilja}", "PATCH", phones=["(0400) 999-888"])
    read_changes_now(bo.pipedrive_connection)
    assert log_all(waiting) == {("logged", "logged")}
    assert {Call.objects.get(pk=call.pk).person_name for call in waiting} == {"Vilja Hakala"}


def test_another_number_wakes_nobody(outside: Sandbox, waiting: list[Call], bo: User) -> None:
    person(outside, "0400 999 887")
    read_changes_now(bo.pipedrive_connection)
    assert set(Call.objects.values_list("status", flat=True)) == {"waiting"}


def test_where_the_word_of_it_was_lost_the_sweep_finds_them(outside: Sandbox, waiting: list[Call]) -> None:
    index = ContactIndex.objects.get()
    contact = Contact.objects.create(
        account=index.account, person_id=9000, name="Uusi", updated_at=timezone.now(), seen_at=timezone.now()
    )
    ContactNumber.objects.create(account=index.account, contact=contact, e164=NUMBER)
    resume_waiting()
    assert set(Call.objects.values_list("status", "reason")) == {("pending", "queued")}


def test_after_thirty_days_it_is_too_late(outside: Sandbox, waiting: list[Call], bo: User) -> None:
    Call.objects.update(started_at=timezone.now() - datetime.timedelta(days=30, minutes=1))
    person(outside)
    read_changes_now(bo.pipedrive_connection)
    assert set(Call.objects.values_list("status", "reason")) <= {("pending", "queued"), ("failed", "expired")}


def test_a_look_at_a_number_that_nobody_has_costs_no_token_where_webhooks_arrive(
    outside: Sandbox, waiting: list[Call]
) -> None:
    PipedriveSubscription.objects.update(webhook_ids=[1], heard_at=timezone.now())
    before = outside.state("spent_tokens")["spent_tokens"]
    for call in waiting:
        Call.objects.filter(pk=call.pk).update(status="pending", reason="queued", next_attempt_at=timezone.now())
        assert outcome(log(call)) == ("waiting", "no_contact")
    assert outside.state("spent_tokens")["spent_tokens"] == before


def test_where_they_do_not_an_unknown_number_asks_what_has_changed(
    outside: Sandbox, connected: Connect, bo: User, place: Place
) -> None:
    connected(bo)
    ContactIndex.objects.update(asked_at=None)
    person(outside)
    call = log(place(from_=NUMBER))
    assert outcome(call) == ("waiting", "no_contact")
    assert ContactIndex.objects.get().next_step_at <= timezone.now()
    read_changes_now(bo.pipedrive_connection)
    call.refresh_from_db()
    assert outcome(log(call)) == ("logged", "logged")


def test_of_several_one_is_left_and_the_call_is_logged(
    outside: Sandbox, connected: Connect, bo: User, place: Place
) -> None:
    connected(bo)
    LoggingPolicy.objects.create(company=company_of(bo), several_contacts="ask")
    call = log(place(from_="+358400124392"))
    assert outcome(call) == ("waiting", "several_contacts")
    assert 3000 < seconds_until_next(call) <= 3600
    pekka = outside.person("Pekka Rantanen")["id"]
    outside.order(f"pipedrive/control/persons/{pekka}", "DELETE")
    remove_person(ContactIndex.objects.get(), pekka, at=timezone.now())
    call.refresh_from_db()
    assert (outcome(log(call)), call.person_name) == (("logged", "logged"), "Päivi Rantanen")
