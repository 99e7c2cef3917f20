"""A whole day's upkeep is computed from the product's own intervals, and never too low."""

from bench.upkeep import upkeep_of_a_day
from integrations.token_budget import SWEEP_SHARE, UPKEEP_SHARE


def test_where_webhooks_arrive_a_poll_an_hour_is_counted() -> None:
    assert upkeep_of_a_day(persons=5_000, daily_tokens=60_000)["polls"] == 24 * 10


def test_a_sweep_counts_each_page_and_the_fields_by_the_days_between_two() -> None:
    assert upkeep_of_a_day(persons=5_250, daily_tokens=60_000)["sweeps"] == 11 * 10 + 10
    seldom = upkeep_of_a_day(persons=100_000, daily_tokens=60_000)["sweeps"]
    assert 0 < seldom <= 60_000 * SWEEP_SHARE + 10


def test_the_daily_readings_are_counted_once() -> None:
    upkeep = upkeep_of_a_day(persons=5_000, daily_tokens=60_000)
    assert (upkeep["webhooks"], upkeep["users"], upkeep["types"]) == (10, 20, 20)


def test_it_fits_into_the_share_that_the_budget_allows() -> None:
    upkeep = upkeep_of_a_day(persons=100_000, daily_tokens=30_000)
    assert sum(upkeep.values()) - upkeep["sweeps"] <= 30_000 * UPKEEP_SHARE
