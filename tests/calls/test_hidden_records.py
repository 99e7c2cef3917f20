"""Persons and organizations that not everybody sees in Pipedrive: a call goes to what its own rep sees."""

import datetime

import pytest
from django.utils import timezone

from accounts.models import User
from calls.models import Call
from calls.policy import LoggingPolicy, NumberChoice
from integrations.connections import disconnect
from integrations.models import Contact, ContactIndex, HiddenOrganization, Organization, PipedriveConnection
from tests.calls.hidden import EVERYBODY, OWNER_ONLY, add_person, user_id
from tests.calls.steps import Connect, Place, activities, asked, fault, log, outcome, read_changes_now
from tests.conftest import company_of
from tests.contacts.steps import EERO
from tests.sandbox.running_sandbox import Sandbox

NUMBER = "+358451112222"


class TestSeveral:
    """The index is read with an admin's eyes, and the best of several contacts is not for the rep's."""

    @pytest.fixture
    def visible(self, outside: Sandbox, aino: User) -> int:
        return add_person(outside, "Kaikkien", number=NUMBER, owner=aino)

    @pytest.fixture
    def hidden(self, outside: Sandbox, visible: int, aino: User) -> int:
        return add_person(outside, "Ainon oma", number=NUMBER, owner=aino, visible_to=OWNER_ONLY)

    @pytest.fixture(autouse=True)
    def _bo_sees_one_and_the_reader_both(
        self, outside: Sandbox, hidden: int, connected: Connect, aino: User, bo: User
    ) -> None:
        account = connected(aino).account
        connected(bo)
        NumberChoice.objects.create(account=account, number=NUMBER, person_id=hidden)

    @pytest.mark.parametrize("status", [403, 404])
    @pytest.mark.parametrize("policy", ["best", "ask"])
    def test_the_call_goes_to_the_one_that_the_rep_sees(
        self, outside: Sandbox, place: Place, visible: int, bo: User, status: int, policy: str
    ) -> None:
        LoggingPolicy.objects.create(company=company_of(bo), several_contacts=policy)
        outside.order("pipedrive/control/switches", unseen_status=status, unseen_participant_status=status)
        call = log(place(from_=NUMBER))
        assert (outcome(call), call.person_id) == (("logged", "logged"), visible)
        assert "Ainon oma" not in str(activities(outside))

    def test_where_the_rep_sees_none_of_them_it_is_refused(
        self, outside: Sandbox, place: Place, visible: int, aino: User
    ) -> None:
        outside.order(f"pipedrive/control/persons/{visible}", "PATCH", visible_to=OWNER_ONLY)
        assert outcome(log(place(from_=NUMBER))) == ("failed", "pipedrive_refused")
        assert asked(outside, "POST /activities") == 2

    def test_what_is_refused_for_another_reason_is_not_tried_with_the_next(
        self, outside: Sandbox, place: Place, hidden: int
    ) -> None:
        outside.order(f"pipedrive/control/persons/{hidden}", "PATCH", visible_to=EVERYBODY)
        fault(outside, method="POST", path="/activities", status=403, body={"success": False, "error": "no"})
        assert outcome(log(place(from_=NUMBER))) == ("failed", "pipedrive_refused")
        assert asked(outside, "POST /activities") == 1

    def test_a_missing_scope_hides_nobody(self, outside: Sandbox, place: Place) -> None:
        no_scope = {"status": 403, "body": {"success": False, "error": "Scope and URL mismatch"}}
        fault(outside, method="GET", path="v2/persons/", times=9, **no_scope)
        assert outcome(log(place(from_=NUMBER))) == ("failed", "pipedrive_refused")
        assert asked(outside, "POST /activities") == 1

    def test_an_answer_that_does_not_come_is_not_no(self, outside: Sandbox, place: Place) -> None:
        fault(outside, method="GET", path="v2/persons/", status=500)
        assert outcome(log(place(from_=NUMBER))) == ("pending", "retrying")
        assert PipedriveConnection.objects.filter(state="connected").count() == 2


class TestHiddenFromTheReader:
    """The reader is no admin, and a person becomes its owner's own."""

    @pytest.fixture(autouse=True)
    def _bo_reads(self, outside: Sandbox, connected: Connect, bo: User) -> None:
        connected(bo)

    def hide_eero(self, outside: Sandbox) -> None:
        outside.order(f"pipedrive/control/persons/{outside.person('Eero')['id']}", "PATCH", visible_to=OWNER_ONLY)

    def test_the_call_goes_to_another_contact(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        outside.order("pipedrive/control/persons", name="Kaikkien", phones=["0400 124 387"])
        ContactIndex.objects.update(is_sweep_wanted=True)
        read_changes_now(bo.pipedrive_connection)
        NumberChoice.objects.create(
            account=bo.pipedrive_connection.account, number=EERO, person_id=outside.person("Eero")["id"]
        )
        self.hide_eero(outside)
        call = log(place())
        assert (outcome(call), call.person_name) == (("logged", "logged"), "Kaikkien")
        assert Contact.objects.filter(numbers__e164=EERO).count() == 1

    def test_where_there_is_no_other_it_waits_for_one(self, outside: Sandbox, place: Place) -> None:
        self.hide_eero(outside)
        assert outcome(log(place())) == ("waiting", "no_contact")


class TestOrganization:
    """Aino's own organization: she is an admin, and Bo does not see it."""

    @pytest.fixture(autouse=True)
    def _both_are_connected(self, outside: Sandbox, connected: Connect, aino: User, bo: User) -> None:
        owner = user_id(outside, aino)
        made = outside.order("pipedrive/control/organizations", name="Ainon Oy", owner_id=owner, visible_to=OWNER_ONLY)
        eero = outside.person("Eero")["id"]
        outside.order(f"pipedrive/control/persons/{eero}", "PATCH", org_id=made["id"])
        connected(aino)
        connected(bo)

    def of(self, user: User, place: Place) -> Call:
        """A call of a person's with Eero, and what became of it."""
        return log(place(user={"id": f"u-{user.pk}", "email": user.email, "number": "+358501112222"}))

    @pytest.mark.parametrize("status", [403, 404])
    def test_it_is_left_out_for_the_rep_who_does_not_see_it(
        self, outside: Sandbox, place: Place, aino: User, bo: User, status: int
    ) -> None:
        outside.order("pipedrive/control/switches", unseen_status=status, unseen_participant_status=status)
        call = self.of(bo, place)
        assert (outcome(call), call.organization_id) == (("logged", "logged"), None)
        call = self.of(aino, place)
        assert (call.organization_name, activities(outside)[-1]["org_id"]) == ("Ainon Oy", call.organization_id)

    def test_the_name_that_a_colleague_has_read_stays(
        self, outside: Sandbox, place: Place, aino: User, bo: User
    ) -> None:
        self.of(aino, place)
        assert self.of(bo, place).organization_name == ""
        assert self.of(aino, place).organization_name == "Ainon Oy"
        assert asked(outside, "GET organizations/") == 2  # Aino's, and Bo's after the refusal

    def test_for_a_day_it_is_not_tried_again(self, outside: Sandbox, place: Place, aino: User, bo: User) -> None:
        self.of(bo, place)
        before = outside.state("spent_tokens")["spent_tokens"]
        assert outcome(self.of(bo, place)) == ("logged", "logged")
        assert outside.state("spent_tokens")["spent_tokens"] - before == 5
        HiddenOrganization.objects.update(hidden_at=timezone.now() - datetime.timedelta(days=1, seconds=1))
        refusals = asked(outside, "POST /activities")
        self.of(bo, place)
        assert asked(outside, "POST /activities") - refusals == 2
        assert HiddenOrganization.objects.count() == 1

    def test_a_missing_scope_hides_none(self, outside: Sandbox, place: Place, bo: User) -> None:
        no_scope = {"status": 403, "body": {"success": False, "error": "Scope and URL mismatch"}}
        fault(outside, path="organizations/", times=2, **no_scope)
        assert outcome(self.of(bo, place)) == ("failed", "pipedrive_refused")
        assert not HiddenOrganization.objects.exists()

    def test_the_mark_of_an_earlier_version_holds_for_nobody(
        self, outside: Sandbox, place: Place, aino: User, bo: User
    ) -> None:
        self.of(aino, place)
        Organization.objects.update(name="", is_hidden=True)
        assert self.of(aino, place).organization_name == "Ainon Oy"

    def test_it_goes_with_the_connection(self, outside: Sandbox, place: Place, bo: User) -> None:
        self.of(bo, place)
        disconnect(user=bo)
        assert not HiddenOrganization.objects.exists()


@pytest.mark.parametrize("status", [403, 404])
def test_a_hit_of_the_search_that_the_rep_may_not_see_any_more_is_none(
    outside: Sandbox, just_connected: Connect, bo: User, place: Place, status: int
) -> None:
    """The search may show a person a while longer than the person is there for these eyes."""
    just_connected(bo)
    fault(outside, method="GET", path="v2/persons/[0-9]", status=status, body={"success": False, "error": "no"})
    assert outcome(log(place())) == ("pending", "queued")
