"""A person for a number that nobody has, where the company wants it: one for each number, and never on a guess."""

import datetime
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from calls.models import Call, LoggingPolicy, NewPerson
from integrations.connections import disconnect
from integrations.models import ContactIndex, PauseKind, PipedriveAccount, PipedriveSubscription
from tests.calls.steps import Connect, Place, activities, asked, due_now, fault, log, outcome, read_changes_now
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Json, Sandbox

NUMBER = "+358400999888"
POST_PERSON = {"method": "POST", "path": "v2/persons$"}
CREATE = "POST /v2/persons"


@pytest.fixture(autouse=True)
def _persons_are_created(outside: Sandbox, connected: Connect, bo: User) -> None:
    LoggingPolicy.objects.create(company=company_of(bo), unknown_caller="create_person")
    connected(bo)


def created(outside: Sandbox) -> list[Json]:
    return [each for each in outside.state("persons")["persons"] if "400999888" in str(each["phones"])]


def test_the_person_has_the_number_and_the_rep(outside: Sandbox, place: Place, bo: User) -> None:
    call = log(place(from_=NUMBER))
    assert (outcome(call), call.person_name) == (("logged", "logged"), "040 099 9888")
    (person,) = created(outside)
    assert (person["id"], person["owner_id"]) == (call.person_id, bo.pipedrive_connection.pipedrive_user_id)
    assert [phone["value"] for phone in person["phones"]] == [NUMBER]


def test_one_is_created_also_by_the_call_that_goes_ahead_after_an_outage(outside: Sandbox, place: Place) -> None:
    log(place())  # reads the activity types, which would end the pause
    PipedriveAccount.objects.update(pause_kind=PauseKind.OUTAGE, paused_until=timezone.now())
    assert outcome(log(place(from_=NUMBER))) == ("logged", "logged")


def test_the_next_call_goes_to_the_same_person(outside: Sandbox, place: Place) -> None:
    assert [outcome(log(place(from_=NUMBER))) for _call in range(3)] == [("logged", "logged")] * 3
    assert len(created(outside)) == 1
    assert len(activities(outside)) == 3


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({}, "in_answered"),
        ({"answered": False, "result": "missed"}, "in_missed"),
        ({"direction": "out", "from_": "+358941234567", "to": NUMBER}, "out_answered"),
        ({"direction": "out", "from_": "+358941234567", "to": NUMBER, "answered": False}, "out_unanswered"),
    ],
)
def test_only_after_the_kinds_of_calls_the_company_chose(
    outside: Sandbox, place: Place, changes: Any, kind: str
) -> None:
    kinds = {"in_answered", "in_missed", "out_answered", "out_unanswered"}
    LoggingPolicy.objects.update(create_person_for=sorted(kinds - {kind}))
    call = place(**{"from_": NUMBER, **changes})
    assert outcome(log(call)) == ("waiting", "no_contact")
    LoggingPolicy.objects.update(create_person_for=[kind])
    Call.objects.update(status="pending", reason="queued", next_attempt_at=timezone.now())
    assert outcome(log(call)) == ("logged", "logged")


@pytest.mark.parametrize(
    "changes",
    [
        {"from_": "", "hidden": True},
        {"from_": "112"},
        {"from_": "+358941234567"},
        {"from_": "+358501112222"},
        {"from_": "+358600123456"},
    ],
)
def test_never_for_hidden_short_own_and_blocked_numbers(outside: Sandbox, place: Place, changes: Any) -> None:
    LoggingPolicy.objects.update(blocked_numbers=["+358600*"])
    assert log(place(**changes)).status == "skipped"
    assert asked(outside, CREATE) == 0


class TestNotOnAGuess:
    def test_not_before_everybody_has_been_read(self, outside: Sandbox, place: Place) -> None:
        ContactIndex.objects.update(swept_at=None)
        assert outcome(log(place(from_=NUMBER))) == ("pending", "queued")
        assert asked(outside, CREATE) == 0

    def test_somebody_added_a_moment_ago_is_found_first(self, outside: Sandbox, place: Place) -> None:
        outside.order("pipedrive/control/persons", name="Uusi Asiakas", phones=["0400 999 888"])
        call = log(place(from_=NUMBER))
        call = log(due_now(call))
        assert (outcome(call), call.person_name) == (("logged", "logged"), "Uusi Asiakas")
        assert asked(outside, CREATE) == 0

    def test_when_pipedrive_cannot_say_nobody_is_created(self, outside: Sandbox, place: Place) -> None:
        outside.order("pipedrive/control/persons", name="Uusi Asiakas", phones=["0400 999 888"])
        fault(outside, method="GET", path="v2/persons$", status=500)
        call = log(place(from_=NUMBER))
        assert outcome(call) == ("pending", "queued")
        assert not NewPerson.objects.exists()
        call = log(due_now(log(due_now(call))))
        assert (outcome(call), call.person_name) == (("logged", "logged"), "Uusi Asiakas")
        assert asked(outside, CREATE) == 0

    def test_an_earlier_answer_is_not_good_enough(self, outside: Sandbox, place: Place, bo: User) -> None:
        """Such as of a call that has waited for a licence for days."""
        read_changes_now(bo.pipedrive_connection)
        outside.order("pipedrive/control/persons", name="Uusi Asiakas", phones=["0400 999 888"])
        call = place(from_=NUMBER)
        Call.objects.update(received_at=timezone.now() - datetime.timedelta(days=3))
        assert log(due_now(log(call))).person_name == "Uusi Asiakas"
        assert asked(outside, CREATE) == 0

    def test_nor_are_webhooks_that_arrive(self, outside: Sandbox, place: Place) -> None:
        PipedriveSubscription.objects.update(webhook_ids=[1], heard_at=timezone.now())
        outside.order("pipedrive/control/persons", name="Uusi Asiakas", phones=["0400 999 888"])
        assert log(due_now(log(place(from_=NUMBER)))).person_name == "Uusi Asiakas"
        assert asked(outside, CREATE) == 0

    def test_while_another_worker_asks_it_waits(self, outside: Sandbox, place: Place) -> None:
        ContactIndex.objects.update(working_until=timezone.now() + datetime.timedelta(seconds=20))
        assert outcome(log(place(from_=NUMBER))) == ("pending", "queued")
        assert asked(outside, CREATE) == 0


class TestOnce:
    def test_while_one_is_being_created_another_call_waits_for_it(
        self, outside: Sandbox, place: Place, bo: User
    ) -> None:
        NewPerson.objects.create(account=bo.pipedrive_connection.account, number=NUMBER)
        assert outcome(log(place(from_=NUMBER))) == ("pending", "queued")
        assert asked(outside, CREATE) == 0

    @pytest.mark.parametrize("trouble", [{"status": 500}, {"drop": True}, {"status": 201, "body": "{}"}])
    def test_a_person_whose_answer_was_lost_is_found_and_not_made_again(
        self, outside: Sandbox, place: Place, trouble: Any
    ) -> None:
        fault(outside, **POST_PERSON, after=True, **trouble)
        call = log(place(from_=NUMBER))
        assert outcome(call) == ("pending", "queued")
        assert outcome(log(due_now(call))) == ("pending", "queued")
        NewPerson.objects.update(began_at=timezone.now() - datetime.timedelta(seconds=31))
        call = log(due_now(log(due_now(call))))
        assert outcome(call) == ("logged", "logged")
        assert [each["id"] for each in created(outside)] == [call.person_id]

    def test_one_that_was_never_made_is_made_again(self, outside: Sandbox, place: Place) -> None:
        fault(outside, **POST_PERSON, status=500)
        call = log(place(from_=NUMBER))
        NewPerson.objects.update(began_at=timezone.now() - datetime.timedelta(seconds=31))
        assert outcome(log(due_now(call))) == ("logged", "logged")
        assert len(created(outside)) == 1

    def test_one_that_somebody_deleted_is_not_made_again(self, outside: Sandbox, place: Place, bo: User) -> None:
        call = log(place(from_=NUMBER))
        outside.order(f"pipedrive/control/persons/{call.person_id}", "DELETE")
        assert outcome(log(place(from_=NUMBER))) == ("waiting", "no_contact")
        read_changes_now(bo.pipedrive_connection)
        assert asked(outside, CREATE) == 1

    def test_where_the_last_connection_goes_meanwhile_nothing_is_kept(
        self, outside: Sandbox, place: Place, bo: User
    ) -> None:
        log(place(from_=NUMBER))
        disconnect(user=bo)
        assert not NewPerson.objects.exists()
        assert not ContactIndex.objects.exists()

    @pytest.mark.parametrize("status", [400, 403, 422])
    def test_where_pipedrive_refuses_the_call_waits(self, outside: Sandbox, place: Place, status: int) -> None:
        fault(outside, **POST_PERSON, status=status, body={"success": False, "error": "Scope and URL mismatch"})
        call = log(place(from_=NUMBER))
        assert outcome(call) == ("waiting", "no_contact")
        assert "Scope and URL mismatch" in call.detail

    def test_a_429_is_obeyed(self, outside: Sandbox, place: Place) -> None:
        fault(outside, **POST_PERSON, status=429)
        call = log(place(from_=NUMBER))
        assert outcome(call) == ("pending", "rate_limited")
        bo_connection = call.rep.pipedrive_connection  # type: ignore[union-attr]
        type(bo_connection).objects.update(paused_until=None)
        assert outcome(log(due_now(call))) == ("logged", "logged")
