"""Pipedrive's events: let in by password, kept at once, carried out once, in whatever order they come."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import User
from calls.policy import NumberChoice
from integrations.models import (
    ContactIndex,
    PipedriveConnection,
    PipedriveEvent,
    PipedriveSubscription,
)
from integrations.pipedrive_events import carry_out_events, forget_old_events, wake_for_events
from tests.contacts.steps import EERO, NOON, data, event, names, numbers, tell, tell_and_carry_out

pytestmark = pytest.mark.django_db
SECOND = datetime.timedelta(seconds=1)


@pytest.fixture
def subscription(index: ContactIndex) -> PipedriveSubscription:
    return PipedriveSubscription.objects.create(account=index.account, webhook_ids=[1, 2])


def queued() -> list[str]:
    return [entry.task["func"] for entry in OrmQ.objects.all()]


class TestDoor:
    def test_an_event_is_kept_and_answered_before_it_is_carried_out(self, subscription: PipedriveSubscription) -> None:
        answer = tell(subscription, event("create", data=data()))
        assert (answer.status_code, answer.json()) == (200, {"status": "accepted"})
        assert numbers() == {}
        carry_out_events(subscription.account_id)
        assert numbers() == {EERO: [5]}

    @pytest.mark.parametrize("password", ["", "wrong"])
    def test_a_wrong_password_is_refused(self, subscription: PipedriveSubscription, password: str) -> None:
        assert tell(subscription, event("create", data=data()), password=password).status_code == 401
        assert not PipedriveEvent.objects.exists()

    @pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Bearer abc", "Basic /////w=="])
    def test_so_is_anything_else_than_basic(self, subscription: PipedriveSubscription, header: str) -> None:
        path = f"/webhooks/pipedrive/{subscription.key}/"
        answer = Client().post(path, data=b"{}", content_type="application/json", headers={"Authorization": header})
        assert answer.status_code == 401

    def test_an_unknown_key_is_not_found(self, subscription: PipedriveSubscription) -> None:
        assert (
            Client().post("/webhooks/pipedrive/wrong/", data=b"{}", content_type="application/json").status_code == 404
        )

    def test_a_body_without_end_is_refused(self, subscription: PipedriveSubscription) -> None:
        assert tell(subscription, b" " * (1024 * 1024 + 1)).status_code == 413

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"no json",
            b"\xff",
            b"[]",
            b"{}",
            b'{"meta": null}',
            b'{"meta": {"id": "x", "entity": "person", "entity_id": "x", "timestamp": "2026-03-01T12:00:00Z"}}',
            b'{"meta": {"id": "x", "entity": "person", "entity_id": "5", "timestamp": "yesterday"}}',
        ],
    )
    def test_what_cannot_be_read_is_no_failure_of_the_delivery(
        self, subscription: PipedriveSubscription, body: bytes
    ) -> None:
        """Ten failures and Pipedrive stops sending for half an hour."""
        answer = tell(subscription, body)
        assert (answer.status_code, answer.json()) == (200, {"status": "ignored"})
        assert not PipedriveEvent.objects.exists()

    def test_things_and_companies_we_did_not_ask_for_are_ignored(self, subscription: PipedriveSubscription) -> None:
        for other in (event("change", entity="deal", data=data()), event("change", data=data(), company_id="7002")):
            assert tell(subscription, other).json() == {"status": "ignored"}
        assert not PipedriveEvent.objects.exists()

    def test_no_more_is_kept_than_needed_and_nothing_once_it_is_carried_out(
        self, subscription: PipedriveSubscription
    ) -> None:
        odd = {"f" * 40: {"type": "text", "value": "secret"}, "e" * 40: {"type": "phone", "value": "0501112222"}}
        tell(subscription, event("create", data=data(custom_fields=odd, notes="secret")))
        kept = PipedriveEvent.objects.get().body["data"]
        assert sorted(kept) == ["custom_fields", "id", "name", "org_id", "owner_id", "phones", "update_time"]
        assert list(kept["custom_fields"]) == ["e" * 40]
        carry_out_events(subscription.account_id)
        assert PipedriveEvent.objects.get().body == {}

    def test_text_that_no_database_takes(self, subscription: PipedriveSubscription) -> None:
        tell_and_carry_out(subscription, event("create", data=data(name="\x00Tuo\ud800mas")))
        assert names() == {"Tuo?mas"}


class TestOnce:
    def test_the_same_event_again_is_a_duplicate(self, subscription: PipedriveSubscription) -> None:
        told = event("create", data=data())
        tell_and_carry_out(subscription, told)
        assert tell(subscription, told).json() == {"status": "duplicate"}
        assert PipedriveEvent.objects.filter(done_at=None).count() == 0

    def test_a_flood_is_one_task(self, subscription: PipedriveSubscription) -> None:
        before = len(queued())
        for number in range(20):
            tell(subscription, event("create", data=data(number + 1)))
        assert queued()[before:] == ["integrations.tasks.carry_out_events"]
        carry_out_events(subscription.account_id)
        assert len(numbers()[EERO]) == 20

    def test_after_it_has_run_the_next_event_is_a_task_again(self, subscription: PipedriveSubscription) -> None:
        tell_and_carry_out(subscription, event("create", data=data()))
        before = len(queued())
        tell(subscription, event("change", at=NOON + SECOND, data=data(at=NOON + SECOND)))
        assert len(queued()) == before + 1

    def test_one_worker_carries_out_the_whole_flood(self, subscription: PipedriveSubscription) -> None:
        for number in range(205):
            tell(subscription, event("create", data=data(number + 1)))
        carry_out_events(subscription.account_id)
        assert not PipedriveEvent.objects.filter(done_at=None).exists()

    def test_another_worker_leaves_it_alone_meanwhile(self, subscription: PipedriveSubscription) -> None:
        tell(subscription, event("create", data=data()))
        soon = timezone.now() + datetime.timedelta(seconds=20)
        PipedriveSubscription.objects.update(working_until=soon)
        carry_out_events(subscription.account_id)
        assert numbers() == {}
        PipedriveSubscription.objects.update(working_until=timezone.now())
        carry_out_events(subscription.account_id)
        assert numbers() == {EERO: [5]}

    def test_events_whose_task_was_lost_are_queued_again_once(self, subscription: PipedriveSubscription) -> None:
        tell(subscription, event("create", data=data()))
        OrmQ.objects.all().delete()
        wake_for_events()
        assert queued() == []
        PipedriveSubscription.objects.update(nudged_at=timezone.now() - datetime.timedelta(seconds=31))
        wake_for_events()
        wake_for_events()
        assert queued() == ["integrations.tasks.carry_out_events"]

    def test_so_are_those_whose_worker_died(self, subscription: PipedriveSubscription) -> None:
        tell(subscription, event("create", data=data()))
        OrmQ.objects.all().delete()
        PipedriveSubscription.objects.update(nudged_at=None, working_until=timezone.now() + 30 * SECOND)
        wake_for_events()
        assert queued() == []
        PipedriveSubscription.objects.update(working_until=timezone.now())
        wake_for_events()
        assert queued() == ["integrations.tasks.carry_out_events"]

    def test_nothing_is_queued_where_nothing_is_left_to_do(self, subscription: PipedriveSubscription) -> None:
        tell_and_carry_out(subscription, event("create", data=data()))
        OrmQ.objects.all().delete()
        wake_for_events()
        assert queued() == []

    def test_ids_are_forgotten_after_three_days(self, subscription: PipedriveSubscription) -> None:
        tell_and_carry_out(subscription, event("create", data=data()))
        forget_old_events()
        assert PipedriveEvent.objects.exists()
        PipedriveEvent.objects.update(received_at=timezone.now() - datetime.timedelta(days=4))
        forget_old_events()
        assert not PipedriveEvent.objects.exists()


class TestPersons:
    def test_changes_and_deletions(self, subscription: PipedriveSubscription) -> None:
        later = NOON + SECOND
        tell_and_carry_out(
            subscription,
            event("create", data=data()),
            event("change", at=later, data=data(at=later, phone="050 111 2222")),
        )
        assert numbers() == {"+358501112222": [5]}
        tell_and_carry_out(subscription, event("delete", at=later + SECOND, person_id=5))
        assert numbers() == {}

    def test_a_change_to_deleted_is_a_deletion(self, subscription: PipedriveSubscription) -> None:
        later = NOON + SECOND
        tell_and_carry_out(
            subscription,
            event("create", data=data()),
            event("change", at=later, data=data(at=later, is_deleted=True)),
        )
        assert numbers() == {}

    def test_an_event_that_comes_late_changes_nothing(self, subscription: PipedriveSubscription) -> None:
        later = NOON + SECOND
        tell_and_carry_out(subscription, event("change", at=later, data=data(at=later, phone="050 111 2222")))
        tell_and_carry_out(subscription, event("create", data=data()))
        assert numbers() == {"+358501112222": [5]}

    def test_a_merge_moves_the_number(self, subscription: PipedriveSubscription) -> None:
        later = NOON + SECOND
        tell_and_carry_out(subscription, event("create", data=data()), event("create", data=data(6, phone="")))
        tell_and_carry_out(
            subscription,
            event("delete", at=later, person_id=5, merged_to_id=6),
            event("change", at=later, data=data(6, at=later), merged_from_id=5),
        )
        assert numbers() == {EERO: [6]}

    @pytest.mark.parametrize("merged_to_id", [6, "6"])
    def test_the_survivor_of_a_merge_is_a_number_or_a_text(
        self, subscription: PipedriveSubscription, merged_to_id: Any
    ) -> None:
        NumberChoice.objects.create(account=subscription.account, number=EERO, person_id=5)
        tell_and_carry_out(subscription, event("delete", person_id=5, merged_to_id=merged_to_id))
        assert NumberChoice.objects.get().person_id == 6

    def test_custom_phone_fields_in_the_webhooks_own_form(
        self, subscription: PipedriveSubscription, index: ContactIndex
    ) -> None:
        key = "e" * 40
        ContactIndex.objects.filter(pk=index.pk).update(phone_fields=[key])
        custom = {key: {"type": "phone", "value": "050 111 2222"}}
        tell_and_carry_out(subscription, event("create", data=data(phone="", custom_fields=custom)))
        assert numbers() == {"+358501112222": [5]}

    def test_an_event_of_an_odd_form_does_not_stop_the_others(self, subscription: PipedriveSubscription) -> None:
        tell_and_carry_out(
            subscription, event("create", data=data(update_time="yesterday")), event("create", data=data(6))
        )
        assert numbers() == {EERO: [6]}
        assert not PipedriveEvent.objects.filter(done_at=None).exists()


class TestUsers:
    @pytest.fixture
    def connection(self, index: ContactIndex, bo: User) -> PipedriveConnection:
        now = timezone.now()
        return PipedriveConnection.objects.create(
            user=bo,
            account=index.account,
            pipedrive_user_id=102,
            email=bo.email,
            api_url="http://localhost",
            access_token_ends_at=now,
            refreshed_at=now,
        )

    def user(self, **changes: Any) -> Any:
        access = [{"app": "global", "admin": True}]
        return {
            "id": 102,
            "name": "Bo",
            "email": "Bo.L@esimerkki.example",
            "access": access,
            "active_flag": True,
        } | changes

    def test_a_connected_users_new_profile_is_known(
        self, subscription: PipedriveSubscription, connection: PipedriveConnection
    ) -> None:
        tell_and_carry_out(subscription, event("change", entity="user", data=self.user()))
        connection.refresh_from_db()
        assert (connection.email, connection.is_admin, connection.is_deactivated) == (
            "bo.l@esimerkki.example",
            True,
            False,
        )

    def test_deactivating_and_coming_back(
        self, subscription: PipedriveSubscription, connection: PipedriveConnection
    ) -> None:
        gone, back = self.user(active_flag=False), self.user()
        for told, is_deactivated in ((gone, True), (back, False)):
            tell_and_carry_out(subscription, event("change", entity="user", data=told))
            connection.refresh_from_db()
            assert connection.is_deactivated is is_deactivated

    def test_one_who_is_deleted_is_not_active(
        self, subscription: PipedriveSubscription, connection: PipedriveConnection
    ) -> None:
        tell_and_carry_out(subscription, event("delete", entity="user", person_id=102))
        connection.refresh_from_db()
        assert connection.is_deactivated

    def test_numbers_do_for_flags_and_an_email_that_is_not_told_stays(
        self, subscription: PipedriveSubscription, connection: PipedriveConnection
    ) -> None:
        told = self.user(active_flag=0)
        del told["email"]
        tell_and_carry_out(subscription, event("change", entity="user", data=told))
        email = connection.email
        connection.refresh_from_db()
        assert (connection.is_deactivated, connection.email) == (True, email)

    def test_an_older_word_of_a_user_is_dropped(
        self, subscription: PipedriveSubscription, connection: PipedriveConnection
    ) -> None:
        gone, back = self.user(active_flag=False), self.user()
        tell_and_carry_out(subscription, event("change", entity="user", at=NOON + SECOND, data=back))
        tell_and_carry_out(subscription, event("change", entity="user", at=NOON, data=gone))
        connection.refresh_from_db()
        assert not connection.is_deactivated

    def test_an_event_that_says_nothing_of_access_takes_none_away(
        self, subscription: PipedriveSubscription, connection: PipedriveConnection
    ) -> None:
        PipedriveConnection.objects.update(is_admin=True)
        tell_and_carry_out(subscription, event("change", entity="user", data=self.user(access=None)))
        connection.refresh_from_db()
        assert connection.is_admin
