"""How large a storm is, and from which seed."""

import logging
import os
import random

import pytest

from tests.chaos.plan import Plan, make_plan
from tests.portal import process_tree

IN_TESTS = 160

logger = logging.getLogger(__name__)


@pytest.fixture
def plan(everything_is_told: None) -> Plan:
    """CHAOS_CALLS calls from CHAOS_SEED; the seed is told when the test fails."""
    seed = int(os.environ.get("CHAOS_SEED", "") or random.randrange(1_000_000))  # noqa: S311 - lots, not a secret
    logger.info("to play this again: CHAOS_SEED=%s", seed)
    return make_plan(seed=seed, calls=int(os.environ.get("CHAOS_CALLS", "") or IN_TESTS))


@pytest.fixture(autouse=True)
def everything_is_told(caplog: pytest.LogCaptureFixture) -> None:
    """When a test fails, what was done to the portal stands beside it."""
    caplog.set_level(logging.INFO, logger="tests.chaos")


@pytest.fixture(autouse=True)
def proc() -> None:
    if not process_tree.IS_READABLE:
        pytest.skip("no /proc: a worker's processes cannot be found here")
