"""Keeping the index fresh: webhooks where they arrive, polls where not, and little of the company's tokens for both."""

import datetime
from collections.abc import Callable

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import User
from integrations.connections import disconnect
from integrations.contact_reader import recheck
from integrations.contact_upkeep import look_for_changes_soon, wake_due
from integrations.models import (
    ContactIndex,
    PipedriveAccount,
    PipedriveConnection,
    PipedriveSubscription,
    TokenSpending,
)
from tests.contacts.steps import EERO, NOON, asked, data, event, numbers, step, tell_and_carry_out
from tests.sandbox.running_sandbox import Json, Sandbox

pytestmark = pytest.mark.django_db
Connect = Callable[[User], PipedriveConnection]
LIST = "GET /v2/persons"


@pytest.fixture
def reachable(outside: Sandbox) -> None:
    """Pipedrive takes the webhook's address on trust."""
    outside.order("pipedrive/control/switches", check_webhook_urls=False)


def webhooks(outside: Sandbox) -> list[Json]:
    found: list[Json] = outside.state("webhooks")["webhooks"]
    return found


def add(outside: Sandbox, phone: str = "045 1112222") -> int:
    added = outside.order("pipedrive/control/persons", name="Uusi Asiakas", phones=[phone])
    return int(added["persons"][0]["id"])


def seconds_until_next_step(index: ContactIndex) -> float:
    return (index.next_step_at - timezone.now()).total_seconds()


class TestPolls:
    def test_a_new_and_a_changed_person_are_found(self, outside: Sandbox, read_index: ContactIndex) -> None:
        add(outside)
        eero = outside.person("Eero")["id"]
        outside.order(f"pipedrive/control/persons/{eero}", "PATCH", phones=["050 9998887"])
        step(read_index)
        assert numbers()["+358509998887"] == [eero]
        assert "+358451112222" in numbers()
        assert EERO not in numbers()

    def test_a_poll_costs_one_page_and_asks_in_whole_seconds(self, outside: Sandbox, read_index: ContactIndex) -> None:
        before = asked(outside, LIST)
        step(read_index)
        polls = [each for each in outside.state("requests")["requests"] if "updated_since" in each["query"]]
        assert asked(outside, LIST) == before + 1
        assert all("." not in each["query"]["updated_since"] for each in polls)
        assert all(each["status"] == 200 for each in polls)

    def test_nothing_is_read_twice_that_has_not_changed(self, outside: Sandbox, read_index: ContactIndex) -> None:
        outside.order("pipedrive/control/persons/many", count=2_000)
        step(read_index)
        long_ago = timezone.now() - datetime.timedelta(hours=1)
        ContactIndex.objects.update(changed_until=long_ago)
        read_index.refresh_from_db()
        before = asked(outside, LIST)
        ContactIndex.objects.update(changed_until=timezone.now() + datetime.timedelta(hours=1))
        step(read_index)
        assert asked(outside, LIST) == before + 1

    def test_where_webhooks_do_not_arrive_the_next_one_is_due_within_the_hour(
        self, outside: Sandbox, read_index: ContactIndex
    ) -> None:
        assert 55 < seconds_until_next_step(step(read_index)) <= 3600

    def test_where_webhooks_arrive_one_an_hour_is_enough(
        self, outside: Sandbox, reachable: None, read_index: ContactIndex
    ) -> None:
        PipedriveSubscription.objects.update(heard_at=timezone.now())
        assert 3500 < seconds_until_next_step(step(read_index)) <= 3600

    def test_after_the_days_share_nothing_is_asked(self, outside: Sandbox, read_index: ContactIndex) -> None:
        add(outside)
        TokenSpending.objects.filter(operation="sweep").update(operation="changes", tokens=900)
        before = asked(outside, LIST)
        step(read_index)
        assert asked(outside, LIST) == before

    def test_a_poll_that_fails_is_made_again_and_loses_nothing(
        self, outside: Sandbox, read_index: ContactIndex
    ) -> None:
        add(outside)
        outside.order("pipedrive/control/faults", path="v2/persons", status=500)
        index = step(read_index)
        assert (index.failures_in_a_row, "500" in index.problem) == (1, True)
        assert 5 < seconds_until_next_step(index) < 15
        index = step(index)
        assert (index.failures_in_a_row, index.problem) == (0, "")
        assert "+358451112222" in numbers()

    def test_a_429_is_obeyed(self, outside: Sandbox, read_index: ContactIndex) -> None:
        outside.order("pipedrive/control/faults", path="v2/persons", status=429, headers={"Retry-After": "100"})
        index = step(read_index)
        assert seconds_until_next_step(index) > 95
        assert PipedriveConnection.objects.get().paused_until is not None

    def test_a_closed_account_is_left_alone(self, outside: Sandbox, read_index: ContactIndex) -> None:
        outside.order("pipedrive/control/faults", path="v2/persons", status=402)
        step(read_index)
        assert PipedriveConnection.objects.get().state == "account_closed"
        before = outside.ask("pipedrive/control/requests/count")["requests"]
        index = step(read_index)
        assert outside.ask("pipedrive/control/requests/count")["requests"] == before
        assert index.problem == "nobody is connected"


class TestUnknownNumber:
    def test_where_webhooks_are_not_proven_changes_are_asked_for_at_once(
        self, outside: Sandbox, read_index: ContactIndex
    ) -> None:
        ContactIndex.objects.update(asked_at=None)
        look_for_changes_soon(read_index.account)
        read_index.refresh_from_db()
        assert read_index.next_step_at <= timezone.now()
        assert OrmQ.objects.last().task["func"] == "integrations.tasks.keep_contacts"

    def test_but_not_again_and_again(self, outside: Sandbox, read_index: ContactIndex) -> None:
        index = step(read_index)
        look_for_changes_soon(index.account)
        index.refresh_from_db()
        assert index.next_step_at > timezone.now()

    def test_nor_where_webhooks_are_proven(self, outside: Sandbox, reachable: None, read_index: ContactIndex) -> None:
        PipedriveSubscription.objects.update(heard_at=timezone.now())
        ContactIndex.objects.update(asked_at=None)
        look_for_changes_soon(read_index.account)
        read_index.refresh_from_db()
        assert read_index.next_step_at > timezone.now()

    def test_a_person_looked_at_again_and_gone_leaves_the_index(
        self, outside: Sandbox, read_index: ContactIndex
    ) -> None:
        eero = outside.person("Eero")["id"]
        recheck(read_index.account, eero)
        assert numbers()[EERO] == [eero]
        outside.order(f"pipedrive/control/persons/{eero}", "DELETE")
        recheck(read_index.account, eero)
        assert EERO not in numbers()


class TestSubscription:
    def test_persons_and_users_are_subscribed_to_with_a_password(
        self, outside: Sandbox, reachable: None, read_index: ContactIndex, settings: Settings
    ) -> None:
        subscription = PipedriveSubscription.objects.get()
        found = webhooks(outside)
        assert [(each["event_action"], each["event_object"]) for each in found] == [("*", "person"), ("*", "user")]
        address = f"{settings.SITE_URL}/webhooks/pipedrive/{subscription.key}/"
        assert {each["subscription_url"] for each in found} == {address}
        assert subscription.webhook_ids == [each["id"] for each in found]
        sent = [each["body"] for each in outside.state("requests")["requests"] if each["method"] == "POST"]
        assert {each["http_auth_password"] for each in sent if each} == {subscription.password}

    def test_where_pipedrive_does_not_reach_the_portal_the_index_is_read_all_the_same(
        self, outside: Sandbox, read_index: ContactIndex
    ) -> None:
        subscription = PipedriveSubscription.objects.get()
        assert (webhooks(outside), subscription.webhook_ids, read_index.is_ready) == ([], [], True)
        assert subscription.problem

    def test_a_refused_subscription_is_tried_again_the_next_day(
        self, outside: Sandbox, read_index: ContactIndex
    ) -> None:
        outside.order("pipedrive/control/switches", check_webhook_urls=False)
        step(read_index)
        assert webhooks(outside) == []
        PipedriveSubscription.objects.update(verify_at=timezone.now())
        step(read_index)
        assert len(webhooks(outside)) == 2
        assert PipedriveSubscription.objects.get().problem == ""

    def test_one_that_is_gone_is_renewed_at_the_daily_verification(
        self, outside: Sandbox, reachable: None, read_index: ContactIndex
    ) -> None:
        gone = webhooks(outside)[0]["id"]
        outside.order(f"pipedrive/control/webhooks/{gone}", "DELETE")
        step(read_index)
        assert len(webhooks(outside)) == 1
        PipedriveSubscription.objects.update(verify_at=timezone.now())
        step(read_index)
        found = webhooks(outside)
        assert [each["event_object"] for each in found] == ["person", "user"]
        assert PipedriveSubscription.objects.get().webhook_ids == [each["id"] for each in found]

    def test_those_that_are_there_stay(self, outside: Sandbox, reachable: None, read_index: ContactIndex) -> None:
        before = webhooks(outside)
        PipedriveSubscription.objects.update(verify_at=timezone.now())
        step(read_index)
        assert [each["id"] for each in webhooks(outside)] == [each["id"] for each in before]

    def test_an_admin_who_connects_later_takes_over(
        self, outside: Sandbox, reachable: None, connected: Connect, aino: User, bo: User
    ) -> None:
        connected(bo)
        connected(aino)
        assert {each["owner_id"] for each in webhooks(outside)} == {aino.pipedrive_connection.pipedrive_user_id}
        assert len(webhooks(outside)) == 2

    def test_so_does_one_who_is_shown_the_whole_companys(
        self, outside: Sandbox, reachable: None, connected: Connect, aino: User, bo: User
    ) -> None:
        outside.order("pipedrive/control/switches", list_all_webhooks=True)
        connected(bo)
        connected(aino)
        assert {each["owner_id"] for each in webhooks(outside)} == {aino.pipedrive_connection.pipedrive_user_id}
        assert PipedriveSubscription.objects.get().webhook_ids == [each["id"] for each in webhooks(outside)]

    @pytest.mark.parametrize("status", [403, 404])
    def test_those_that_nobody_may_end_are_left_and_others_registered(
        self, outside: Sandbox, reachable: None, connected: Connect, aino: User, bo: User, status: int
    ) -> None:
        outside.order("pipedrive/control/switches", list_all_webhooks=True)
        connected(bo)
        outside.order("pipedrive/control/grants/kill", user_email=bo.email)
        PipedriveConnection.objects.update(state="reauthorize")
        refused: Json = {"status": status, "body": {"success": False, "error": "no"}}
        outside.order("pipedrive/control/faults", method="DELETE", path="v1/webhooks/", times=9, **refused)
        connected(aino)
        subscription = PipedriveSubscription.objects.get()
        assert (subscription.problem, subscription.owner) == ("", aino.pipedrive_connection)
        assert set(subscription.webhook_ids) < {each["id"] for each in webhooks(outside)}
        assert [len(subscription.webhook_ids), len(webhooks(outside))] == [2, 4]
        PipedriveSubscription.objects.update(verify_at=timezone.now())
        step(ContactIndex.objects.get())
        assert PipedriveSubscription.objects.get().webhook_ids == subscription.webhook_ids

    def test_one_that_is_gone_already_does_not_keep_the_other(
        self, outside: Sandbox, reachable: None, connected: Connect, aino: User, bo: User
    ) -> None:
        connected(bo)
        outside.order(f"pipedrive/control/webhooks/{webhooks(outside)[0]['id']}", "DELETE")
        connected(aino)
        assert {each["owner_id"] for each in webhooks(outside)} == {aino.pipedrive_connection.pipedrive_user_id}

    def test_when_the_one_who_registered_them_goes_another_registers_anew(
        self, outside: Sandbox, reachable: None, connected: Connect, aino: User, bo: User
    ) -> None:
        connected(aino)
        connected(bo)
        disconnect(user=aino)
        step(ContactIndex.objects.get())
        assert {each["owner_id"] for each in webhooks(outside)} == {bo.pipedrive_connection.pipedrive_user_id}


class TestProof:
    def test_an_event_proves_them(self, outside: Sandbox, reachable: None, read_index: ContactIndex) -> None:
        assert not PipedriveSubscription.objects.get().is_proven
        tell_and_carry_out(PipedriveSubscription.objects.get(), event("create", data=data(9000)))
        assert PipedriveSubscription.objects.get().is_proven

    def test_a_change_that_no_event_told_of_disproves_them(
        self, outside: Sandbox, reachable: None, read_index: ContactIndex
    ) -> None:
        PipedriveSubscription.objects.update(heard_at=timezone.now())
        outside.order("pipedrive/control/switches", deliver_webhooks=False)
        old = (timezone.now() - datetime.timedelta(minutes=6)).strftime("%Y-%m-%dT%H:%M:%SZ")
        outside.order("pipedrive/control/persons/many", count=1, update_time=old)
        ContactIndex.objects.update(changed_until=timezone.now() - datetime.timedelta(hours=1))
        step(read_index)
        assert not PipedriveSubscription.objects.get().is_proven

    def test_one_that_may_still_be_on_its_way_does_not(
        self, outside: Sandbox, reachable: None, read_index: ContactIndex
    ) -> None:
        PipedriveSubscription.objects.update(heard_at=timezone.now())
        outside.order("pipedrive/control/switches", deliver_webhooks=False)
        add(outside)
        step(read_index)
        assert PipedriveSubscription.objects.get().is_proven


class TestUsers:
    def test_they_are_read_once_a_day(self, outside: Sandbox, read_index: ContactIndex) -> None:
        step(read_index)
        assert asked(outside, "GET /v1/users") == 1
        PipedriveAccount.objects.update(users_read_at=timezone.now() - datetime.timedelta(days=1, seconds=1))
        step(ContactIndex.objects.select_related("account").get())
        assert asked(outside, "GET /v1/users") == 2

    def test_a_new_email_in_pipedrive_is_the_connections(
        self, outside: Sandbox, read_index: ContactIndex, bo: User
    ) -> None:
        number = bo.pipedrive_connection.pipedrive_user_id
        outside.order(f"pipedrive/control/users/{number}", "PATCH", email="bo.l@esimerkki.example")
        PipedriveAccount.objects.update(users_read_at=None)
        step(read_index)
        assert PipedriveConnection.objects.get().email == "bo.l@esimerkki.example"


def test_only_indexes_whose_time_has_come_are_woken(outside: Sandbox, read_index: ContactIndex) -> None:
    OrmQ.objects.all().delete()
    wake_due()
    assert not OrmQ.objects.exists()
    ContactIndex.objects.update(next_step_at=NOON)
    wake_due()
    assert [entry.task["args"] for entry in OrmQ.objects.all()] == [(read_index.account_id,)]
