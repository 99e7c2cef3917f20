"""One running portal for all tests of a pytest process, whichever folder asks for it first."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.portal.running_portal import Portal, running_portal

RUNNING: pytest.StashKey[Portal] = pytest.StashKey()


@pytest.fixture(scope="session")
def portal(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Portal:
    """The portal's own processes on a fresh database, beside the sandbox."""
    if RUNNING not in pytestconfig.stash:
        stack = ExitStack()
        pytestconfig.add_cleanup(stack.close)
        pytestconfig.stash[RUNNING] = stack.enter_context(running_portal(tmp_path_factory.mktemp("portal")))
    return pytestconfig.stash[RUNNING]


@pytest.fixture
def calm(portal: Portal) -> Iterator[Portal]:
    """The portal, and a Pipedrive that works as it should again afterwards."""
    yield portal
    portal.sandbox.order("pipedrive/control/faults", "DELETE")
    portal.sandbox.order(
        "pipedrive/control/switches", access_token_seconds=3599, delay_ms=0, burst_limit=80, search_burst_limit=10
    )
