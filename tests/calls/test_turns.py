"""A company's turn: one worker at a time, many calls at once, and nothing held by the dead."""

import datetime
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import User
from calls.lease import LEASE, Lease, release_turns_of
from calls.models import Call, Turn
from calls.queue import others_wait
from calls.turns import AT_ONCE, BATCH, PATIENCE_SECONDS, SLICE_SECONDS, take_turn
from integrations.http import CONNECT_SECONDS, READ_SECONDS
from integrations.models import PauseKind, PipedriveAccount, PipedriveConnection
from tests.calls.steps import Connect, Place, activities, asked, fault, log, outcome, seconds_until_next
from tests.sandbox.running_sandbox import Sandbox, wait_until

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _bo_is_connected(connected: Connect, bo: User) -> None:
    connected(bo)


@pytest.fixture
def turn(place: Place) -> Callable[[], None]:
    """Take the turn of the company, as a worker of the name "one" does."""

    def take() -> None:
        take_turn(Turn.objects.get().pk, worker="one")

    return take


def in_a_thread(work: Callable[[], None]) -> None:
    """Do it, and leave no connection to the database open."""
    try:
        work()
    finally:
        connections.close_all()


def queued() -> list[str]:
    """What the queue holds, and empty it."""
    tasks = [entry.task["func"] for entry in OrmQ.objects.order_by("id")]
    OrmQ.objects.all().delete()
    return tasks


class TestLogging:
    def test_all_due_calls_are_logged_in_one_turn(
        self, outside: Sandbox, place: Place, turn: Callable[[], None]
    ) -> None:
        calls = [place() for _ in range(BATCH + AT_ONCE)]
        turn()
        assert {outcome(call) for call in Call.objects.all()} == {("logged", "logged")}
        assert len(activities(outside)) == len(calls)

    def test_afterwards_the_turn_is_free_and_the_company_not_queued(
        self, outside: Sandbox, place: Place, turn: Callable[[], None]
    ) -> None:
        place()
        queued()
        turn()
        kept = Turn.objects.get()
        assert (kept.queued_at, kept.working_until, kept.worker) == (None, None, "")
        assert queued() == []

    def test_a_fault_with_one_call_does_not_hold_the_others(
        self, outside: Sandbox, place: Place, turn: Callable[[], None]
    ) -> None:
        calls = [place() for _ in range(3)]
        fault(outside, method="POST", path="/activities", status=400, times=1)
        turn()
        reasons = sorted(reason for _status, reason in map(outcome, Call.objects.filter(pk__in=[c.pk for c in calls])))
        assert reasons == ["logged", "logged", "pipedrive_refused"]

    def test_a_call_that_hangs_does_not_hold_the_few_others(
        self, outside: Sandbox, place: Place, turn: Callable[[], None]
    ) -> None:
        hanging, *others = [place() for _ in range(4)]
        queued()
        fault(outside, method="POST", path="/activities", after=True, hang_seconds=PATIENCE_SECONDS + 2, times=1)
        turn()
        hanging.refresh_from_db()
        assert outcome(hanging) == ("logged", "logged")
        assert hanging.logged_at is not None
        assert Call.objects.filter(pk__in=[each.pk for each in others], logged_at__lt=hanging.logged_at).count() == 3

    def test_what_was_taken_and_not_begun_when_the_turn_ends_is_handed_back(
        self, outside: Sandbox, place: Place, turn: Callable[[], None]
    ) -> None:
        for _ in range(BATCH):
            place()
        slow = SLICE_SECONDS + 0.5
        fault(outside, method="POST", path="/activities", after=True, hang_seconds=slow, times=AT_ONCE)
        assert others_wait()
        queued_before = Turn.objects.get().queued_at
        turn()
        assert Counter(outcome(call) for call in Call.objects.all()) == {
            ("logged", "logged"): AT_ONCE,
            ("pending", "queued"): BATCH - AT_ONCE,
        }
        assert not Call.objects.filter(claimed_until__isnull=False).exists()
        assert Turn.objects.get().queued_at != queued_before, "the company is queued again, behind the others"

    def test_what_somebody_else_has_claimed_meanwhile_is_not_handed_back(
        self, outside: Sandbox, place: Place, turn: Callable[[], None]
    ) -> None:
        for _ in range(BATCH):
            place()
        slow = SLICE_SECONDS + 0.5
        fault(outside, method="POST", path="/activities", after=True, hang_seconds=slow, times=AT_ONCE)
        theirs = timezone.now() + datetime.timedelta(minutes=1)
        with ThreadPoolExecutor(1) as slow_worker:
            ends = slow_worker.submit(in_a_thread, turn)
            wait_until(lambda: Call.objects.filter(sending_since__isnull=False).count() == AT_ONCE, 20)
            taken_over = Call.objects.filter(sending_since=None, claimed_until__isnull=False)
            assert taken_over.update(claimed_until=theirs) == BATCH - AT_ONCE
            ends.result()
        assert Call.objects.filter(claimed_until=theirs).count() == BATCH - AT_ONCE


class TestLease:
    def test_two_workers_do_not_work_on_one_company(self, place: Place, turn: Callable[[], None]) -> None:
        call = place()
        assert Lease.take(call.company_id, worker="two") is not None
        turn()
        call.refresh_from_db()
        assert outcome(call) == ("pending", "queued")

    def test_what_came_during_a_turn_has_the_company_queued_again_by_the_next_wake_up(
        self, place: Place, turn: Callable[[], None]
    ) -> None:
        call = place()
        lease = Lease.take(call.company_id, worker="two")
        assert lease is not None
        turn()
        queued()
        lease.end()
        place()
        assert queued() == ["calls.tasks.log_calls"]

    def test_the_calls_of_a_dead_worker_go_on_when_its_lease_has_run_out(
        self, outside: Sandbox, place: Place, turn: Callable[[], None]
    ) -> None:
        call = place()
        assert Lease.take(call.company_id, worker="dead") is not None
        assert Call.objects.claim([call.pk]) == [call]
        turn()
        call.refresh_from_db()
        assert outcome(call) == ("pending", "queued"), "it is not known to be dead yet"
        Turn.objects.update(working_until=timezone.now() - datetime.timedelta(seconds=1))
        turn()
        call.refresh_from_db()
        assert outcome(call) == ("logged", "logged")

    def test_the_turns_of_a_worker_that_is_known_to_be_dead_are_free_at_once(
        self, outside: Sandbox, place: Place, turn: Callable[[], None]
    ) -> None:
        call = place()
        assert Lease.take(call.company_id, worker="dead") is not None
        assert Call.objects.claim([call.pk]) == [call]
        Turn.objects.update(queued_at=None)
        queued()
        release_turns_of("somebody else")
        assert queued() == []
        release_turns_of("dead")
        assert queued() == ["calls.tasks.log_calls"]
        turn()
        call.refresh_from_db()
        assert outcome(call) == ("logged", "logged")

    def test_what_a_dead_worker_was_sending_is_not_looked_for_while_it_may_still_arrive(
        self, outside: Sandbox, place: Place, turn: Callable[[], None]
    ) -> None:
        call = place()
        assert Lease.take(call.company_id, worker="dead") is not None
        assert Call.objects.claim([call.pk]) == [call]
        Call.objects.update(sending_since=timezone.now())
        release_turns_of("dead")
        turn()
        assert asked(outside, "GET /activities") == 0
        call.refresh_from_db()
        assert call.claimed_until is None
        assert CONNECT_SECONDS + READ_SECONDS < seconds_until_next(call) < 25

    def test_a_holder_that_lost_its_lease_neither_renews_nor_ends_it(self, place: Place) -> None:
        company_id = place().company_id
        slow = Lease.take(company_id, worker="slow")
        assert slow is not None
        Turn.objects.update(working_until=timezone.now() - datetime.timedelta(seconds=1))
        assert Lease.take(company_id, worker="next") is not None
        slow.renewed -= LEASE.total_seconds()
        assert not slow.keep()
        slow.end()
        assert Turn.objects.get().worker == "next"

    def test_a_lease_is_renewed_by_its_holder(self, place: Place) -> None:
        lease = Lease.take(place().company_id, worker="one")
        assert lease is not None
        lease.renewed -= LEASE.total_seconds()
        before = lease.until
        assert lease.keep()
        assert Turn.objects.get().working_until == lease.until > before


class TestTrouble:
    def test_calls_of_a_rep_who_must_wait_are_put_off_together(
        self, outside: Sandbox, place: Place, turn: Callable[[], None]
    ) -> None:
        calls = [place() for _ in range(BATCH * 2)]
        until = timezone.now() + datetime.timedelta(minutes=10)
        PipedriveConnection.objects.update(paused_until=until)
        before = len(outside.state("requests")["requests"])
        turn()
        assert {outcome(call) for call in Call.objects.all()} == {("pending", "rate_limited")}
        assert not Call.objects.due(until - datetime.timedelta(seconds=5)).exists()
        assert len(outside.state("requests")["requests"]) == before
        assert len(calls) == Call.objects.due(until + datetime.timedelta(seconds=5)).count()

    def test_after_an_outage_one_call_finds_out_whether_pipedrive_answers(
        self, outside: Sandbox, place: Place, turn: Callable[[], None]
    ) -> None:
        place()
        turn()  # reads the activity types, which would be an answer
        for _ in range(AT_ONCE):
            place()
        PipedriveAccount.objects.update(failures_in_a_row=4, pause_kind=PauseKind.OUTAGE, paused_until=timezone.now())
        fault(outside, method="POST", path="/activities", status=503, times=AT_ONCE)
        before = asked(outside, "POST /activities")
        turn()
        assert asked(outside, "POST /activities") == before + 1

    def test_a_call_that_needs_no_request_leaves_the_one_after_an_outage_to_the_next(
        self, outside: Sandbox, place: Place
    ) -> None:
        log(place())  # reads the activity types, which would be a request
        unknown, known = place(from_="+358400999888"), place()
        PipedriveAccount.objects.update(pause_kind=PauseKind.OUTAGE, paused_until=timezone.now())
        assert outcome(log(unknown)) == ("waiting", "no_contact")
        assert outcome(log(known)) == ("logged", "logged")
