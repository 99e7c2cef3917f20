"""Which of pytest's processes runs which test, where several do (`-n`)."""

import os
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

STARTING_MANY_PROCESSES = ("tests/chaos/", "tests/worker/")


class OneAfterTheOther(LoadScopeScheduling):  # type: ignore[misc]
    """Tests that start several workers follow one another; all others go wherever there is room."""

    def _split_scope(self, nodeid: str) -> str:
        return "many processes" if nodeid.startswith(STARTING_MANY_PROCESSES) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling | None:
    """On PostgreSQL several at once would take more connections than the server allows, which are a hundred."""
    if config.getoption("dist") == "no" or not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        return None
    return OneAfterTheOther(config, log)
