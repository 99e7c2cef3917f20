"""What many requests have spent is written in a few statements, and nothing of it is lost."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import DatabaseError
from django.db import connection as database

from accounts.models import User
from integrations.connections import client_for
from integrations.models import PipedriveAccount, PipedriveConnection, TokenSpending
from integrations.pipedrive.operations import Operation
from integrations.token_budget import Tally
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Connect = Callable[[User], PipedriveConnection]


@pytest.fixture
def connection(bo: User, just_connected: Connect) -> PipedriveConnection:
    return just_connected(bo)


def spent(operation: Operation) -> tuple[int, int]:
    row = TokenSpending.objects.filter(operation=operation).first()
    return (row.requests, row.tokens) if row else (0, 0)


def told(left: int) -> dict[str, str]:
    return {"x-daily-ratelimit-token-remaining": str(left), "x-daily-ratelimit-token-limit": "60000"}


def test_nothing_is_written_before_it_is_flushed_and_all_of_it_then(
    outside: Sandbox, connection: PipedriveConnection
) -> None:
    before = spent(Operation.PROFILE)
    tally = Tally()
    client = client_for(connection, tally=tally)
    for _time in range(3):
        client.me()
    assert spent(Operation.PROFILE) == before
    tally.flush()
    assert spent(Operation.PROFILE) == (before[0] + 3, before[1] + 6)
    assert PipedriveAccount.objects.get().tokens_left == outside.state("companies")["companies"][0]["tokens_left"]
    tally.flush()
    assert spent(Operation.PROFILE) == (before[0] + 3, before[1] + 6)


def test_a_hundred_requests_are_three_statements(
    connection: PipedriveConnection, django_assert_max_num_queries: Callable[..., object]
) -> None:
    warm, tally = Tally(), Tally()
    for each in (warm, tally):
        for operation in (Operation.ACTIVITY, Operation.PERSON) * 50:
            each.spent_by(connection)(operation, 5, told(100))
    warm.flush()
    with django_assert_max_num_queries(3):  # type: ignore[attr-defined]
        tally.flush()
    assert spent(Operation.ACTIVITY) == (100, 500)


def test_threads_lose_nothing(connection: PipedriveConnection) -> None:
    tally = Tally()
    count = tally.spent_by(connection)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _number: count(Operation.ACTIVITY, 5, told(7)), range(2_000)))
    tally.flush()
    assert spent(Operation.ACTIVITY) == (2_000, 10_000)


@pytest.mark.django_db(transaction=True)
def test_what_the_database_does_not_take_is_kept_for_the_next_time(connection: PipedriveConnection) -> None:
    tally = Tally()
    tally.spent_by(connection)(Operation.ACTIVITY, 5, {})
    tally.spent_by(connection)(Operation.PERSON, 1, {})

    def refuse(*_arguments: object) -> None:
        raise DatabaseError

    with database.execute_wrapper(refuse), pytest.raises(DatabaseError):
        tally.flush()
    tally.spent_by(connection)(Operation.ACTIVITY, 5, {})
    tally.flush()
    assert (spent(Operation.ACTIVITY), spent(Operation.PERSON)) == ((2, 10), (1, 1))
