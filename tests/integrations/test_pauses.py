"""When Pipedrive is left alone, for whom and for how long, and who goes ahead afterwards."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from integrations.connections import check, check_closed_accounts, client_for
from integrations.errors import IntegrationError
from integrations.models import PauseKind, PipedriveAccount, PipedriveConnection
from integrations.pauses import Pause, note_trouble, pause_of, pause_seen
from integrations.token_budget import seconds_left_of_day
from tests.sandbox.running_sandbox import Json, Sandbox

pytestmark = pytest.mark.django_db
Connect = Callable[[User], PipedriveConnection]
State = PipedriveConnection.State
DAY_SPENT: Json = {"status": 429, "headers": {"x-daily-ratelimit-token-remaining": "0"}}
TOKENS_LEFT: Json = {"status": 429, "headers": {"x-daily-ratelimit-token-remaining": "900"}}
TOLD_TO_WAIT: Json = {"status": 429, "headers": {"Retry-After": "1"}}
PAGE: Json = {"status": 403, "html": True}
SECOND = datetime.timedelta(seconds=1)


@pytest.fixture
def aino_too(aino: User, just_connected: Connect) -> PipedriveConnection:
    """A colleague's connection to the same account."""
    return just_connected(aino)


@pytest.fixture
def connection(bo: User, just_connected: Connect) -> PipedriveConnection:
    return just_connected(bo)


def fresh(connection: PipedriveConnection) -> PipedriveConnection:
    return PipedriveConnection.objects.select_related("account").get(pk=connection.pk)


def ask(outside: Sandbox, connection: PipedriveConnection, **fault: Any) -> PipedriveConnection:
    """One request that goes wrong as ordered, as a worker takes it; the connection as the database then has it."""
    if fault:
        outside.order("pipedrive/control/faults", path="users/me", **fault)
    worker = fresh(connection)
    try:
        client_for(worker).me()
    except IntegrationError as error:
        note_trouble(worker, error)
    return fresh(connection)


def let_it_be_over(connection: PipedriveConnection) -> None:
    """The pause has just ended."""
    now = timezone.now()
    PipedriveAccount.objects.filter(paused_until__isnull=False).update(paused_until=now - SECOND, probing_until=None)
    PipedriveConnection.objects.filter(paused_until__isnull=False).update(paused_until=now - SECOND)


def pause(connection: PipedriveConnection) -> Pause:
    found = pause_seen(fresh(connection))
    assert found is not None
    return found


class TestDaySpent:
    def test_pipedrives_own_word_parks_the_whole_company_at_once(
        self, outside: Sandbox, connection: PipedriveConnection, aino_too: PipedriveConnection
    ) -> None:
        ask(outside, connection, **DAY_SPENT)
        for each in (connection, aino_too):
            assert pause(each).kind == PauseKind.DAY_SPENT
            assert pause(each).seconds <= min(1800, seconds_left_of_day(timezone.now()) + 30)
            assert pause(each).seconds > min(1400, seconds_left_of_day(timezone.now()) - 1)

    def test_a_budget_that_pipedrive_really_has_spent_is_noticed(
        self, outside: Sandbox, connection: PipedriveConnection
    ) -> None:
        outside.order("pipedrive/control/companies/7001", "PATCH", daily_tokens=0)
        ask(outside, connection)
        assert pause(connection).kind == PauseKind.DAY_SPENT

    def test_a_second_429_right_after_a_wait_is_the_days_end(
        self, outside: Sandbox, connection: PipedriveConnection, aino_too: PipedriveConnection
    ) -> None:
        ask(outside, connection, status=429)
        assert (pause(connection).kind, pause_seen(fresh(aino_too))) == (PauseKind.RATE_LIMITED, None)
        assert 1 < pause(connection).seconds <= 2.5
        let_it_be_over(connection)
        ask(outside, connection, status=429)
        assert pause(connection).kind == pause(aino_too).kind == PauseKind.DAY_SPENT

    def test_it_is_not_while_pipedrive_says_that_tokens_are_left(
        self, outside: Sandbox, connection: PipedriveConnection
    ) -> None:
        for _time in range(3):
            ask(outside, connection, **TOKENS_LEFT)
            assert pause(connection).kind == PauseKind.RATE_LIMITED
            let_it_be_over(connection)

    def test_nor_while_pipedrive_says_each_time_how_long_to_wait_four_times(
        self, outside: Sandbox, connection: PipedriveConnection, aino_too: PipedriveConnection
    ) -> None:
        waits = []
        for _time in range(4):
            ask(outside, connection, **TOLD_TO_WAIT)
            assert (pause(connection).kind, pause_seen(fresh(aino_too))) == (PauseKind.RATE_LIMITED, None)
            waits.append(pause(connection).seconds)
            let_it_be_over(connection)
        assert waits == sorted(waits)
        assert max(waits) <= 10
        ask(outside, connection, **TOLD_TO_WAIT)
        assert pause(connection).kind == pause(aino_too).kind == PauseKind.DAY_SPENT

    def test_nor_when_an_answer_came_between(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        ask(outside, connection, status=429)
        let_it_be_over(connection)
        ask(outside, connection)
        ask(outside, connection, status=429)
        assert pause(connection).kind == PauseKind.RATE_LIMITED

    def test_nor_long_after_the_first(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        ask(outside, connection, status=429)
        PipedriveConnection.objects.update(paused_until=timezone.now() - datetime.timedelta(minutes=2))
        ask(outside, connection, status=429)
        assert pause(connection).kind == PauseKind.RATE_LIMITED

    def test_answers_to_requests_sent_side_by_side_count_once(
        self, outside: Sandbox, connection: PipedriveConnection
    ) -> None:
        for _thread in range(8):
            ask(outside, connection, status=429)
        assert pause(connection).kind == PauseKind.RATE_LIMITED
        assert fresh(connection).pauses_in_a_row == 1

    def test_one_look_after_half_an_hour_finds_it_still_so(
        self, outside: Sandbox, connection: PipedriveConnection
    ) -> None:
        ask(outside, connection, **DAY_SPENT)
        let_it_be_over(connection)
        assert pause_of(fresh(connection)) is None
        ask(outside, connection, status=429)
        assert pause(connection).kind == PauseKind.DAY_SPENT


class TestBlocked:
    def test_the_company_stays_away_longer_each_time_up_to_six_hours(
        self, outside: Sandbox, connection: PipedriveConnection, aino_too: PipedriveConnection
    ) -> None:
        waits = []
        for _time in range(7):
            ask(outside, connection, **PAGE)
            assert pause(aino_too).kind == PauseKind.BLOCKED
            waits.append(round(pause(connection).seconds / 60))
            let_it_be_over(connection)
        assert waits == [15, 30, 60, 120, 240, 360, 360]

    def test_those_sent_side_by_side_count_once(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        for _thread in range(8):
            ask(outside, connection, **PAGE)
        assert pause(connection).seconds <= 900

    def test_an_answer_to_an_earlier_request_does_not_end_it(
        self, outside: Sandbox, connection: PipedriveConnection
    ) -> None:
        slow = fresh(connection)
        ask(outside, connection, **PAGE)
        slow.account.refresh_from_db()
        client_for(slow).me()
        assert pause(connection).kind == PauseKind.BLOCKED

    def test_the_look_that_is_answered_ends_it_for_everybody(
        self, outside: Sandbox, connection: PipedriveConnection, aino_too: PipedriveConnection
    ) -> None:
        ask(outside, connection, **PAGE)
        let_it_be_over(connection)
        assert pause_of(fresh(connection)) is None
        ask(outside, connection)
        assert pause_of(fresh(aino_too)) is None
        assert fresh(aino_too).account.pause_kind == ""

    def test_opening_the_page_does_not_ask_pipedrive_meanwhile(
        self, outside: Sandbox, connection: PipedriveConnection
    ) -> None:
        ask(outside, connection, **PAGE)
        before = len(outside.state("requests")["requests"])
        check(fresh(connection))
        assert len(outside.state("requests")["requests"]) == before


class TestOutage:
    def test_one_request_goes_ahead_and_the_others_wait_for_it(
        self, outside: Sandbox, connection: PipedriveConnection, aino_too: PipedriveConnection
    ) -> None:
        for _failure in range(4):
            ask(outside, connection, status=503)
        assert pause(connection).kind == PauseKind.OUTAGE
        let_it_be_over(connection)
        backlog = [fresh(each) for each in (connection, aino_too, connection, aino_too)]
        pauses = [pause_of(each) for each in backlog]
        assert pauses[0] is None
        assert all(each is not None and 0 < each.seconds <= 2 for each in pauses[1:])
        client_for(backlog[0]).me()
        assert [pause_of(fresh(each)) for each in backlog] == [None] * 4

    def test_when_the_one_is_killed_another_goes_ahead(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        for _failure in range(4):
            ask(outside, connection, status=503)
        let_it_be_over(connection)
        assert pause_of(fresh(connection)) is None
        assert pause_of(fresh(connection)) is not None
        PipedriveAccount.objects.update(probing_until=timezone.now() - SECOND)
        assert pause_of(fresh(connection)) is None

    def test_when_the_one_fails_the_pause_grows(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        waits = []
        for _failure in range(12):
            ask(outside, connection, status=503)
            if pause_seen(fresh(connection)):
                waits.append(pause(connection).seconds)
                let_it_be_over(connection)
        nominal = [5, 10, 20, 40, 80, 160, 300, 300, 300]
        assert all(0.75 * wish < wait <= wish for wish, wait in zip(nominal, waits, strict=True))

    def test_a_pause_that_a_version_without_kinds_has_begun_ends_the_same_way(
        self, outside: Sandbox, connection: PipedriveConnection
    ) -> None:
        PipedriveAccount.objects.update(paused_until=timezone.now() - SECOND, failures_in_a_row=0, pause_kind="")
        worker = fresh(connection)
        assert pause_of(worker) is None
        waits = pause_of(fresh(connection))
        assert waits is not None
        assert waits.kind == PauseKind.OUTAGE
        client_for(worker).me()
        assert fresh(connection).account.paused_until is None

    def test_what_was_on_its_way_does_not_make_it_longer(
        self, outside: Sandbox, connection: PipedriveConnection
    ) -> None:
        for _thread in range(16):
            ask(outside, connection, status=503)
        assert pause(connection).seconds <= 5

    def test_a_refusal_is_an_answer(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        for _failure in range(3):
            ask(outside, connection, status=503)
        ask(outside, connection, status=404)
        assert fresh(connection).account.failures_in_a_row == 0

    def test_asking_costs_no_query_while_nothing_is_wrong(
        self, connection: PipedriveConnection, django_assert_num_queries: Callable[..., object]
    ) -> None:
        worker = fresh(connection)
        with django_assert_num_queries(0):  # type: ignore[attr-defined]
            assert pause_of(worker) is None


class TestClosed:
    def test_402_closes_the_account_for_everybody_connected_to_it(
        self, outside: Sandbox, connection: PipedriveConnection, aino_too: PipedriveConnection
    ) -> None:
        ask(outside, connection, status=402)
        assert {fresh(each).state for each in (connection, aino_too)} == {State.ACCOUNT_CLOSED}
        assert pause(aino_too).kind == PauseKind.CLOSED

    def test_a_dead_grant_stays_dead(
        self, outside: Sandbox, connection: PipedriveConnection, aino_too: PipedriveConnection
    ) -> None:
        PipedriveConnection.objects.filter(pk=aino_too.pk).update(state=State.REAUTHORIZE)
        ask(outside, connection, status=402)
        check(fresh(connection))
        assert (fresh(connection).state, fresh(aino_too).state) == (State.CONNECTED, State.REAUTHORIZE)

    def test_one_that_sees_it_open_opens_it_for_all(
        self, outside: Sandbox, connection: PipedriveConnection, aino_too: PipedriveConnection
    ) -> None:
        ask(outside, connection, status=402)
        check(fresh(aino_too))
        assert {fresh(each).state for each in (connection, aino_too)} == {State.CONNECTED}

    def test_connecting_anew_opens_it_too(
        self, outside: Sandbox, connection: PipedriveConnection, aino_too: PipedriveConnection, just_connected: Connect
    ) -> None:
        ask(outside, connection, status=402)
        just_connected(aino_too.user)
        assert fresh(connection).state == State.CONNECTED

    def test_another_companys_account_stays_open(
        self, outside: Sandbox, connection: PipedriveConnection, cecilia: User, just_connected: Connect
    ) -> None:
        theirs = just_connected(cecilia)
        ask(outside, connection, status=402)
        assert fresh(theirs).state == State.CONNECTED

    def test_one_request_looks_for_all_of_an_account(
        self, outside: Sandbox, connection: PipedriveConnection, aino_too: PipedriveConnection
    ) -> None:
        ask(outside, connection, status=402)
        outside.order("pipedrive/control/faults", path="users/me", status=402, times=9)
        check_closed_accounts()
        assert outside.state("faults")["faults"][0]["times"] == 8
        outside.order("pipedrive/control/faults", "DELETE")
        check_closed_accounts()
        assert {fresh(each).state for each in (connection, aino_too)} == {State.CONNECTED}
