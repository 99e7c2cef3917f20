"""Reading all persons: everything once, from where it stopped, with the eyes that see most."""

import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import Company, User
from integrations.connections import client_for, disconnect
from integrations.contact_reader import reader_of
from integrations.contact_sweep import begin_sweep, sweep_page
from integrations.contact_upkeep import keep_index
from integrations.contacts import LEASE
from integrations.models import Contact, ContactIndex, PipedriveAccount, PipedriveConnection
from tests.contacts.steps import EERO, asked, names, numbers, step
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Connect = Callable[[User], PipedriveConnection]
LIST = "GET /v2/persons"


def index_of(connection: PipedriveConnection) -> ContactIndex:
    return ContactIndex.objects.select_related("account__company").get(account=connection.account_id)


class TestFirst:
    def test_every_person_with_a_number_is_known_afterwards(self, outside: Sandbox, read_index: ContactIndex) -> None:
        persons = [each for each in outside.state("persons")["persons"] if each["company_id"] == 7001]
        assert names() == {each["name"] for each in persons if each["phones"]}
        assert len(numbers()["+358400124392"]) == 2
        assert (read_index.is_ready, read_index.persons, read_index.problem) == (True, len(persons), "")

    def test_it_costs_one_list_for_500_persons(self, outside: Sandbox, just_connected: Connect, bo: User) -> None:
        outside.order("pipedrive/control/persons/many", count=1_200)
        keep_index(just_connected(bo).account_id)
        assert asked(outside, LIST) == 3
        assert asked(outside, "GET /v2/persons/search") == 0
        assert index_of(PipedriveConnection.objects.get()).persons == 1_212

    def test_every_number_of_a_thousand_is_found_and_leads_to_its_person(
        self, outside: Sandbox, just_connected: Connect, bo: User
    ) -> None:
        outside.order("pipedrive/control/persons/many", count=1_000)
        keep_index(just_connected(bo).account_id)
        sample = outside.ask("pipedrive/control/persons/sample", n=1_000)["persons"]
        found = numbers()
        wrong = [each for each in sample for number in each["e164"] if each["id"] not in found.get(number, [])]
        assert wrong == []
        assert {number for each in sample for number in each["e164"]} == set(found) & {
            number for each in sample for number in each["e164"]
        }

    def test_the_numbers_of_custom_fields_are_read_too(
        self, outside: Sandbox, just_connected: Connect, bo: User
    ) -> None:
        mobile = outside.order("pipedrive/control/person-fields", name="Matkapuhelin", field_type="phone")["key"]
        memo = outside.order("pipedrive/control/person-fields", name="Muistio", field_type="varchar")["key"]
        custom = {mobile: "045 111 2222", memo: "045 333 4444"}
        outside.order("pipedrive/control/persons", name="Uusi", phones=[], custom_fields=custom)
        keep_index(just_connected(bo).account_id)
        assert "+358451112222" in numbers()
        assert "+358453334444" not in numbers()

    def test_so_are_those_of_more_fields_than_may_be_asked_for_by_name(
        self, outside: Sandbox, just_connected: Connect, bo: User
    ) -> None:
        fields = [{"name": f"Numero {place}", "field_type": "phone"} for place in range(16)]
        keys = [outside.order("pipedrive/control/person-fields", **each)["key"] for each in fields]
        custom = {key: f"045 111 22{place:02}" for place, key in enumerate(keys)}
        outside.order("pipedrive/control/persons", name="Uusi", phones=[], custom_fields=custom)
        keep_index(just_connected(bo).account_id)
        assert {f"+3584511122{place:02}" for place in range(16)} <= set(numbers())

    def test_where_the_fields_may_not_be_read_the_rest_is(
        self, outside: Sandbox, just_connected: Connect, bo: User
    ) -> None:
        body = {"success": False, "error": "no"}
        outside.order("pipedrive/control/faults", path="personFields", status=403, body=body, times=2)
        keep_index(just_connected(bo).account_id)
        assert EERO in numbers()


class TestInterrupted:
    def test_trouble_is_waited_for(self, outside: Sandbox, just_connected: Connect, bo: User) -> None:
        outside.order("pipedrive/control/persons/many", count=1_500)
        index = index_of(just_connected(bo))
        outside.order("pipedrive/control/faults", path="v2/persons", status=500)
        index = step(index)
        assert (index.is_ready, index.sweep_persons, index.failures_in_a_row) == (False, 0, 1)
        PipedriveAccount.objects.update(paused_until=None)
        index = step(index)
        assert index.is_ready
        assert asked(outside, LIST) == 5

    def test_a_worker_that_died_leaves_the_place_for_the_next(
        self, outside: Sandbox, just_connected: Connect, bo: User
    ) -> None:
        outside.order("pipedrive/control/persons/many", count=1_500)
        index = index_of(just_connected(bo))
        dying = _worker_that_dies_after_two_pages(index)
        assert (dying.sweep_persons, dying.is_ready) == (1_000, False)
        before = asked(outside, LIST)
        keep_index(index.account_id)
        assert asked(outside, LIST) == before  # the dead worker's lease
        ContactIndex.objects.update(working_until=timezone.now() - datetime.timedelta(seconds=1))
        index = step(index)
        assert (index.is_ready, index.persons) == (True, 1_512)
        assert asked(outside, LIST) == before + 2

    def test_a_place_that_is_not_taken_any_more_begins_anew(
        self, outside: Sandbox, just_connected: Connect, bo: User
    ) -> None:
        outside.order("pipedrive/control/persons/many", count=1_000)
        index = index_of(just_connected(bo))
        _worker_that_dies_after_two_pages(index)
        ContactIndex.objects.update(working_until=None, sweep_cursor="nonsense")
        index = step(index)
        assert (index.is_ready, index.persons) == (True, 1_012)

    def test_two_workers_do_not_sweep_at_once(self, outside: Sandbox, just_connected: Connect, bo: User) -> None:
        index = index_of(just_connected(bo))
        ContactIndex.objects.update(working_until=timezone.now() + datetime.timedelta(seconds=20))
        assert not step(index).is_ready

    def test_what_is_erased_meanwhile_stays_erased(self, outside: Sandbox, just_connected: Connect, bo: User) -> None:
        index = index_of(just_connected(bo))
        _worker_that_dies_after_two_pages(index)
        disconnect(user=bo)
        keep_index(index.account_id)
        assert not Contact.objects.exists()
        assert not ContactIndex.objects.exists()


def _worker_that_dies_after_two_pages(index: ContactIndex) -> ContactIndex:
    """Do what a worker does until it is killed: the lease taken, two pages written."""
    index.working_until = timezone.now() + LEASE
    ContactIndex.objects.filter(pk=index.pk).update(working_until=index.working_until)
    reader = reader_of(index.account)
    assert reader is not None
    client = client_for(reader)
    begin_sweep(index, client, reader=reader)
    sweep_page(index, client)
    sweep_page(index, client)
    index.refresh_from_db()
    return index


class TestAgain:
    def test_a_deleted_person_is_dropped_by_the_next_whole_sweep(
        self, outside: Sandbox, read_index: ContactIndex
    ) -> None:
        outside.order(f"pipedrive/control/persons/{outside.person('Eero')['id']}", "DELETE")
        assert EERO in numbers()
        days = datetime.timedelta(days=2)
        ContactIndex.objects.update(swept_at=timezone.now() - days)
        step(read_index)
        assert EERO not in numbers()
        assert len(numbers()) > 5

    def test_it_is_not_swept_again_before(self, outside: Sandbox, read_index: ContactIndex) -> None:
        before = read_index.swept_at
        assert step(read_index).swept_at == before

    def test_another_region_reads_the_numbers_anew(self, outside: Sandbox, read_index: ContactIndex) -> None:
        outside.order("pipedrive/control/persons", name="Sven", phones=["070-123 45 68"])
        Company.objects.update(region="SE")
        index = step(ContactIndex.objects.select_related("account__company").get())
        assert index.region == "SE"
        assert "+46701234568" in numbers()
        assert EERO in numbers()  # written with its country code


class TestWhoseEyes:
    def test_an_admin_sees_what_a_rep_does_not(
        self, outside: Sandbox, connected: Connect, aino: User, bo: User
    ) -> None:
        owner = next(user for user in outside.state("users")["users"] if user["email"] == aino.email)
        outside.order(
            "pipedrive/control/persons", name="Ainon oma", phones=["045 1112222"], owner_id=owner["id"], visible_to=1
        )
        index = index_of(connected(bo))
        assert "+358451112222" not in numbers()
        connected(aino)
        index.refresh_from_db()
        assert "+358451112222" in numbers()
        assert (index.reader_is_admin, index.reader) == (True, aino.pipedrive_connection)

    def test_when_the_reader_goes_another_reads(
        self, outside: Sandbox, connected: Connect, aino: User, bo: User
    ) -> None:
        index = index_of(connected(bo))
        connected(aino)
        disconnect(user=aino)
        outside.order("pipedrive/control/persons", name="Uusi", phones=["045 1112222"])
        index = step(index)
        assert "+358451112222" in numbers()
        assert reader_of(index.account) == bo.pipedrive_connection

    def test_a_reader_whose_grant_died_is_replaced_at_once(
        self, outside: Sandbox, connected: Connect, aino: User, bo: User
    ) -> None:
        index = index_of(connected(bo))
        connected(aino)
        outside.order("pipedrive/control/grants/kill", user_email=aino.email)
        outside.order("pipedrive/control/persons", name="Uusi", phones=["045 1112222"])
        step(index)
        step(index)
        assert "+358451112222" in numbers()
        assert reader_of(index.account) == bo.pipedrive_connection

    def test_a_deactivated_user_does_not_read(self, outside: Sandbox, connected: Connect, aino: User, bo: User) -> None:
        index = index_of(connected(aino))
        connected(bo)
        number = aino.pipedrive_connection.pipedrive_user_id
        outside.order(f"pipedrive/control/users/{number}", "PATCH", active_flag=False)
        PipedriveAccount.objects.update(users_read_at=None)
        step(index)
        assert reader_of(index.account) == bo.pipedrive_connection

    def test_with_the_last_connection_everything_goes(
        self, outside: Sandbox, connected: Connect, aino: User, bo: User
    ) -> None:
        connected(aino)
        connected(bo)
        disconnect(user=aino)
        assert Contact.objects.exists()
        disconnect(user=bo)
        assert not Contact.objects.exists()
        assert not ContactIndex.objects.exists()

    def test_connecting_again_begins_anew(self, outside: Sandbox, connected: Connect, bo: User) -> None:
        connected(bo)
        disconnect(user=bo)
        connected(bo)
        assert EERO in numbers()


def test_where_little_is_left_of_the_days_tokens_nothing_is_swept(
    outside: Sandbox, just_connected: Connect, bo: User
) -> None:
    index = index_of(just_connected(bo))
    PipedriveAccount.objects.update(daily_tokens=30_000, tokens_left=2_000, tokens_left_at=timezone.now())
    index = step(index)
    assert (index.is_ready, index.problem) == (False, "little is left of the day's tokens")
    assert index.next_step_at > timezone.now() + datetime.timedelta(minutes=10)
    assert asked(outside, LIST) == 0
