"""The two mends that support has: try a call again, parse a delivery again."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from accounts.models import User
from calls.models import Call, Resend, WebhookDelivery
from calls.reasons import Reason, Status
from tests.accounts.browser import in_english
from tests.admin.populated import a_delivery, one_of_each
from tests.calls.events import ended_call

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


@pytest.fixture
def support(staff: User, browser_of: Browser) -> Client:
    return in_english(browser_of(staff))


def act(client: Client, action: str, *rows: Model) -> Any:
    """Both pages, where there is one in between."""
    folder = f"/admin/{rows[0]._meta.app_label}/{rows[0]._meta.model_name}/"
    fields = {"action": action, "_selected_action": [row.pk for row in rows], "answered": "1", "reason": "asked"}
    return client.post(folder, fields, follow=True)


def a_call(**fields: Any) -> Call:
    call = one_of_each()[Call]
    Call.objects.filter(pk=call.pk).update(**fields)
    return Call.objects.get(pk=call.pk)


class TestTryAgain:
    @pytest.mark.parametrize(
        ("status", "reason"),
        [
            (Status.FAILED, Reason.PIPEDRIVE_REFUSED),
            (Status.FAILED, Reason.ERROR),
            (Status.FAILED, Reason.EXPIRED),
            (Status.WAITING, Reason.NO_CONTACT),
            (Status.SKIPPED, Reason.RULE),
        ],
    )
    def test_a_call_is_pending_and_due_at_once(self, support: Client, status: str, reason: str) -> None:
        call = a_call(status=status, reason=reason, attempts=7)
        act(support, "send_again", call)
        call.refresh_from_db()
        assert (call.status, call.reason, call.attempts) == (Status.PENDING, Reason.QUEUED, 0)
        assert Call.objects.due(timezone.now()).get() == call

    def test_a_logged_call_is_left_alone(self, support: Client) -> None:
        call = a_call(status=Status.LOGGED, reason=Reason.LOGGED, activity_id=42)
        act(support, "send_again", call)
        assert Resend.objects.latest("pk").calls == []
        call.refresh_from_db()
        assert (call.status, call.activity_id) == (Status.LOGGED, 42)

    def test_a_call_in_a_workers_hands_is_left_alone(self, support: Client) -> None:
        until = timezone.now() + datetime.timedelta(minutes=1)
        call = a_call(status=Status.PENDING, reason=Reason.QUEUED, next_attempt_at=timezone.now(), claimed_until=until)
        act(support, "send_again", call)
        call.refresh_from_db()
        assert call.claimed_until == until

    def test_an_unconfirmed_attempt_is_still_looked_for(self, support: Client) -> None:
        since = timezone.now()
        call = a_call(status=Status.FAILED, reason=Reason.EXPIRED, sending_since=since, person_id=1)
        act(support, "send_again", call)
        call.refresh_from_db()
        assert call.sending_since == since

    def test_calls_are_found_by_a_number_in_any_spelling(self, support: Client) -> None:
        call = a_call()
        for typed in ("040 012 4387", "+358 40 012 4387", "00358400124387", "358400124387", "(040) 012-4387"):
            page = support.get("/admin/calls/call/", {"q": typed}).content.decode()
            assert call.reference in page, typed
        assert call.reference not in support.get("/admin/calls/call/", {"q": "040 012 4388"}).content.decode()


class TestParseAgain:
    def quarantined(self, **fields: Any) -> WebhookDelivery:
        company = one_of_each()[Call].company  # type: ignore[attr-defined]
        Call.objects.all().delete()
        return a_delivery(company, outcome="quarantined", problem="not understood then", **fields)

    def test_a_delivery_that_is_understood_now_becomes_a_call(self, support: Client) -> None:
        delivery = self.quarantined()
        page = act(support, "parse_again", delivery)
        assert "1 of 1 delivery in quarantine is understood now." in page.content.decode()
        delivery.refresh_from_db()
        assert (delivery.outcome, delivery.problem) == ("accepted", "")
        call = Call.objects.get()
        assert (delivery.call, call.status, call.customer_number) == (call, Status.PENDING, "+358400124387")

    def test_a_delivery_that_is_not_stays_in_quarantine(self, support: Client) -> None:
        delivery = self.quarantined(event_body=ended_call(direction="sideways"))
        page = act(support, "parse_again", delivery)
        assert "0 of 1 delivery" in page.content.decode()
        delivery.refresh_from_db()
        assert (delivery.outcome, delivery.problem) == ("quarantined", "direction is neither in nor out")
        assert not Call.objects.exists()

    def test_a_known_call_is_a_duplicate_and_stays_one(self, support: Client) -> None:
        event = ended_call()
        first = self.quarantined(event_body=event)
        second = a_delivery(first.company, outcome="quarantined", event_body=event)
        act(support, "parse_again", first, second)
        assert Call.objects.count() == 1
        assert sorted(WebhookDelivery.objects.filter(call__isnull=False).values_list("outcome", flat=True)) == [
            "accepted",
            "duplicate",
        ]

    def test_what_was_never_in_quarantine_is_left_alone(self, support: Client) -> None:
        delivery = one_of_each()[WebhookDelivery]
        act(support, "parse_again", delivery)
        assert Call.objects.count() == 1
        assert WebhookDelivery.objects.get().outcome == "accepted"

    @pytest.mark.parametrize(
        ("outcome", "action", "says"),
        [("quarantined", "parse_again", "0 of 0"), ("accepted", "make_lost_call", "0 lost calls are there again.")],
    )
    def test_one_whose_body_is_not_kept_any_more_stays_as_it_is(
        self, support: Client, outcome: str, action: str, says: str
    ) -> None:
        delivery = self.quarantined()
        emptied = {"outcome": outcome, "event": "call.ended", "body": b"", "problem": ""}
        WebhookDelivery.objects.filter(pk=delivery.pk).update(**emptied)
        assert says in act(support, action, delivery).content.decode()
        delivery.refresh_from_db()
        assert (delivery.outcome, delivery.problem) == (outcome, "")

    def test_times_are_read_as_of_the_arrival(self, support: Client) -> None:
        arrived = timezone.now() - datetime.timedelta(days=20)
        started = arrived - datetime.timedelta(minutes=3)
        delivery = self.quarantined(
            event_body=ended_call(started_at=started.isoformat(), answered_at=..., ended_at=...), received_at=arrived
        )
        act(support, "parse_again", delivery)
        call = Call.objects.get()
        assert (call.started_at, call.received_at) == (started, arrived)


def test_looking_at_calls_is_not_yet_sending_them_again(browser_of: Browser) -> None:
    call = a_call()
    helper = User.objects.create_user("apu@saashop.example", is_staff=True)
    for codename, status in (("view_call", Status.FAILED), ("mend_call", Status.PENDING)):
        helper.user_permissions.add(Permission.objects.get(codename=codename))
        act(browser_of(helper), "send_again", call)
        call.refresh_from_db()
        assert call.status == status


@pytest.mark.parametrize("codename", ["view_webhookdelivery", "view_user"])
def test_an_action_needs_the_right_to_see_its_rows(browser_of: Browser, codename: str) -> None:
    helper = User.objects.create_user("apu@saashop.example", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename=codename))
    call = a_call()
    assert act(browser_of(helper), "send_again", call).status_code == 403
    call.refresh_from_db()
    assert call.status == Status.FAILED
