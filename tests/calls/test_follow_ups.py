"""Missed calls and their tasks to call back: made once, ended by themselves, whatever happens in between."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError
from django.test import Client
from django.utils import timezone

from accounts.models import User
from calls.follow_up import FollowUp
from calls.follow_up_step import work_on_follow_ups
from calls.follow_ups import due
from calls.models import Call, LoggingPolicy
from calls.privacy import mark_private
from integrations.models import PipedriveAccount, PipedriveConnection
from tests.calls.dying import Death, run
from tests.calls.pressing import page_of
from tests.calls.settings_steps import patch, save, settings_form
from tests.calls.steps import Connect, Place, activities, asked, fault, log
from tests.calls.test_story_page import story_on
from tests.sandbox.running_sandbox import Sandbox

MISSED = {"answered": False, "result": "missed", "talk_seconds": 0}
NUMBER = "+358400124387"
MADE = "A follow-up task was created in Pipedrive: call the customer back."
BrowserOf = Callable[[User], Client]


@pytest.fixture(autouse=True)
def _the_company_wants_them(admin: Client, connected: Connect, bo: User) -> None:
    connected(bo)
    patch(admin, language="en", follow_up=True)


def tasks(outside: Sandbox) -> list[dict[str, Any]]:
    """The tasks in Pipedrive that nobody has deleted."""
    return [each for each in activities(outside) if each["subject"].startswith("Call back") and not each["is_deleted"]]


def minutes_ago(minutes: float) -> str:
    return (timezone.now() - datetime.timedelta(minutes=minutes)).isoformat()


def work() -> None:
    """Let everything be due that has been put off, and work."""
    FollowUp.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())
    work_on_follow_ups()


def story_of(call: Call, browser: Client) -> str:
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return story_on(page_of(browser, call))


def states() -> list[str]:
    return list(FollowUp.objects.order_by("pk").values_list("state", flat=True))


class TestFromMissedToCalledBack:
    def test_a_missed_call_gets_a_task_and_the_conversation_ends_it(
        self, outside: Sandbox, place: Place, bo: User
    ) -> None:
        call = log(place(**MISSED))
        work_on_follow_ups()
        (task,) = tasks(outside)
        due_at = call.started_at + datetime.timedelta(hours=2)
        assert task["subject"] == "Call back: Eero Mäkinen"
        assert (task["done"], task["type"], task["busy"]) == (False, "call", False)
        assert (task["due_date"], task["due_time"]) == (f"{due_at:%Y-%m-%d}", f"{due_at:%H:%M}:00")
        assert task["person_id"] == call.person_id
        assert task["owner_id"] == PipedriveConnection.objects.get().pipedrive_user_id
        assert task["note"].endswith(f"Ref F-{call.reference}")
        assert states() == ["open"]
        log(place(direction="out", from_="+358941234567", to=NUMBER, started_at=minutes_ago(1)))
        work_on_follow_ups()
        assert [each["done"] for each in tasks(outside)] == [True]
        assert states() == ["closed"]
        work_on_follow_ups()
        assert asked(outside, "PATCH v2/activities") == 1

    def test_a_conversation_that_is_not_logged_ends_it_too(self, outside: Sandbox, place: Place, admin: Client) -> None:
        log(place(**MISSED))
        work_on_follow_ups()
        place(started_at=minutes_ago(1), user={"id": "u-9", "email": "nobody@esimerkki.example"})
        work_on_follow_ups()
        assert [each["done"] for each in tasks(outside)] == [True]

    @pytest.mark.parametrize(
        "later",
        [
            {"direction": "out", "from_": "+358941234567", "to": NUMBER, **MISSED},
            {"started_at": "2026-01-01T10:00:00+02:00"},
            {"from_": "+358400124392"},
        ],
    )
    def test_nothing_else_ends_it(self, outside: Sandbox, place: Place, later: dict[str, Any]) -> None:
        log(place(**MISSED))
        work_on_follow_ups()
        log(place(**{"started_at": minutes_ago(1), **later}))
        work()
        assert [each["done"] for each in tasks(outside)] == [False]

    def test_where_somebody_has_spoken_already_there_is_none(self, outside: Sandbox, place: Place) -> None:
        missed = place(**MISSED)
        log(place(started_at=minutes_ago(1)))
        log(missed)
        work_on_follow_ups()
        assert (tasks(outside), states()) == ([], [])

    def test_spoken_before_the_task_was_made_it_is_not_made(self, outside: Sandbox, place: Place) -> None:
        log(place(**MISSED))
        log(place(started_at=minutes_ago(1)))
        work_on_follow_ups()
        assert (tasks(outside), states()) == ([], ["dropped"])


class TestOneForEachNumber:
    def test_missed_again_the_open_one_stays_the_only_one(self, outside: Sandbox, place: Place) -> None:
        for minutes in (9, 6, 3):
            log(place(**MISSED, started_at=minutes_ago(minutes)))
            work_on_follow_ups()
        assert len(tasks(outside)) == 1
        assert states() == ["open"]

    @pytest.mark.parametrize("how", [{"done": True}, None])
    def test_one_that_somebody_has_done_or_deleted_in_pipedrive_is_left_and_missed_again_gets_another(
        self, outside: Sandbox, place: Place, bo: User, how: dict[str, Any] | None
    ) -> None:
        log(place(**MISSED, started_at=minutes_ago(9)))
        work_on_follow_ups()
        first = tasks(outside)[0]["id"]
        person = outside.client(bo.email)
        if how is None:
            person("DELETE", f"v2/activities/{first}")
        else:
            person("PATCH", f"v2/activities/{first}", json=how)
        log(place(**MISSED, started_at=minutes_ago(6)))
        work()
        work()
        assert states() == ["left", "open"]
        assert [each["done"] for each in tasks(outside) if each["id"] != first] == [False]

    def test_deleted_by_somebody_it_is_left_when_the_customer_gets_through(
        self, outside: Sandbox, place: Place, bo: User
    ) -> None:
        log(place(**MISSED))
        work_on_follow_ups()
        outside.client(bo.email)("DELETE", f"v2/activities/{tasks(outside)[0]['id']}")
        log(place(started_at=minutes_ago(1)))
        work()
        assert (states(), tasks(outside)) == (["left"], [])

    def test_missed_again_after_the_conversation_there_is_a_new_one(self, outside: Sandbox, place: Place) -> None:
        log(place(**MISSED, started_at=minutes_ago(9)))
        work_on_follow_ups()
        log(place(started_at=minutes_ago(6)))
        log(place(**MISSED, started_at=minutes_ago(3)))
        work()
        work()
        assert states() == ["closed", "open"]
        assert sorted(each["done"] for each in tasks(outside)) == [False, True]

    def test_the_database_allows_one_only(self, place: Place) -> None:
        one, other = (log(place(**MISSED, started_at=minutes_ago(minutes))) for minutes in (9, 6))
        assert FollowUp.objects.get().call == one
        fields: dict[str, Any] = {
            "company_id": one.company_id,
            "customer_number": NUMBER,
            "due_on": one.started_at.date(),
        }
        with pytest.raises(IntegrityError):
            FollowUp.objects.create(call=other, **fields)


class TestWhatTheCompanyDecides:
    def test_off_nothing_is_made_and_pipedrive_hears_no_more_than_before(
        self, outside: Sandbox, place: Place, admin: Client
    ) -> None:
        patch(admin, follow_up=False)
        log(place(**MISSED))
        work_on_follow_ups()
        assert (tasks(outside), states()) == ([], [])

    def test_it_can_be_the_task_of_the_contacts_owner(
        self, outside: Sandbox, place: Place, admin: Client, connected: Connect, bo: User
    ) -> None:
        patch(admin, follow_up_for="owner")
        call = log(place(**MISSED))
        work_on_follow_ups()
        persons = outside.state("persons")["persons"]
        owner = next(each["owner_id"] for each in persons if each["id"] == call.person_id)
        assert [each["owner_id"] for each in tasks(outside)] == [owner]

    @pytest.mark.parametrize(
        ("started", "fields", "day", "time"),
        [
            ("2026-11-27T15:30:00+02:00", {}, "2026-11-27", "17:30"),
            ("2026-11-27T23:30:00+02:00", {}, "2026-11-28", "01:30"),
            ("2026-11-27T15:30:00+02:00", {"follow_up_after": 1, "follow_up_unit": "working_days"}, "2026-11-30", None),
            ("2026-11-23T15:30:00+02:00", {"follow_up_after": 2, "follow_up_unit": "working_days"}, "2026-11-25", None),
            (
                "2026-11-27T15:30:00+02:00",
                {"follow_up_after": 1, "follow_up_unit": "working_days", "working_hours": {"sat": "10:00-14:00"}},
                "2026-11-28",
                None,
            ),
        ],
    )
    def test_when_it_is_due(self, started: str, fields: dict[str, Any], day: str, time: str | None) -> None:
        due_on, due_at = due(datetime.datetime.fromisoformat(started), LoggingPolicy(**fields))
        assert due_on.isoformat() == day
        assert (due_at and f"{due_at:%H:%M}") == time

    def test_the_page_and_the_api_hold_the_same(self, admin: Client) -> None:
        values = {"follow_up": "on", "follow_up_after": "3", "follow_up_unit": "working_days", "follow_up_for": "owner"}
        assert save(admin, settings_form(admin), **values).status_code == 302
        kept = admin.get("/api/v1/settings/company/").json()
        assert {name: kept[name] for name in values} == {**values, "follow_up": True, "follow_up_after": 3}
        assert patch(admin, follow_up_after=0).status_code == 400


class TestTold:
    """In the story of the missed call."""

    def test_that_it_was_made_and_marked_as_done(self, place: Place, bo: User, browser_of: BrowserOf) -> None:
        call = log(place(**MISSED))
        assert "follow-up" not in story_of(call, browser_of(bo))
        work_on_follow_ups()
        assert MADE in story_of(call, browser_of(bo))
        assert "spoken" not in story_of(call, browser_of(bo))
        log(place(started_at=minutes_ago(1)))
        work_on_follow_ups()
        story = story_of(call, browser_of(bo))
        assert 0 < story.find(MADE) < story.find("Somebody has spoken with the customer since")

    def test_that_it_was_made_though_the_answer_was_lost(
        self, outside: Sandbox, place: Place, bo: User, browser_of: BrowserOf
    ) -> None:
        call = log(place(**MISSED))
        fault(outside, method="POST", path="v2/activities$", after=True, drop=True)
        work_on_follow_ups()
        assert MADE not in story_of(call, browser_of(bo))
        PipedriveConnection.objects.update(paused_until=None)
        work()
        assert MADE in story_of(call, browser_of(bo))

    def test_that_somebody_had_done_it(self, outside: Sandbox, place: Place, bo: User, browser_of: BrowserOf) -> None:
        call = log(place(**MISSED, started_at=minutes_ago(9)))
        work_on_follow_ups()
        outside.client(bo.email)("PATCH", f"v2/activities/{tasks(outside)[0]['id']}", json={"done": True})
        log(place(**MISSED, started_at=minutes_ago(6)))
        work()
        assert "Somebody had done or deleted the follow-up task" in story_of(call, browser_of(bo))

    def test_that_it_was_deleted_because_the_call_is_private(
        self, place: Place, bo: User, browser_of: BrowserOf
    ) -> None:
        call = log(place(**MISSED))
        work_on_follow_ups()
        mark_private(call, by=bo)
        work_on_follow_ups()
        assert "The call is private, so the follow-up task was deleted" in story_of(call, browser_of(bo))


class TestTrouble:
    def test_the_call_is_logged_whatever_becomes_of_the_task(self, outside: Sandbox, place: Place) -> None:
        call = log(place(**MISSED))
        fault(outside, method="POST", path="v2/activities$", status=400, body={"success": False, "error": "no"})
        work_on_follow_ups()
        call.refresh_from_db()
        assert call.status == "logged"
        assert states() == ["dropped"]

    @pytest.mark.parametrize("how", [{"status": 504, "html": True}, {"drop": True}, {"status": 200, "body": "{"}])
    @pytest.mark.parametrize("after", [True, False])
    def test_a_lost_answer_never_makes_two(
        self, outside: Sandbox, place: Place, how: dict[str, Any], *, after: bool
    ) -> None:
        log(place(**MISSED))
        fault(outside, method="POST", path="v2/activities$", after=after, **how)
        for _round in range(5):
            PipedriveConnection.objects.update(paused_until=None)
            work()
        assert len(tasks(outside)) == 1
        assert states() == ["open"]

    @pytest.mark.parametrize("refused", [{"status": 404}, {"status": 403}, {"status": 403, "times": 3}])
    @pytest.mark.parametrize("after", [True, False])
    def test_where_the_persons_tasks_are_refused_by_then_it_is_looked_for_with_its_owner(
        self, outside: Sandbox, place: Place, refused: dict[str, Any], *, after: bool
    ) -> None:
        log(place(**MISSED))
        fault(outside, method="POST", path="v2/activities$", after=after, drop=True)
        fault(outside, method="GET", path="v2/activities$", body={"success": False}, **refused)
        for _round in range(5):
            PipedriveConnection.objects.update(paused_until=None)
            work()
        assert (len(tasks(outside)), states()) == (1, ["open"])

    @pytest.mark.parametrize("is_private", [True, False])
    def test_of_a_person_that_is_deleted_nothing_stays_to_be_done(
        self, outside: Sandbox, place: Place, bo: User, *, is_private: bool
    ) -> None:
        call = log(place(**MISSED))
        fault(outside, method="POST", path="v2/activities$", drop=True)
        fault(outside, method="GET", path="v2/activities$", status=404, body={"success": False})
        fault(outside, method="POST", path="v2/activities$", status=404, body={"success": False})
        work()
        if is_private:
            mark_private(call, by=bo)
        for _round in range(5):
            PipedriveConnection.objects.update(paused_until=None)
            work()
        assert (tasks(outside), states()) == ([], [] if is_private else ["dropped"])
        assert not FollowUp.objects.exclude(next_attempt_at=None).exists()
        assert not FollowUp.objects.exclude(sending_since=None).exists()

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("carried_out", [True, False])
    @pytest.mark.parametrize("since", ['SET "claimed_until"', 'SET "sending_since"', '"activity_id" ='])
    def test_a_worker_may_die_at_any_write(
        self, outside: Sandbox, place: Place, since: str, *, carried_out: bool
    ) -> None:
        log(place(**MISSED))
        run(work_on_follow_ups, Death(at_statement=1, is_carried_out=carried_out, since=since))
        for _round in range(4):
            FollowUp.objects.update(claimed_until=None)
            work()
        assert len(tasks(outside)) == 1
        assert states() == ["open"]

    def test_closing_is_tried_until_it_works(self, outside: Sandbox, place: Place) -> None:
        log(place(**MISSED))
        work_on_follow_ups()
        log(place(started_at=minutes_ago(1)))
        fault(outside, method="PATCH", path="v2/activities/", status=503)
        work_on_follow_ups()
        assert states() == ["closing"]
        work()
        assert states() == ["closed"]

    def test_a_private_calls_task_is_deleted_and_its_number_forgotten(
        self, outside: Sandbox, place: Place, bo: User
    ) -> None:
        call = log(place(**MISSED))
        work_on_follow_ups()
        mark_private(call, by=bo)
        assert FollowUp.objects.get().customer_number == ""
        work_on_follow_ups()
        assert (tasks(outside), states()) == ([], [])

    def test_the_activity_of_another_account_with_the_same_id_is_left_alone(
        self, outside: Sandbox, place: Place
    ) -> None:
        log(place(**MISSED))
        work_on_follow_ups()
        log(place(started_at=minutes_ago(1)))
        PipedriveAccount.objects.update(pipedrive_company_id=99)
        work_on_follow_ups()
        assert ([each["done"] for each in tasks(outside)], states()) == ([False], ["closing"])

    @pytest.mark.parametrize("is_of_an_earlier_version", [False, True])
    def test_nor_is_it_deleted_once_the_private_call_is_gone(
        self, outside: Sandbox, place: Place, bo: User, *, is_of_an_earlier_version: bool
    ) -> None:
        call = log(place(**MISSED))
        work_on_follow_ups()
        if is_of_an_earlier_version:
            Call.objects.update(pipedrive_company_id=None)
        mark_private(call, by=bo)
        assert log(call).status == "skipped"
        PipedriveAccount.objects.update(pipedrive_company_id=99)
        work_on_follow_ups()
        assert (len(tasks(outside)), states()) == (1, ["private"])

    @pytest.mark.parametrize(("link", "left"), [(None, 0), ("https://elsewhere.pipedrive.com/activities/1", 1)])
    def test_the_account_of_an_earlier_versions_call_is_known_by_its_link(
        self, outside: Sandbox, place: Place, link: str | None, left: int
    ) -> None:
        call = log(place(**MISSED))
        work_on_follow_ups()
        Call.objects.update(pipedrive_company_id=None, activity_url=link or call.activity_url)
        FollowUp.objects.update(state="private", customer_number="", next_attempt_at=timezone.now())
        work_on_follow_ups()
        assert len(tasks(outside)) == left

    def test_another_companys_conversation_does_not_end_it(self, outside: Sandbox, place: Place, cecilia: User) -> None:
        log(place(**MISSED))
        work_on_follow_ups()
        spoken = place(started_at=minutes_ago(1))
        Call.objects.filter(pk=spoken.pk).update(company=cecilia.company)
        work()
        assert states() == ["open"]
