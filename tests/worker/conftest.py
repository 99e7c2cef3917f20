"""A migrated database for the workers of all tests of a pytest process, one test after the other."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.portal.databases import migrated_database
from tests.worker.running_worker import SHORT_SILENCE, Database, Worker, running_worker

StartWorker = Callable[..., Worker]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    with migrated_database(tmp_path_factory.mktemp("worker")) as url:
        yield Database(url)


@pytest.fixture
def database(migrated: Database) -> Database:
    """The database with nothing on its queue."""
    migrated.empty()
    return migrated


@pytest.fixture
def start_worker(database: Database, tmp_path: Path) -> Iterator[StartWorker]:
    """Starts a worker and waits for its first sign of life; nothing is left of it after the test."""
    with ExitStack() as stack:

        def start(*, silence: float | None = SHORT_SILENCE) -> Worker:
            worker = stack.enter_context(running_worker(database, tmp_path, silence=silence))
            worker.wait_until_up()
            return worker

        yield start
