"""Whose number it is: person, nobody, several, or not known yet."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone, translation

from accounts.models import User
from calls.matching import Match, NoMatch, Several, match
from calls.models import Call
from calls.policy import LoggingPolicy, NumberChoice
from integrations.contact_upkeep import keep_index
from integrations.contacts import drop_unseen, remove_person, write_persons
from integrations.models import ContactIndex, PipedriveAccount, PipedriveConnection, PipedriveSubscription
from tests.calls.steps import (
    Connect,
    Place,
    activities,
    asked,
    due_now,
    fault,
    log,
    outcome,
    read_changes_now,
    seconds_until_next,
)
from tests.conftest import company_of
from tests.contacts.steps import EERO, NOON, person
from tests.sandbox.running_sandbox import Sandbox

RANTANEN = "+358400124392"
BO = 102


@pytest.fixture
def index(aino: User) -> ContactIndex:
    """An index in which everybody has been read; nobody is connected."""
    account = PipedriveAccount.objects.create(company=company_of(aino), pipedrive_company_id=7001)
    return ContactIndex.objects.create(account=account, region="FI", swept_at=timezone.now())


@pytest.fixture
def answer(index: ContactIndex) -> Callable[..., Any]:
    """What the index says of Eero's number to Bo."""

    def ask(**policy: Any) -> Any:
        rules = LoggingPolicy(company=index.account.company, **policy)
        return match(account=index.account, number=EERO, owner_id=BO, policy=rules)

    return ask


class TestAnswers:
    def test_a_person(self, index: ContactIndex, answer: Callable[..., Any]) -> None:
        write_persons(index, [person()])
        assert answer() == Match(person_id=5, name="Eero Mäkinen", organization_id=6)

    def test_nobody(self, answer: Callable[..., Any]) -> None:
        assert answer() is NoMatch.NOBODY

    def test_not_known_before_everybody_has_been_read(self, index: ContactIndex, answer: Callable[..., Any]) -> None:
        write_persons(index, [person()])
        ContactIndex.objects.update(swept_at=None)
        assert answer() is NoMatch.NOT_KNOWN_YET

    def test_of_several_the_reps_own_then_the_latest_updated_then_the_oldest(
        self, index: ContactIndex, answer: Callable[..., Any]
    ) -> None:
        later = NOON + datetime.timedelta(seconds=1)
        write_persons(index, [person(5), person(6, name="B")])
        assert answer().person_id == 5
        write_persons(index, [person(7, at=later, name="C")])
        assert answer().person_id == 7
        write_persons(index, [person(8, owner_id=BO, name="D")])
        assert answer() == Match(person_id=8, name="D", organization_id=6, others=("Eero Mäkinen", "B", "C"), how="own")

    def test_several_where_the_company_wants_to_be_asked(self, index: ContactIndex, answer: Callable[..., Any]) -> None:
        write_persons(index, [person(5), person(6)])
        found = answer(several_contacts="ask")
        assert isinstance(found, Several)
        assert {contact.person_id for contact in found.contacts} == {5, 6}

    def test_one_is_nothing_to_ask_about(self, index: ContactIndex, answer: Callable[..., Any]) -> None:
        write_persons(index, [person()])
        assert answer(several_contacts="ask").person_id == 5


class TestChoice:
    @pytest.fixture(autouse=True)
    def _helmi_was_chosen(self, index: ContactIndex) -> None:
        write_persons(index, [person(5, owner_id=BO), person(6, name="Helmi Koskela")])
        NumberChoice.objects.create(account=index.account, number=EERO, person_id=6)

    @pytest.mark.parametrize("policy", ["ask", "best"])
    def test_it_holds_for_later_calls(self, answer: Callable[..., Any], policy: str) -> None:
        assert answer(several_contacts=policy).name == "Helmi Koskela"

    def test_it_follows_a_merge(self, index: ContactIndex, answer: Callable[..., Any]) -> None:
        write_persons(index, [person(7, name="Helmi K."), person(8)])
        remove_person(index, 6, at=NOON + datetime.timedelta(seconds=1), merged_into=7)
        drop_unseen(index, since=NOON + datetime.timedelta(days=9))
        assert answer(several_contacts="ask").name == "Helmi K."

    def test_it_ends_when_the_person_has_the_number_no_more(
        self, index: ContactIndex, answer: Callable[..., Any]
    ) -> None:
        write_persons(index, [person(8)])
        remove_person(index, 6, at=NOON + datetime.timedelta(seconds=1))
        assert isinstance(answer(several_contacts="ask"), Several)
        assert answer().person_id == 5


class TestWhileReading:
    """The index is not there yet."""

    def test_a_new_call_is_worth_one_search(
        self, outside: Sandbox, just_connected: Connect, bo: User, place: Place
    ) -> None:
        just_connected(bo)
        assert outcome(log(place())) == ("logged", "logged")
        assert asked(outside, "GET persons/search") == 1

    def test_what_the_search_does_not_find_waits_for_the_index(
        self, outside: Sandbox, just_connected: Connect, bo: User, place: Place
    ) -> None:
        outside.order("pipedrive/control/switches", search_matching="raw")
        connection = just_connected(bo)
        call = log(place(from_="+358400124390"))  # stored as +358 40 012 4390
        assert outcome(call) == ("pending", "queued")
        assert outcome(log(due_now(call))) == ("pending", "queued")
        assert asked(outside, "GET persons/search") == 1
        keep_index(connection.account_id)
        call.refresh_from_db()
        assert outcome(log(call)) == ("logged", "logged")
        assert call.person_name == "Katri Lehtonen"

    def test_calls_that_waited_for_the_connection_wait_for_the_index_too(
        self, outside: Sandbox, just_connected: Connect, bo: User, place: Place
    ) -> None:
        call = log(place())
        connection = just_connected(bo)
        Call.objects.update(status="pending", reason="queued", next_attempt_at=timezone.now())
        assert outcome(log(call)) == ("pending", "queued")
        assert asked(outside, "GET persons/search") == 0
        keep_index(connection.account_id)
        assert outcome(log(call)) == ("logged", "logged")
        assert asked(outside, "GET persons/search") == 0

    def test_where_the_persons_may_not_be_listed_calls_are_searched_for(
        self, outside: Sandbox, just_connected: Connect, bo: User, place: Place
    ) -> None:
        connection = just_connected(bo)
        fault(outside, method="GET", path="v2/persons$", status=403, body={"success": False, "error": "no"}, times=9)
        keep_index(connection.account_id)
        assert outcome(log(place())) == ("logged", "logged")
        assert outcome(log(place(from_="+358400999888"))) == ("waiting", "no_contact")

    def test_several_that_only_the_search_can_find_are_not_searched_for_all_the_time(
        self, outside: Sandbox, just_connected: Connect, bo: User, place: Place
    ) -> None:
        LoggingPolicy.objects.create(company=company_of(bo), several_contacts="ask")
        connection = just_connected(bo)
        fault(outside, method="GET", path="v2/persons$", status=403, body={"success": False, "error": "no"}, times=1)
        keep_index(connection.account_id)
        call = log(place(from_=RANTANEN))
        assert outcome(call) == ("waiting", "several_contacts")
        assert seconds_until_next(call) > 3000
        assert asked(outside, "GET persons/search") == 1

    def test_several_found_by_the_search_are_not_chosen_from_where_the_company_asks(
        self, outside: Sandbox, just_connected: Connect, bo: User, place: Place
    ) -> None:
        LoggingPolicy.objects.create(company=company_of(bo), several_contacts="ask")
        connection = just_connected(bo)
        call = log(place(from_=RANTANEN))
        assert outcome(call) == ("pending", "queued")
        keep_index(connection.account_id)
        assert outcome(log(call)) == ("waiting", "several_contacts")


class TestLogging:
    def test_a_call_costs_the_post_alone(self, outside: Sandbox, connected: Connect, bo: User, place: Place) -> None:
        connected(bo)
        log(place())  # reads the activity types and the organization's name
        before = outside.state("spent_tokens")["spent_tokens"]
        assert outcome(log(place())) == ("logged", "logged")
        assert outside.state("spent_tokens")["spent_tokens"] - before == 5

    def test_one_activity_and_the_others_named_in_the_note(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        call = log(place(from_=RANTANEN))
        (activity,) = activities(outside)
        other = {"Päivi Rantanen", "Pekka Rantanen"} - {call.person_name}
        assert [each["person_id"] for each in activity["participants"]] == [call.person_id]
        assert other.pop() in activity["note"]

    def test_the_organization_is_named_after_one_question(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        assert log(place()).organization_name == "Kuusikon Puutarha Oy"
        assert log(place(from_="+358400124388")).organization_name == "Kuusikon Puutarha Oy"
        assert asked(outside, "GET organizations/") == 1

    def test_an_organization_that_may_not_be_read_stays_without_a_name(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        fault(outside, path="organizations/", status=403, body={"success": False, "error": "no"})
        call = log(place())
        assert (outcome(call), call.organization_name) == (("logged", "logged"), "")
        assert call.organization_id is not None

    def test_an_organization_that_is_gone_is_left_out(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        ContactIndex.objects.get().account.contacts.update(organization_id=999_999)
        call = log(place())
        assert (outcome(call), call.organization_id) == (("logged", "logged"), None)
        assert activities(outside)[0]["org_id"] is None
        ContactIndex.objects.get().account.contacts.update(organization_id=999_999)
        before = outside.state("spent_tokens")["spent_tokens"]
        assert outcome(log(place())) == ("logged", "logged")
        assert outside.state("spent_tokens")["spent_tokens"] - before == 5

    def test_a_person_the_rep_may_not_see_is_refused_once_and_explained(
        self, outside: Sandbox, connected: Connect, aino: User, bo: User, place: Place
    ) -> None:
        connected(bo)
        connection = connected(aino)
        owner = connection.pipedrive_user_id
        outside.order("pipedrive/control/persons", name="Ainon", phones=["0451112222"], owner_id=owner, visible_to=1)
        read_changes_now(connection)
        call = log(place(from_="+358451112222"))
        assert outcome(call) == ("failed", "pipedrive_refused")
        assert call.next_attempt_at is None
        with translation.override("en"):
            assert "the user may not see this contact" in call.explanation

    def test_a_person_deleted_a_moment_ago_is_nobody(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        outside.order(f"pipedrive/control/persons/{outside.person('Eero')['id']}", "DELETE")
        assert outcome(log(place())) == ("waiting", "no_contact")

    def test_where_pipedrive_takes_deleted_persons_they_are_looked_at_before(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        outside.order("pipedrive/control/switches", gone_participant_status=200)
        outside.order(f"pipedrive/control/persons/{outside.person('Eero')['id']}", "DELETE")
        long_ago = timezone.now() - datetime.timedelta(minutes=11)
        ContactIndex.objects.get().account.contacts.update(seen_at=long_ago)
        assert outcome(log(place())) == ("waiting", "no_contact")
        assert activities(outside) == []

    def test_where_webhooks_arrive_nobody_is_looked_at_before(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        PipedriveSubscription.objects.update(webhook_ids=[1, 2], heard_at=timezone.now())
        ContactIndex.objects.get().account.contacts.update(seen_at=NOON)
        assert outcome(log(place())) == ("logged", "logged")
        assert asked(outside, "GET /v2/persons/") == 0


def test_another_company_with_the_same_pipedrive_reads_for_itself(
    outside: Sandbox, connected: Connect, bo: User, cecilia: User
) -> None:
    connected(bo)
    connected(cecilia)
    assert ContactIndex.objects.count() == 2
    assert {connection.account.company for connection in PipedriveConnection.objects.all()} == {
        bo.company,
        cecilia.company,
    }
