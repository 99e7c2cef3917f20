"""A rep had planned a call in Pipedrive and has made it: the plan is marked as done, and nothing else is touched."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import User
from calls.follow_up_step import work_on_follow_ups
from calls.models import Call
from calls.planned_call import PlannedCall
from calls.planned_call_step import complete_what_was_planned
from calls.policy import LoggingPolicy
from calls.privacy import mark_private
from integrations.models import PipedriveAccount, PipedriveConnection
from tests.calls.dying import Death, run
from tests.calls.pressing import page_of
from tests.calls.settings_steps import PAGE, patch, settings_form
from tests.calls.steps import Connect, Place, activities, asked, fault, log
from tests.calls.test_story_page import story_on
from tests.sandbox.running_sandbox import Sandbox

STARTED = "2026-11-24T10:00:00+02:00"
DAY = "2026-11-24"
EERO = "Eero"


@pytest.fixture(autouse=True)
def _the_company_wants_it(admin: Client, connected: Connect, bo: User) -> None:
    connected(bo)
    patch(admin, language="en", planned_calls="complete")


class Calendar:
    """Bo's activities in Pipedrive, as he plans them himself."""

    def __init__(self, outside: Sandbox, email: str) -> None:
        self._outside = outside
        self._email = email

    def plan(self, **fields: Any) -> int:
        """A call with Eero on the day, at 11 by the clock in Helsinki."""
        eero = self._outside.person(EERO)["id"]
        body: dict[str, Any] = {
            "subject": "Ring Eero",
            "type": "call",
            "participants": [{"person_id": eero, "primary": True}],
        }
        body.update({"due_date": DAY, "due_time": "09:00", **fields})
        return self.ask("POST", "v2/activities", {name: value for name, value in body.items() if value is not None})

    def ask(self, method: str, path: str, body: Any = None) -> int:
        answer = self._outside.client(self._email)(method, path, json=body)
        assert answer.ok, answer.text
        return int(answer.json()["data"]["id"])

    def done(self, *ids: int) -> list[bool]:
        """Which of these are done."""
        by_id = {each["id"]: each["done"] for each in activities(self._outside)}
        return [by_id[each] for each in ids]


@pytest.fixture
def calendar(outside: Sandbox, bo: User) -> Calendar:
    return Calendar(outside, bo.email)


def call_eero(place: Place, **changes: Any) -> Call:
    return log(place(**{"started_at": STARTED, **changes}))


def work() -> None:
    """Let everything be due that has been put off, with no pause in force, and work."""
    PipedriveConnection.objects.update(paused_until=None)
    PlannedCall.objects.filter(next_attempt_at__isnull=False).update(next_attempt_at=timezone.now())
    complete_what_was_planned()


def states() -> list[str]:
    return list(PlannedCall.objects.order_by("pk").values_list("state", flat=True))


class TestWhatIsCompleted:
    @pytest.mark.parametrize("changes", [{}, {"direction": "out", "from_": "+358941234567", "to": "+358400124387"}])
    def test_the_planned_call_is_done_beside_the_logged_one(
        self, outside: Sandbox, place: Place, calendar: Calendar, changes: dict[str, Any]
    ) -> None:
        planned = calendar.plan(note="Ask about the offer")
        call = call_eero(place, **changes)
        assert (call.status, calendar.done(planned)) == ("logged", [False])
        complete_what_was_planned()
        assert calendar.done(planned) == [True]
        kept = next(each for each in activities(outside) if each["id"] == planned)
        assert (kept["note"], kept["subject"], kept["due_date"]) == ("Ask about the offer", "Ring Eero", DAY)
        assert call.activity_id != planned
        assert states() == ["closed"]
        complete_what_was_planned()
        assert (asked(outside, "PATCH v2/activities"), asked(outside, "GET v2/activities")) == (1, 1)

    @pytest.mark.parametrize("is_lost", [False, True])
    def test_the_story_of_the_call_tells_it(
        self, outside: Sandbox, place: Place, calendar: Calendar, admin: Client, *, is_lost: bool
    ) -> None:
        calendar.plan()
        call = call_eero(place)
        told = "The rep's planned call with this person was marked as done in Pipedrive."
        assert told not in story_on(page_of(admin, call))
        if is_lost:
            fault(outside, method="PATCH", path="v2/activities/", drop=True, after=True)
        complete_what_was_planned()
        assert (told not in story_on(page_of(admin, call))) == is_lost
        work()
        assert told in story_on(page_of(admin, call))

    @pytest.mark.parametrize("due", [(DAY, "21:59"), ("2026-11-23", "22:00")])
    def test_the_day_is_that_in_helsinki(self, place: Place, calendar: Calendar, due: tuple[str, str]) -> None:
        planned = calendar.plan(due_date=due[0], due_time=due[1])
        call_eero(place)
        complete_what_was_planned()
        assert calendar.done(planned) == [True]

    def test_a_plan_without_a_time_counts_for_the_whole_day(self, place: Place, calendar: Calendar) -> None:
        planned = calendar.plan(due_time=None)
        call_eero(place, started_at="2026-11-24T00:30:00+02:00")
        complete_what_was_planned()
        assert calendar.done(planned) == [True]

    def test_one_without_a_time_comes_last(self, place: Place, calendar: Calendar) -> None:
        some_time, afternoon = calendar.plan(due_time=None), calendar.plan(due_time="15:00")
        call_eero(place)
        complete_what_was_planned()
        assert calendar.done(some_time, afternoon) == [False, True]

    def test_of_several_it_is_the_nearest_in_time_and_only_that(self, place: Place, calendar: Calendar) -> None:
        late, near, early = (calendar.plan(due_time=time) for time in ("14:00", "08:30", "05:00"))
        call_eero(place)
        complete_what_was_planned()
        assert calendar.done(late, near, early) == [False, True, False]

    def test_the_companys_own_type_counts_as_a_call(self, admin: Client, place: Place, calendar: Calendar) -> None:
        patch(admin, activity_type="meeting")
        planned = calendar.plan(type="meeting")
        call_eero(place)
        complete_what_was_planned()
        assert calendar.done(planned) == [True]

    def test_two_conversations_complete_two_plans(self, place: Place, calendar: Calendar) -> None:
        first, second = calendar.plan(due_time="08:00"), calendar.plan(due_time="12:00")
        call_eero(place)
        call_eero(place, started_at="2026-11-24T10:05:00+02:00")
        complete_what_was_planned()
        assert calendar.done(first, second) == [True, True]

    def test_one_that_the_rep_opens_again_stays_open(self, place: Place, calendar: Calendar) -> None:
        planned = calendar.plan()
        call_eero(place)
        complete_what_was_planned()
        calendar.ask("PATCH", f"v2/activities/{planned}", {"done": False})
        call_eero(place, started_at="2026-11-24T10:05:00+02:00")
        work()
        assert calendar.done(planned) == [False]


class TestWhatIsLeftAlone:
    @pytest.mark.parametrize(
        "fields",
        [
            {"type": "meeting"},
            {"due_time": "22:00"},
            {"due_date": "2026-11-23"},
            {"due_date": "2026-11-25"},
            {"note": "Call back<br>Ref F-ABCDEFGHJKMN"},
            {"note": "Incoming call<br>Ref ABCDEFGHJKMN"},
            {"note": "Duration 8 sRef ABCDEFGHJKMNas Pipedrive may leave it"},
        ],
    )
    def test_other_activities_and_those_of_the_connector(
        self, outside: Sandbox, place: Place, calendar: Calendar, fields: dict[str, Any]
    ) -> None:
        other = calendar.plan(**fields)
        call_eero(place)
        complete_what_was_planned()
        assert (calendar.done(other), states()) == ([False], [])
        assert asked(outside, "PATCH v2/activities") == 0

    def test_plans_with_other_people_and_of_other_people(
        self, outside: Sandbox, place: Place, calendar: Calendar, aino: User
    ) -> None:
        somebody = next(
            each["id"]
            for each in outside.state("persons")["persons"]
            if each["company_id"] == 7001 and not each["name"].startswith(EERO)
        )
        others = [
            calendar.plan(participants=[{"person_id": somebody, "primary": True}]),
            Calendar(outside, aino.email).plan(),
        ]
        call_eero(place)
        complete_what_was_planned()
        assert (calendar.done(*others), states()) == ([False, False], [])

    def test_a_call_logged_as_open_and_the_task_to_call_back_stay(
        self, outside: Sandbox, admin: Client, place: Place
    ) -> None:
        patch(admin, rules={"in_answered": "open"}, follow_up=True)
        now = timezone.now()
        missed = (now - datetime.timedelta(minutes=5)).isoformat()
        log(place(answered=False, result="missed", talk_seconds=0, started_at=missed))
        work_on_follow_ups()
        spoken = (now - datetime.timedelta(minutes=9)).isoformat()
        log(place(started_at=spoken))
        complete_what_was_planned()
        opened = [each["subject"] for each in activities(outside) if not each["done"]]
        assert len(opened) == 2
        assert states() == []

    def test_a_call_that_nobody_answered_leaves_the_plan_open(
        self, outside: Sandbox, place: Place, calendar: Calendar
    ) -> None:
        planned = calendar.plan()
        call_eero(place, answered=False, result="missed", talk_seconds=0)
        complete_what_was_planned()
        assert (calendar.done(planned), states()) == ([False], [])
        assert asked(outside, "GET v2/activities") == 0

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_switched_off_nothing_is_looked_for(
        self, outside: Sandbox, admin: Client, place: Place, calendar: Calendar, when: str
    ) -> None:
        planned = calendar.plan()
        if when == "before":
            patch(admin, planned_calls="none")
        call_eero(place)
        patch(admin, planned_calls="none")
        complete_what_was_planned()
        assert (calendar.done(planned), states()) == ([False], [])
        assert asked(outside, "GET v2/activities") == 0

    def test_a_private_calls_wish_is_forgotten(
        self, outside: Sandbox, place: Place, calendar: Calendar, bo: User
    ) -> None:
        planned = calendar.plan()
        mark_private(call_eero(place), by=bo)
        complete_what_was_planned()
        assert (calendar.done(planned), states()) == ([False], [])


class TestTheSetting:
    def test_it_is_off_at_first_and_its_cost_is_said(self, admin: Client, aino: User) -> None:
        LoggingPolicy.objects.filter(company=aino.company).delete()
        page = admin.get(PAGE).content.decode()
        assert settings_form(admin).fields["planned_calls"] == "none"
        assert "Looking costs 10 of your company's Pipedrive tokens for each answered call" in page


class TestTrouble:
    @pytest.mark.parametrize(
        ("method", "path"), [("GET", "v2/activities"), ("PATCH", "v2/activities/")], ids=["looking", "marking"]
    )
    @pytest.mark.parametrize(
        "how", [{"status": 503}, {"status": 429}, {"drop": True}, {"drop": True, "after": True}, {"body": "{"}]
    )
    def test_what_passes_is_tried_again(
        self, outside: Sandbox, place: Place, calendar: Calendar, method: str, path: str, how: dict[str, Any]
    ) -> None:
        planned = calendar.plan()
        call = call_eero(place)
        fault(outside, method=method, path=path, **{"status": 200, **how} if "body" in how else how)
        complete_what_was_planned()
        assert states() in (["looking"], ["closing"])
        assert PlannedCall.objects.get().next_attempt_at is not None
        for _round in range(2):
            work()
        assert (calendar.done(planned), states()) == ([True], ["closed"])
        call.refresh_from_db()
        assert call.status == "logged"

    @pytest.mark.parametrize("status", [404, 403])
    def test_what_is_refused_is_left(self, outside: Sandbox, place: Place, calendar: Calendar, status: int) -> None:
        planned = calendar.plan()
        call_eero(place)
        fault(outside, method="PATCH", path="v2/activities/", status=status, body={"success": False, "error": "no"})
        complete_what_was_planned()
        work()
        assert (calendar.done(planned), states()) == ([False], ["left"])

    def test_of_a_person_that_is_deleted_nothing_stays_to_be_done(
        self, outside: Sandbox, place: Place, calendar: Calendar
    ) -> None:
        calendar.plan()
        call_eero(place)
        fault(outside, method="GET", path="v2/activities$", status=404, body={"success": False})
        complete_what_was_planned()
        assert states() == ["left"]
        work()
        assert asked(outside, "GET v2/activities") == 1

    def test_one_that_was_moved_before_it_could_be_marked_is_left(
        self, outside: Sandbox, place: Place, calendar: Calendar
    ) -> None:
        planned = calendar.plan()
        call_eero(place)
        fault(outside, method="PATCH", path="v2/activities/", status=503)
        complete_what_was_planned()
        calendar.ask("PATCH", f"v2/activities/{planned}", {"due_date": "2026-12-01"})
        work()
        assert (calendar.done(planned), states()) == ([False], ["left"])

    def test_the_days_last_tokens_are_for_logging(self, outside: Sandbox, place: Place, calendar: Calendar) -> None:
        planned = calendar.plan()
        call_eero(place)
        PipedriveAccount.objects.update(daily_tokens=1000, tokens_left=99, tokens_left_at=timezone.now())
        complete_what_was_planned()
        assert (states(), asked(outside, "GET v2/activities")) == (["looking"], 0)
        PipedriveAccount.objects.update(tokens_left=500)
        work()
        assert calendar.done(planned) == [True]

    def test_a_plan_whose_time_cannot_be_read_is_none(self, outside: Sandbox, place: Place, calendar: Calendar) -> None:
        planned = calendar.plan()
        odd = {"id": 1, "type": "call", "done": False, "due_date": DAY, "due_time": "at noon"}
        call_eero(place)
        fault(outside, method="GET", path="v2/activities", status=200, body={"success": True, "data": [odd]})
        complete_what_was_planned()
        assert (calendar.done(planned), states()) == ([False], [])
        assert PipedriveConnection.objects.get().paused_until is None

    def test_after_a_day_it_is_given_up(self, outside: Sandbox, place: Place, calendar: Calendar) -> None:
        planned = calendar.plan()
        call_eero(place)
        fault(outside, method="GET", path="v2/activities", status=503)
        PlannedCall.objects.update(created_at=timezone.now() - datetime.timedelta(hours=25))
        complete_what_was_planned()
        work()
        assert (calendar.done(planned), states()) == ([False], ["left"])

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("carried_out", [True, False])
    @pytest.mark.parametrize("since", ['SET "claimed_until" = %s', '"activity_id" = %s', 'SET "claimed_until" = NULL'])
    def test_a_worker_may_die_at_any_write(
        self, outside: Sandbox, place: Place, calendar: Calendar, since: str, *, carried_out: bool
    ) -> None:
        near, other = calendar.plan(), calendar.plan(due_time="14:00")
        call_eero(place)
        assert not run(complete_what_was_planned, Death(at_statement=1, is_carried_out=carried_out, since=since))
        for _round in range(2):
            PlannedCall.objects.update(claimed_until=None)
            work()
        assert (calendar.done(near, other), states()) == ([True, False], ["closed"])

    def test_a_row_that_another_worker_has_is_let_be(self, outside: Sandbox, place: Place, calendar: Calendar) -> None:
        planned = calendar.plan()
        call_eero(place)
        PlannedCall.objects.update(claimed_until=timezone.now() + datetime.timedelta(minutes=1))
        complete_what_was_planned()
        assert (calendar.done(planned), states()) == ([False], ["looking"])

    def test_two_workers_never_take_the_same_plan(self, outside: Sandbox, place: Place, calendar: Calendar) -> None:
        near, far = calendar.plan(), calendar.plan(due_time="14:00")
        call_eero(place)
        call_eero(place, started_at="2026-11-24T10:05:00+02:00")
        others: list[str] = []

        def let_the_other_work_between(execute: Callable[..., Any], sql: str, *arguments: Any) -> Any:
            """One has seen that the plan is free; before it says so, the other takes it."""
            result = execute(sql, *arguments)
            if '"activity_id" IN' in sql and not others:
                others.append(sql)
                complete_what_was_planned()
            return result

        with connection.execute_wrapper(let_the_other_work_between):
            complete_what_was_planned()
        assert (calendar.done(near, far), states()) == ([True, False], ["looking", "closed"])
        work()
        assert (calendar.done(near, far), states()) == ([True, True], ["closed", "closed"])
        assert asked(outside, "PATCH v2/activities") == 2

    def test_the_database_lets_a_plan_be_taken_once(self, place: Place, calendar: Calendar) -> None:
        calendar.plan()
        call_eero(place)
        other = call_eero(place, started_at="2026-11-24T10:05:00+02:00")
        complete_what_was_planned()
        taken = PlannedCall.objects.get()
        with pytest.raises(IntegrityError), transaction.atomic():
            PlannedCall.objects.create(company=other.company, call=other, activity_id=taken.activity_id)
