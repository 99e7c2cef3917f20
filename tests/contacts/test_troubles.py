"""What can go wrong while an index is kept, and what it must not lead to."""

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from calls.policy import NumberChoice
from integrations.connections import check, client_for, connect, disconnect, uninstalled, whose_grant
from integrations.contact_reader import reader_of, recheck
from integrations.contact_sweep import begin_sweep, sweep_page
from integrations.contact_upkeep import keep_index, make_sure, sweep_soon
from integrations.contacts import LEASE, erase_abandoned, write_persons
from integrations.models import (
    Contact,
    ContactIndex,
    ContactNumber,
    PipedriveAccount,
    PipedriveConnection,
    PipedriveSubscription,
)
from integrations.pipedrive_app import oauth_app
from tests.accounts.browser import in_english
from tests.conftest import company_of
from tests.contacts.steps import EERO, asked, data, event, numbers, person, step, tell_and_carry_out
from tests.sandbox.running_sandbox import Json, Sandbox

pytestmark = pytest.mark.django_db
Connect = Callable[[User], PipedriveConnection]
LIST = "GET /v2/persons"
FORBIDDEN: Json = {"status": 403, "body": {"success": False, "error": "no"}}
HIDDEN = "+358451112222"


def index_of(connection: PipedriveConnection) -> ContactIndex:
    return ContactIndex.objects.select_related("account__company").get(account=connection.account_id)


def fault(outside: Sandbox, **order: object) -> None:
    outside.http.post(f"{outside.url}/pipedrive/control/faults", json=order).raise_for_status()


def webhook_owners(outside: Sandbox) -> set[int]:
    return {each["owner_id"] for each in outside.state("webhooks")["webhooks"]}


def hide_a_person_of(aino: User, outside: Sandbox) -> None:
    """A person that only Aino and admins see, and she is one."""
    owner = next(user for user in outside.state("users")["users"] if user["email"] == aino.email)
    outside.order(
        "pipedrive/control/persons", name="Ainon oma", phones=["045 1112222"], owner_id=owner["id"], visible_to=1
    )


class TestReadingAnew:
    def test_until_it_begins_what_is_known_stays(self, outside: Sandbox, read_index: ContactIndex) -> None:
        sweep_soon(read_index)
        PipedriveAccount.objects.update(tokens_left=1, tokens_left_at=timezone.now(), daily_tokens=30_000)
        before = numbers()
        recheck(read_index.account, outside.person("Helmi")["id"])  # written as 0400124388
        step(read_index)
        assert numbers() == before

    def test_then_everything_is_read_once(self, outside: Sandbox, read_index: ContactIndex) -> None:
        first = read_index.swept_at
        sweep_soon(read_index)
        second = step(read_index).swept_at
        assert second != first
        assert step(read_index).swept_at == second

    def test_a_sweep_takes_over_from_the_polls_that_gave_up(self, outside: Sandbox, read_index: ContactIndex) -> None:
        outside.order("pipedrive/control/companies/7001", "PATCH", daily_tokens=10_000_000)
        an_hour_ago = (timezone.now() - datetime.timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
        outside.order("pipedrive/control/persons/many", count=10_500, update_time=an_hour_ago)
        ContactIndex.objects.update(changed_until=timezone.now() - datetime.timedelta(hours=2))
        for _turn in range(6):
            step(read_index)
        assert ContactIndex.objects.get().persons == 10_512
        sweeps = [each for each in outside.state("requests")["requests"] if each["query"].get("sort_by") == "id"]
        assert len(sweeps) == 1 + 22


class TestSweepInterrupted:
    def work_as(self, index: ContactIndex) -> PipedriveConnection:
        index.working_until = timezone.now() + LEASE
        ContactIndex.objects.filter(pk=index.pk).update(working_until=index.working_until)
        reader = reader_of(index.account)
        assert reader is not None
        return reader

    def test_after_the_last_page_only_the_end_is_left(
        self, outside: Sandbox, just_connected: Connect, bo: User
    ) -> None:
        index = index_of(just_connected(bo))
        reader = self.work_as(index)
        begin_sweep(index, client_for(reader), reader=reader)
        assert sweep_page(index, client_for(reader))
        ContactIndex.objects.update(working_until=None)
        before = asked(outside, LIST)
        index = step(index)
        assert (index.is_ready, index.persons, asked(outside, LIST)) == (True, 12, before)

    def test_another_reader_in_the_middle_begins_anew(
        self, outside: Sandbox, just_connected: Connect, aino: User, bo: User
    ) -> None:
        hide_a_person_of(aino, outside)
        outside.order("pipedrive/control/persons/many", count=1_000)
        index = index_of(just_connected(bo))
        reader = self.work_as(index)
        begin_sweep(index, client_for(reader), reader=reader)
        sweep_page(index, client_for(reader))
        ContactIndex.objects.update(working_until=None)
        just_connected(aino)
        index = step(index)
        assert (index.is_ready, index.reader_is_admin, HIDDEN in numbers()) == (True, True, True)

    def test_pages_that_are_refused_are_not_asked_for_again_and_again(
        self, outside: Sandbox, just_connected: Connect, bo: User
    ) -> None:
        outside.order("pipedrive/control/persons/many", count=1_000)
        index = index_of(just_connected(bo))
        reader = self.work_as(index)
        begin_sweep(index, client_for(reader), reader=reader)
        sweep_page(index, client_for(reader))
        ContactIndex.objects.update(working_until=None)
        fault(outside, method="GET", path="v2/persons$", times=50, **FORBIDDEN)
        before = asked(outside, LIST)
        index = step(index)
        assert asked(outside, LIST) - before <= 2
        assert index.failures_in_a_row == 1

    def test_an_admins_eyes_are_not_forgotten_when_the_fields_cannot_be_read(
        self, outside: Sandbox, connected: Connect, aino: User, bo: User
    ) -> None:
        hide_a_person_of(aino, outside)
        index = index_of(connected(bo))
        fault(outside, path="personFields", status=500)
        connected(aino)
        assert HIDDEN not in numbers()
        PipedriveAccount.objects.update(paused_until=None)
        step(index)
        assert HIDDEN in numbers()


class TestReaders:
    def test_trouble_of_the_reader_is_not_that_of_whose_call_it_is(
        self, outside: Sandbox, read_index: ContactIndex
    ) -> None:
        eero = outside.person("Eero")["id"]
        for trouble in (FORBIDDEN, {"status": 500}, {"drop": True}, {"status": 429}):
            fault(outside, path=f"v2/persons/{eero}", **trouble)
            assert not recheck(read_index.account, eero)
            assert EERO in numbers()

    @pytest.mark.parametrize("status", [403, 404])
    def test_a_person_that_is_hidden_from_the_reader_now_leaves_the_index(
        self, outside: Sandbox, read_index: ContactIndex, status: int
    ) -> None:
        outside.order("pipedrive/control/switches", unseen_status=status)
        eero = outside.person("Eero")["id"]
        outside.order(f"pipedrive/control/persons/{eero}", "PATCH", visible_to=1)
        assert recheck(read_index.account, eero)
        assert EERO not in numbers()

    @pytest.mark.parametrize("error", ["no", "Scope and URL mismatch"])
    def test_one_who_may_read_nobody_is_no_reason_to_forget_anybody(
        self, outside: Sandbox, read_index: ContactIndex, error: str
    ) -> None:
        eero = outside.person("Eero")["id"]
        outside.order(f"pipedrive/control/persons/{eero}", "PATCH", visible_to=1)
        fault(outside, path="v2/persons", times=9, status=403, body={"success": False, "error": error})
        assert not recheck(read_index.account, eero)
        assert EERO in numbers()

    def test_one_who_is_told_to_wait_is_not_asked_again_for_each_call(
        self, outside: Sandbox, read_index: ContactIndex
    ) -> None:
        eero = outside.person("Eero")["id"]
        fault(outside, path=f"v2/persons/{eero}", status=429, headers={"Retry-After": "60"})
        before = asked(outside, "GET /v2/persons/{person_id}")
        for _call in range(4):
            assert not recheck(read_index.account, eero)
        assert asked(outside, "GET /v2/persons/{person_id}") == before + 1

    def test_one_who_may_not_read_steps_back(self, outside: Sandbox, connected: Connect, aino: User, bo: User) -> None:
        index = index_of(connected(aino))
        connected(bo)
        swept_at = ContactIndex.objects.get().swept_at
        fault(outside, method="GET", path="v2/persons$", times=3, **FORBIDDEN)
        for _turn in range(2):
            step(index)
            assert reader_of(index.account) == aino.pipedrive_connection
        step(index)
        assert reader_of(index.account) == bo.pipedrive_connection
        assert step(index).problem == ""
        fault(outside, method="GET", path="v2/persons$", **FORBIDDEN)
        PipedriveConnection.objects.filter(user=aino).update(reading_refused_until=timezone.now())
        owners = webhook_owners(outside)
        step(index)
        assert step(index).swept_at == swept_at  # the one page that was refused has turned nothing over
        assert webhook_owners(outside) == owners
        PipedriveConnection.objects.filter(user=aino).update(reading_refused_until=timezone.now())
        step(index)
        assert reader_of(index.account) == aino.pipedrive_connection

    def test_connecting_again_ends_it(self, outside: Sandbox, connected: Connect, aino: User, bo: User) -> None:
        connected(bo)
        account = connected(aino).account
        later = timezone.now() + datetime.timedelta(days=1)
        PipedriveConnection.objects.filter(user=aino).update(reading_refused_until=later)
        assert reader_of(account) == bo.pipedrive_connection
        connected(aino)
        assert reader_of(account) == aino.pipedrive_connection

    def test_what_a_rep_is_not_shown_an_admin_who_comes_later_is(
        self, outside: Sandbox, connected: Connect, aino: User, bo: User
    ) -> None:
        hide_a_person_of(aino, outside)
        hidden = outside.person("Ainon oma")["id"]
        index = index_of(connected(bo))
        outside.order("pipedrive/control/switches", unseen_status=404)
        recheck(index.account, hidden)
        connected(aino)
        assert HIDDEN in numbers()

    def test_an_admin_who_comes_back_reads_what_the_others_did_not_see(
        self, outside: Sandbox, connected: Connect, aino: User, bo: User
    ) -> None:
        index = index_of(connected(aino))
        connected(bo)
        PipedriveConnection.objects.filter(user=aino).update(state="reauthorize")
        hide_a_person_of(aino, outside)
        step(index)
        ContactIndex.objects.update(changed_until=timezone.now() + datetime.timedelta(minutes=5))
        connected(aino)
        step(index)
        assert HIDDEN in numbers()

    def test_a_deactivated_user_alone_reads_on(self, outside: Sandbox, connected: Connect, bo: User) -> None:
        index = index_of(connected(bo))
        PipedriveConnection.objects.update(is_deactivated=True)
        assert reader_of(index.account) == bo.pipedrive_connection

    def test_a_user_who_answers_is_not_deactivated(self, outside: Sandbox, connected: Connect, bo: User) -> None:
        connection = connected(bo)
        PipedriveConnection.objects.update(is_deactivated=True)
        check(connection)
        assert not PipedriveConnection.objects.get().is_deactivated

    def test_the_team_page_says_who_is_deactivated(
        self, outside: Sandbox, connected: Connect, aino: User, bo: User, browser_of: Callable[[User], Client]
    ) -> None:
        connected(bo)
        PipedriveConnection.objects.update(is_deactivated=True)
        assert "Deactivated in Pipedrive" in in_english(browser_of(aino)).get("/team/").content.decode()


class TestCertainty:
    def test_a_poll_that_failed_makes_nothing_sure(self, outside: Sandbox, read_index: ContactIndex) -> None:
        fault(outside, method="GET", path="v2/persons$", status=500)
        assert not make_sure(read_index.account)
        assert ContactIndex.objects.get().polled_at is None

    def test_nor_does_it_count_against_the_upkeep(self, outside: Sandbox, read_index: ContactIndex) -> None:
        fault(outside, method="GET", path="v2/persons$", status=500, times=2)
        before = read_index.next_step_at
        assert not make_sure(read_index.account)
        assert not make_sure(read_index.account)
        index = ContactIndex.objects.get()
        assert (index.failures_in_a_row, index.problem, index.next_step_at, index.working_until) == (
            0,
            "",
            before,
            None,
        )

    def test_where_there_is_too_much_to_ask_for_a_sweep_follows_at_once(
        self, outside: Sandbox, read_index: ContactIndex
    ) -> None:
        outside.order("pipedrive/control/persons/many", count=10_500)
        assert not make_sure(read_index.account)
        before = asked(outside, LIST)
        assert not make_sure(read_index.account)
        assert asked(outside, LIST) == before
        index = ContactIndex.objects.get()
        assert (index.is_sweep_wanted, index.next_step_at <= timezone.now()) == (True, True)

    def test_one_that_was_answered_does(self, outside: Sandbox, read_index: ContactIndex) -> None:
        assert make_sure(read_index.account)
        assert ContactIndex.objects.get().working_until is None


class TestWebhooks:
    @pytest.fixture(autouse=True)
    def _reachable(self, outside: Sandbox) -> None:
        outside.order("pipedrive/control/switches", check_webhook_urls=False)

    @pytest.mark.parametrize("trouble", [{"status": 429}, {"status": 500}, {"drop": True}])
    def test_what_goes_wrong_while_they_are_registered_is_mended_soon(
        self, outside: Sandbox, just_connected: Connect, bo: User, trouble: Json
    ) -> None:
        index = index_of(just_connected(bo))
        fault(outside, method="POST", path="v1/webhooks", **trouble)
        step(index)
        PipedriveConnection.objects.update(paused_until=None)
        PipedriveSubscription.objects.filter(verify_at__lt=timezone.now() + datetime.timedelta(minutes=11)).update(
            verify_at=timezone.now()
        )
        step(index)
        assert len(PipedriveSubscription.objects.get().webhook_ids) == 2
        assert len(outside.state("webhooks")["webhooks"]) == 2

    def test_those_of_others_are_left_alone(self, outside: Sandbox, just_connected: Connect, bo: User) -> None:
        connection = just_connected(bo)
        theirs = client_for(connection).register_webhook(
            entity="deal", name="x", url=f"{outside.url}/", user="a", password="b"
        )
        index = step(index_of(connection))
        PipedriveSubscription.objects.update(verify_at=timezone.now(), webhook_ids=[])
        step(index)
        assert theirs in {each["id"] for each in outside.state("webhooks")["webhooks"]}
        assert len(outside.state("webhooks")["webhooks"]) == 3


class TestErasing:
    def test_taking_over_a_pipedrive_user_keeps_the_index(
        self, outside: Sandbox, connected: Connect, aino: User, bo: User
    ) -> None:
        connection = connected(bo)
        NumberChoice.objects.create(account=connection.account, number=EERO, person_id=5)
        index = ContactIndex.objects.get()
        code = outside.order("pipedrive/control/authorize", user_email=bo.email)["code"]
        grant = oauth_app().exchange_code(code=code)
        connect(user=aino, grant=grant, pipedrive_user=whose_grant(grant))
        assert PipedriveConnection.objects.get().user == aino
        assert ContactIndex.objects.get() == index
        assert NumberChoice.objects.exists()

    def test_uninstalling_in_pipedrive_erases_it(self, outside: Sandbox, connected: Connect, bo: User) -> None:
        connection = connected(bo)
        company_id = connection.account.pipedrive_company_id
        uninstalled(pipedrive_company_id=company_id, pipedrive_user_id=connection.pipedrive_user_id, at=None)
        for model in (Contact, ContactNumber, ContactIndex, PipedriveSubscription):
            assert not model._default_manager.exists()

    def test_an_index_without_a_connection_is_not_kept(self, outside: Sandbox, index: ContactIndex) -> None:
        write_persons(index, [person()])
        keep_index(index.account_id)
        assert not ContactIndex.objects.exists()
        assert not Contact.objects.exists()

    def test_what_was_written_while_the_last_one_went_goes_within_the_day(
        self, outside: Sandbox, connected: Connect, bo: User
    ) -> None:
        account = connected(bo).account
        erase_abandoned()
        assert EERO in numbers()
        disconnect(user=bo)
        Contact.objects.create(account=account, person_id=5, updated_at=timezone.now(), seen_at=timezone.now())
        erase_abandoned()
        assert not Contact.objects.exists()


def test_a_suspended_companys_persons_are_not_read(outside: Sandbox, read_index: ContactIndex, bo: User) -> None:
    company = company_of(bo)
    company.suspended_at = timezone.now()
    company.save(update_fields=["suspended_at"])
    before = asked(outside, LIST)
    step(read_index)
    assert asked(outside, LIST) == before


def test_an_event_that_no_code_foresaw_does_not_stop_the_others(outside: Sandbox, read_index: ContactIndex) -> None:
    subscription = PipedriveSubscription.objects.get()
    odd = event("create", data=data(9001, owner_id="a very odd owner"))
    tell_and_carry_out(subscription, odd, event("create", data=data(9002, phone="0509998887")))
    assert numbers()["+358509998887"] == [9002]
