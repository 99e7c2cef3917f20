"""No 429 is of our own making: requests leave no faster than Pipedrive's burst limit, whoever sends them."""

import datetime
import time
from collections import Counter
from collections.abc import Callable

import pytest
from django.utils import timezone

from accounts.models import User
from integrations.burst_limit import LONGEST_WAIT, pace_of, spacing
from integrations.connections import client_for, disconnect
from integrations.errors import GrantDiedError, HeldBackError
from integrations.models import BurstLimit, PipedriveConnection
from integrations.pauses import note_trouble
from integrations.pipedrive.operations import Operation
from tests.integrations.asking_processes import Asking
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Connect = Callable[[User], PipedriveConnection]
WINDOW = 2.0


@pytest.fixture
def connection(bo: User, just_connected: Connect) -> PipedriveConnection:
    return just_connected(bo)


def statuses(outside: Sandbox) -> Counter[int]:
    return Counter(each["status"] for each in outside.state("requests")["requests"])


def most_in_a_window(outside: Sandbox) -> int:
    """The most requests that reached Pipedrive's API within any two seconds."""
    requests = outside.state("requests")["requests"]
    times = [datetime.datetime.fromisoformat(each["at"]).timestamp() for each in requests if "/api/" in each["path"]]
    return max(sum(start <= other < start + WINDOW for other in times) for start in times)


def next_at(connection: PipedriveConnection) -> datetime.datetime:
    return BurstLimit.objects.get(pk=connection.pk).send_next_at


@pytest.mark.parametrize("requests", [2, 10, 20, 80, 160, 400, 480])
def test_not_even_requests_that_arrive_late_are_too_many(requests: int) -> None:
    apart, late = spacing(requests).total_seconds(), 0.2
    fit_in = int((WINDOW + late) / apart + 1e-9) + 1
    assert fit_in <= requests


def test_a_backlog_drains_at_more_than_thirty_four_a_second() -> None:
    assert 1 / spacing(80).total_seconds() > 34


def test_a_quiet_time_saves_up_no_requests(connection: PipedriveConnection) -> None:
    BurstLimit.objects.create(connection=connection, send_next_at=timezone.now() - datetime.timedelta(hours=1))
    pace_of(connection.pk).wait(Operation.ACTIVITY)
    assert next_at(connection) > timezone.now() - datetime.timedelta(minutes=1)


def test_whoever_would_wait_too_long_comes_again_later(connection: PipedriveConnection, outside: Sandbox) -> None:
    soon = timezone.now() + LONGEST_WAIT + datetime.timedelta(seconds=3)
    BurstLimit.objects.create(connection=connection, send_next_at=soon)
    before = sum(statuses(outside).values())
    with pytest.raises(HeldBackError) as raised:
        client_for(connection).me()
    assert LONGEST_WAIT.total_seconds() < raised.value.retry_after <= 7
    assert sum(statuses(outside).values()) == before
    note_trouble(connection, raised.value)
    connection.refresh_from_db()
    assert (connection.paused_until, connection.account.paused_until) == (None, None)


def test_a_clock_that_was_wrong_for_a_while_stops_nobody(connection: PipedriveConnection) -> None:
    BurstLimit.objects.create(connection=connection, send_next_at=timezone.now() + datetime.timedelta(days=1))
    client_for(connection).me()
    assert next_at(connection) < timezone.now() + datetime.timedelta(seconds=3)


@pytest.mark.django_db(transaction=True)
def test_who_disconnects_meanwhile_sends_nothing_more(connection: PipedriveConnection, outside: Sandbox) -> None:
    client_for(connection).me()
    client = client_for(PipedriveConnection.objects.get())
    disconnect(user=connection.user)
    assert not BurstLimit.objects.exists()
    with pytest.raises(GrantDiedError):
        client.me()


class TestHeaders:
    def test_the_plans_own_limit_is_learned(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        outside.order("pipedrive/control/switches", burst_limit=480)
        client_for(connection).me()
        assert BurstLimit.objects.get().requests == 480

    def test_a_search_tells_nothing_of_it(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        pace_of(connection.pk).learn(Operation.SEARCH, {"x-ratelimit-limit": "10", "x-ratelimit-remaining": "0"})
        client_for(connection).search_persons_by_phone("400124387")
        assert BurstLimit.objects.get().requests == 80

    @pytest.mark.parametrize("odd", ["", "0", "1", "-5", "many", "99999999", "²"])
    def test_an_odd_limit_is_none(self, outside: Sandbox, connection: PipedriveConnection, odd: str) -> None:
        pace_of(connection.pk).wait(Operation.ACTIVITY)
        pace_of(connection.pk).learn(Operation.ACTIVITY, {"x-ratelimit-limit": odd})
        assert BurstLimit.objects.get().requests == 80

    def test_a_window_that_is_nearly_spent_passes_first(self, connection: PipedriveConnection) -> None:
        pace = pace_of(connection.pk)
        pace.wait(Operation.ACTIVITY)
        pace.learn(Operation.ACTIVITY, {"x-ratelimit-remaining": "2", "x-ratelimit-reset": "1"})
        assert next_at(connection) < timezone.now() + datetime.timedelta(seconds=0.5)
        pace.learn(Operation.ACTIVITY, {"x-ratelimit-remaining": "1", "x-ratelimit-reset": "1"})
        assert next_at(connection) > timezone.now() + datetime.timedelta(seconds=0.5)
        began = time.monotonic()
        pace.wait(Operation.ACTIVITY)
        assert time.monotonic() - began > 0.5


@pytest.mark.processes
class TestManyWorkers:
    def test_threads_of_one_process_stay_under_the_limit_together(self, workers: Asking) -> None:
        workers.sandbox.order("pipedrive/control/switches", burst_limit=40)
        workers.work("ask", processes=1, threads=1, times=1)
        assert workers.work("ask", processes=1, threads=8, times=80) == {"done": 80}
        assert statuses(workers.sandbox)[429] == 0
        assert 20 <= most_in_a_window(workers.sandbox) <= 40

    def test_processes_stay_under_it_together(self, workers: Asking) -> None:
        """240 requests of twelve threads in three processes, six seconds at this limit."""
        assert workers.work("ask", processes=3, threads=4, times=80) == {"done": 240}
        assert statuses(workers.sandbox)[429] == 0
        assert 50 <= most_in_a_window(workers.sandbox) <= 80

    def test_searches_stay_under_theirs(self, workers: Asking) -> None:
        assert workers.work("search", processes=2, threads=3, times=9) == {"done": 18}
        assert statuses(workers.sandbox)[429] == 0
