"""What the tokens went to, and when the upkeep has to stop."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from integrations.connections import client_for
from integrations.errors import IntegrationError
from integrations.models import PipedriveAccount, PipedriveConnection, TokenSpending
from integrations.pipedrive.operations import TOKENS, Operation
from integrations.token_budget import Budget, budget_of, forget_old_spending, spent_by, spent_today
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Connect = Callable[[User], PipedriveConnection]
MORNING = datetime.datetime(2026, 3, 1, 0, 0, 1, tzinfo=datetime.UTC)
EVENING = datetime.datetime(2026, 3, 1, 23, 59, 59, tzinfo=datetime.UTC)


def budget(**changes: Any) -> Budget:
    return Budget(**{"limit": 30_000, "left": 30_000, "upkeep": 0, **changes})


class TestCounting:
    def test_what_is_counted_is_what_pipedrive_counts(self, outside: Sandbox, connected: Connect, bo: User) -> None:
        before = outside.state("spent_tokens")["spent_tokens"]
        connection = connected(bo)
        client = client_for(connection)
        client.search_persons_by_phone("400124387")
        client.person(outside.person("Eero")["id"])
        counted = sum(row.tokens for row in TokenSpending.objects.all())
        assert counted == outside.state("spent_tokens")["spent_tokens"] - before

    def test_each_operation_has_its_line_of_the_day(self, outside: Sandbox, connected: Connect, bo: User) -> None:
        client = client_for(connected(bo))
        for _time in range(3):
            client.search_persons_by_phone("400124387")
        rows = {row.operation: (row.requests, row.tokens) for row in TokenSpending.objects.all()}
        assert rows["search"] == (3, 60)
        assert rows["sweep"] == (1, 10)
        assert [row.tokens for row in spent_today(PipedriveAccount.objects.get())] == sorted(
            (tokens for _requests, tokens in rows.values() if tokens), reverse=True
        )

    def test_a_refused_request_is_counted_without_tokens(self, outside: Sandbox, connected: Connect, bo: User) -> None:
        client = client_for(connected(bo))
        outside.order("pipedrive/control/faults", path="persons/search", status=429)
        with pytest.raises(IntegrationError):
            client.search_persons_by_phone("400124387")
        row = TokenSpending.objects.get(operation="search")
        assert (row.requests, row.tokens) == (1, 0)

    def test_pipedrives_own_word_is_kept_where_it_gives_one(
        self, outside: Sandbox, connected: Connect, bo: User
    ) -> None:
        connected(bo)
        account = PipedriveAccount.objects.get()
        assert (account.daily_tokens, account.tokens_left) == (
            60_000,
            60_000 - outside.state("spent_tokens")["spent_tokens"],
        )
        assert budget_of(account).left == account.tokens_left

    @pytest.mark.parametrize("odd", ["", "many", "-5", "99999999999999999999"])
    def test_an_odd_word_is_none(self, connected: Connect, bo: User, outside: Sandbox, odd: str) -> None:
        connection = connected(bo)
        before = PipedriveAccount.objects.get().tokens_left
        spent_by(connection)(Operation.PERSON, 1, {"x-daily-ratelimit-token-remaining": odd})
        assert PipedriveAccount.objects.get().tokens_left == before

    def test_yesterdays_word_does_not_hold_today(self, connected: Connect, bo: User, outside: Sandbox) -> None:
        connected(bo)
        yesterday = timezone.now() - datetime.timedelta(days=1)
        PipedriveAccount.objects.update(tokens_left=0, tokens_left_at=yesterday, daily_tokens=None)
        budget = budget_of(PipedriveAccount.objects.get())
        assert budget.limit == 30_000
        assert 29_000 < budget.left < 30_000

    def test_old_figures_are_dropped(self, connected: Connect, bo: User, outside: Sandbox) -> None:
        connected(bo)
        TokenSpending.objects.update(day=datetime.date(2026, 1, 1))
        forget_old_spending()
        assert not TokenSpending.objects.exists()


class TestUpkeep:
    def test_a_days_upkeep_stays_under_two_percent(self) -> None:
        spent = 0
        while budget(upkeep=spent).allows_upkeep(10, now=EVENING):
            spent += 10
        sweeps = 10 * 10 / budget().days_between_sweeps(5_000)
        assert 400 < spent + sweeps < 0.02 * 30_000

    def test_it_is_not_spent_in_the_morning(self) -> None:
        assert budget(upkeep=80).allows_upkeep(10, now=MORNING)
        assert not budget(upkeep=100).allows_upkeep(10, now=MORNING)
        assert budget(upkeep=400).allows_upkeep(10, now=EVENING)

    @pytest.mark.parametrize(
        ("limit", "upkeep", "seconds"),
        [(30_000, 0, 3600), (120_000, 0, 960), (600_000, 0, 192), (6_000_000, 0, 60), (600_000, 9_000, 3600)],
    )
    def test_polls_come_as_often_as_the_tokens_allow(self, limit: int, upkeep: int, seconds: int) -> None:
        midnight = MORNING - datetime.timedelta(seconds=1)
        assert budget(limit=limit, upkeep=upkeep).seconds_between_polls(now=midnight) == seconds

    def test_it_stops_while_a_tenth_is_left_for_the_calls(self) -> None:
        assert budget(left=3_000).allows_upkeep(10, now=EVENING)
        assert not budget(left=2_999).allows_upkeep(10, now=EVENING)
        assert budget(left=2_999).is_short

    @pytest.mark.parametrize(("persons", "days"), [(0, 1), (500, 1), (7_500, 1), (8_000, 2), (100_000, 14)])
    def test_large_companies_are_swept_less_often(self, persons: int, days: int) -> None:
        assert budget().days_between_sweeps(persons) == days


def test_every_operation_has_a_price_and_a_name() -> None:
    assert set(TOKENS) == set(Operation)
    named = {choice for choice, _name in TokenSpending._meta.get_field("operation").flatchoices}
    assert named == {operation.value for operation in Operation}
