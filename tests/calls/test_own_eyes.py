"""The index is read by a colleague who is no admin: the rep's own contacts are found with the rep's own eyes."""

import datetime

import pytest
from django.utils import timezone, translation

from accounts.models import User
from calls.models import Call, LoggingPolicy, NewPerson
from calls.resume import resume_waiting, try_again
from calls.story_lines import story_of
from integrations.models import ContactIndex, PipedriveAccount
from tests.calls.hidden import OWNER_ONLY, add_person
from tests.calls.steps import Connect, Place, activities, asked, due_now, fault, log, outcome, read_changes_now
from tests.conftest import company_of, make_person
from tests.sandbox.running_sandbox import Json, Sandbox

NUMBER = "+358451112222"
SEARCH, CREATE = "GET persons/search", "POST /v2/persons"
NO_SCOPE: Json = {"status": 403, "body": {"success": False, "error": "Scope and URL mismatch"}}


@pytest.fixture
def daniel(aino: User) -> User:
    return make_person("daniel@esimerkki.example", "Esimerkki Oy")


@pytest.fixture(autouse=True)
def _daniel_reads(outside: Sandbox, connected: Connect, daniel: User, bo: User) -> None:
    connected(daniel)
    connected(bo)
    assert ContactIndex.objects.get().reader == daniel.pipedrive_connection


def look_again(call: Call, *, after: datetime.timedelta) -> Call:
    """The call's next look, some time after its last one."""
    step = call.steps.get(reason="no_contact")
    step.data["searched"] = (timezone.now() - after).isoformat()
    step.save(update_fields=["data"])
    Call.objects.filter(pk=call.pk).update(tried_since=timezone.now() - datetime.timedelta(days=9))
    Call.objects.filter(pk=call.pk).update(next_attempt_at=timezone.now())
    resume_waiting()
    return log(call)


class TestLogging:
    def test_a_contact_that_only_the_rep_sees_is_found(self, outside: Sandbox, place: Place, bo: User) -> None:
        own = add_person(outside, "Bon oma", number=NUMBER, owner=bo, visible_to=OWNER_ONLY)
        call = log(place(from_=NUMBER))
        assert (outcome(call), call.person_id, call.person_name) == (("logged", "logged"), own, "Bon oma")
        with translation.override("en"):
            story = [line.text for line in story_of(call)]
        assert any("so we asked Pipedrive as this user" in text for text in story)
        assert "The number belongs to Bon oma." in story

    def test_several_are_not_asked_about_since_nobody_else_sees_them(
        self, outside: Sandbox, place: Place, bo: User
    ) -> None:
        LoggingPolicy.objects.create(company=company_of(bo), several_contacts="ask")
        for name in ("Yksi", "Toinen"):
            add_person(outside, name, number=NUMBER, owner=bo, visible_to=OWNER_ONLY)
        assert outcome(log(place(from_=NUMBER))) == ("logged", "logged")

    def test_one_that_only_a_colleague_sees_is_not(self, outside: Sandbox, place: Place, aino: User) -> None:
        add_person(outside, "Ainon oma", number=NUMBER, owner=aino, visible_to=OWNER_ONLY)
        assert outcome(log(place(from_=NUMBER))) == ("waiting", "no_contact")

    def test_whom_the_index_knows_costs_no_search(self, outside: Sandbox, place: Place) -> None:
        assert outcome(log(place())) == ("logged", "logged")
        assert asked(outside, SEARCH) == 0

    def test_a_search_that_fails_is_not_nobody(self, outside: Sandbox, place: Place) -> None:
        fault(outside, path="persons/search", status=500)
        assert outcome(log(place(from_=NUMBER))) == ("pending", "retrying")

    def test_one_that_is_refused_leaves_the_call_waiting(self, outside: Sandbox, place: Place, bo: User) -> None:
        LoggingPolicy.objects.create(company=company_of(bo), unknown_caller="create_person")
        fault(outside, path="persons/search", **NO_SCOPE)
        call = log(place(from_=NUMBER))
        assert (outcome(call), asked(outside, CREATE)) == (("waiting", "no_contact"), 0)
        assert "Scope and URL mismatch" in call.detail


class TestHowOften:
    def test_once_a_day_for_a_call_that_waits(self, outside: Sandbox, place: Place, bo: User) -> None:
        call = log(place(from_=NUMBER))
        for after, searches in ((1, 1), (2, 1), (25, 2)):
            call = look_again(call, after=datetime.timedelta(hours=after))
            assert (outcome(call), asked(outside, SEARCH)) == (("waiting", "no_contact"), searches)
        own = add_person(outside, "Bon oma", number=NUMBER, owner=bo, visible_to=OWNER_ONLY)
        call = look_again(call, after=datetime.timedelta(hours=25))
        assert (outcome(call), call.person_id) == (("logged", "logged"), own)

    def test_looks_in_between_do_not_forget_when_that_was(self, outside: Sandbox, place: Place) -> None:
        call = log(place(from_=NUMBER))
        for _look in range(3):
            Call.objects.update(next_attempt_at=timezone.now())
            resume_waiting()
            call = log(call)
        assert (call.steps.get(reason="no_contact").times, asked(outside, SEARCH)) == (4, 1)

    def test_at_once_when_somebody_has_it_tried_again(self, outside: Sandbox, place: Place) -> None:
        call = log(place(from_=NUMBER))
        assert try_again(Call.objects.all()) == 1
        log(call)
        assert asked(outside, SEARCH) == 2

    def test_only_the_first_time_while_little_is_left_of_the_tokens(self, outside: Sandbox, place: Place) -> None:
        told = {"daily_tokens": 30_000, "tokens_left": 2_000, "tokens_left_at": timezone.now()}
        call = log(place(from_=NUMBER))
        PipedriveAccount.objects.update(**told)
        look_again(call, after=datetime.timedelta(hours=25))
        assert asked(outside, SEARCH) == 1

    def test_never_where_the_rep_reads(self, outside: Sandbox, place: Place, daniel: User) -> None:
        call = place(from_=NUMBER, user={"id": "u-9", "email": daniel.email, "number": "+358501113333"})
        assert outcome(log(call)) == ("waiting", "no_contact")
        assert asked(outside, SEARCH) == 0

    def test_never_where_an_admin_reads(
        self, outside: Sandbox, place: Place, connected: Connect, aino: User, bo: User
    ) -> None:
        connected(aino)
        assert ContactIndex.objects.get().reader_is_admin
        before = outside.state("spent_tokens")["spent_tokens"]
        log(place())
        log(place(from_=NUMBER))
        assert asked(outside, SEARCH) == 0
        assert outside.state("spent_tokens")["spent_tokens"] - before == 20 + 1 + 5  # types, organization, activity


class TestNewPersons:
    @pytest.fixture(autouse=True)
    def _persons_are_created(self, bo: User) -> None:
        LoggingPolicy.objects.create(company=company_of(bo), unknown_caller="create_person")

    def read_anew(self, bo: User) -> None:
        """The sweep forgets whom its reader does not see."""
        ContactIndex.objects.update(is_sweep_wanted=True)
        read_changes_now(bo.pipedrive_connection)
        assert not bo.pipedrive_connection.account.contacts.filter(numbers__e164=NUMBER).exists()

    def created_and_hidden(self, outside: Sandbox, place: Place, bo: User) -> int:
        """A person created for a call of Bo's, as Pipedrive's rules for new persons make it: for its owner alone."""
        call = log(place(from_=NUMBER))
        assert (outcome(call), asked(outside, CREATE)) == (("logged", "logged"), 1)
        outside.order(f"pipedrive/control/persons/{call.person_id}", "PATCH", visible_to=OWNER_ONLY)
        self.read_anew(bo)
        assert call.person_id is not None
        return call.person_id

    def test_none_is_made_beside_one_that_the_rep_sees(self, outside: Sandbox, place: Place, bo: User) -> None:
        own = add_person(outside, "Bon oma", number=NUMBER, owner=bo, visible_to=OWNER_ONLY)
        assert log(place(from_=NUMBER)).person_id == own
        assert asked(outside, CREATE) == 0

    def test_nor_on_an_answer_of_hours_ago(self, outside: Sandbox, place: Place, bo: User) -> None:
        LoggingPolicy.objects.update(unknown_caller="wait")
        call = log(place(from_=NUMBER))
        LoggingPolicy.objects.update(unknown_caller="create_person")
        own = add_person(outside, "Bon oma", number=NUMBER, owner=bo, visible_to=OWNER_ONLY)
        call = look_again(call, after=datetime.timedelta(hours=2))
        assert (call.person_id, asked(outside, CREATE)) == (own, 0)

    def test_later_calls_go_to_the_one_that_was_made_though_the_reader_does_not_see_it(
        self, outside: Sandbox, place: Place, bo: User
    ) -> None:
        made = self.created_and_hidden(outside, place, bo)
        searches, before = asked(outside, SEARCH), outside.state("spent_tokens")["spent_tokens"]
        call = log(place(from_=NUMBER))
        assert (outcome(call), call.person_id) == (("logged", "logged"), made)
        assert asked(outside, SEARCH) == searches
        assert outside.state("spent_tokens")["spent_tokens"] - before == 1 + 5

    @pytest.mark.parametrize("change", [{"phones": ["0459998888"]}, None])
    def test_unless_it_is_deleted_or_has_another_number_now(
        self, outside: Sandbox, place: Place, bo: User, change: Json | None
    ) -> None:
        made = self.created_and_hidden(outside, place, bo)
        address = f"pipedrive/control/persons/{made}"
        outside.order(address, "PATCH", **change) if change else outside.order(address, "DELETE")
        assert outcome(log(place(from_=NUMBER))) == ("waiting", "no_contact")
        assert (asked(outside, CREATE), len(activities(outside))) == (1, 1)

    def test_nor_for_a_colleague_who_does_not_see_it(
        self, outside: Sandbox, place: Place, connected: Connect, bo: User, daniel: User
    ) -> None:
        self.created_and_hidden(outside, place, bo)
        call = place(from_=NUMBER, user={"id": "u-9", "email": daniel.email, "number": "+358501113333"})
        assert outcome(log(call)) == ("waiting", "no_contact")
        assert NewPerson.objects.count() == 1

    def test_the_search_is_made_once_while_the_creation_waits(self, outside: Sandbox, place: Place) -> None:
        ContactIndex.objects.update(working_until=timezone.now() + datetime.timedelta(seconds=20))
        call = log(place(from_=NUMBER))
        assert outcome(call) == ("pending", "queued")
        ContactIndex.objects.update(working_until=None)
        assert outcome(log(due_now(call))) == ("logged", "logged")
        assert asked(outside, SEARCH) == 1

    def test_nor_again_while_it_is_not_certain_that_nobody_has_the_number(self, outside: Sandbox, place: Place) -> None:
        ContactIndex.objects.update(working_until=timezone.now() + datetime.timedelta(seconds=20))
        call = log(place(from_=NUMBER))
        step = call.steps.get(reason="queued")
        step.data["searched"] = (timezone.now() - datetime.timedelta(hours=2)).isoformat()
        step.save(update_fields=["data"])
        Call.objects.update(tried_since=timezone.now() - datetime.timedelta(hours=3))
        assert outcome(log(due_now(call))) == ("pending", "queued")
        assert asked(outside, SEARCH) == 1

    def test_one_whose_answer_was_lost_is_found_though_the_reader_does_not_see_it(
        self, outside: Sandbox, place: Place, bo: User
    ) -> None:
        fault(outside, method="POST", path="v2/persons$", after=True, status=500)
        call = log(place(from_=NUMBER))
        assert outcome(call) == ("pending", "queued")
        made = next(each["id"] for each in outside.state("persons")["persons"] if "451112222" in str(each["phones"]))
        outside.order(f"pipedrive/control/persons/{made}", "PATCH", visible_to=OWNER_ONLY)
        assert outcome(log(due_now(call))) == ("pending", "queued")
        assert asked(outside, SEARCH) == 1
        long_ago = timezone.now() - datetime.timedelta(seconds=31)
        NewPerson.objects.update(began_at=long_ago)
        step = call.steps.get(reason="queued")
        step.data["searched"] = (long_ago - datetime.timedelta(seconds=1)).isoformat()
        step.save(update_fields=["data"])
        Call.objects.update(tried_since=long_ago - datetime.timedelta(minutes=1))
        call = log(due_now(call))
        assert (outcome(call), call.person_id) == (("logged", "logged"), made)
        assert (asked(outside, CREATE), NewPerson.objects.get().person_id) == (1, made)
