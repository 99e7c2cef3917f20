"""Worker processes that ask at the same time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integrations.asking_processes import Asking, asking
from tests.sandbox.running_sandbox import Sandbox


@pytest.fixture
def workers(outside: Sandbox, tmp_path: Path) -> Iterator[Asking]:
    """A person connected to Pipedrive in a database that several processes share."""
    with asking(tmp_path, outside) as group:
        yield group
