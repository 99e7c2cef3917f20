"""What follows from a change of the company's settings: persons are read anew, calls that wait go on."""

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from calls.models import Call, LoggingPolicy
from calls.resume import resume_waiting
from integrations.models import ContactIndex
from tests.calls.settings_steps import KINDS, patch, save, settings_form
from tests.calls.steps import Connect, Place, log, outcome, read_changes_now
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

BrowserOf = Callable[[User], Client]
SEVERAL = "+358400124392"
UNKNOWN = "+358400999888"


class TestRegion:
    def test_a_new_region_has_the_persons_read_anew(
        self, admin: Client, outside: Sandbox, connected: Connect, bo: User
    ) -> None:
        connection = connected(bo)
        outside.order("pipedrive/control/persons", name="Astrid Ny", phones=["070-123 45 99"])
        read_changes_now(connection)
        before = ContactIndex.objects.get()
        assert before.next_step_at > timezone.now()
        patch(admin, region="SE")
        assert ContactIndex.objects.get().next_step_at <= timezone.now()
        read_changes_now(connection)
        assert ContactIndex.objects.get().region == "SE"
        assert connection.account.contacts.filter(numbers__e164="+46701234599").exists()

    def test_the_same_region_leaves_the_index_alone(
        self, admin: Client, outside: Sandbox, connected: Connect, bo: User
    ) -> None:
        connected(bo)
        before = ContactIndex.objects.get().next_step_at
        patch(admin, region="FI", deals="none")
        save(admin, settings_form(admin))
        assert ContactIndex.objects.get().next_step_at == before

    def test_a_company_that_nobody_has_connected_gets_no_index(self, admin: Client) -> None:
        patch(admin, region="SE")
        assert not ContactIndex.objects.exists()


class TestWaitingCalls:
    @pytest.fixture(autouse=True)
    def _bo_is_connected(self, outside: Sandbox, connected: Connect, bo: User) -> None:
        connected(bo)

    def test_those_that_waited_for_an_answer_go_on_when_nobody_is_asked_any_more(
        self, admin: Client, place: Place
    ) -> None:
        patch(admin, several_contacts="ask")
        call = log(place(from_=SEVERAL))
        patch(admin, deals="none")
        resume_waiting()
        assert outcome(log(call)) == ("waiting", "several_contacts")
        patch(admin, several_contacts="best")
        resume_waiting()
        assert outcome(log(call)) == ("logged", "logged")

    def test_those_with_unknown_numbers_are_looked_at_when_persons_are_created(
        self, admin: Client, place: Place
    ) -> None:
        call = log(place(from_=UNKNOWN))
        assert outcome(call) == ("waiting", "no_contact")
        save(admin, settings_form(admin), unknown_caller="create_person")
        resume_waiting()
        assert outcome(log(call)) == ("logged", "logged")
        assert call.person_name == "040 099 9888"

    def test_a_kind_that_is_added_later_is_looked_at_too(self, admin: Client, place: Place) -> None:
        patch(admin, unknown_caller="create_person", create_person_for=["out_answered"])
        call = log(place(from_=UNKNOWN))
        assert outcome(call) == ("waiting", "no_contact")
        patch(admin, create_person_for=["out_answered", "in_answered"])
        resume_waiting()
        assert outcome(log(call)) == ("logged", "logged")

    def test_another_setting_does_not_have_them_looked_at(self, admin: Client, place: Place) -> None:
        call = log(place(from_=UNKNOWN))
        patch(admin, deals="single_open")
        call.refresh_from_db()
        assert call.next_attempt_at is not None
        assert call.next_attempt_at > timezone.now()

    def test_those_whose_30_days_are_over_are_left_to_expire(self, admin: Client, place: Place) -> None:
        call = log(place(from_=UNKNOWN))
        Call.objects.update(started_at=timezone.now() - datetime.timedelta(days=31))
        patch(admin, unknown_caller="create_person")
        call.refresh_from_db()
        assert call.next_attempt_at is not None
        assert call.next_attempt_at > timezone.now()

    def test_support_changes_them_in_the_admin_with_the_same_effect(
        self, admin: Client, place: Place, aino: User, staff: User, browser_of: BrowserOf
    ) -> None:
        call = log(place(from_=UNKNOWN))
        policy = LoggingPolicy.objects.create(company=company_of(aino))
        support = browser_of(staff)
        path = f"/admin/calls/loggingpolicy/{policy.pk}/change/"
        form = settings_form(support, path)
        chosen = {**form.fields, "unknown_caller": "create_person"}
        refused = support.post(path, {**chosen, "create_person_for": []})
        assert (refused.status_code, LoggingPolicy.objects.get().unknown_caller) == (200, "wait")
        assert support.post(path, {**chosen, "create_person_for": KINDS}).status_code == 302
        resume_waiting()
        assert outcome(log(call)) == ("logged", "logged")
