"""The queue's server or the database goes away in the middle of the work, and comes back."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.chaos import redis_server
from tests.chaos.cast import ESIMERKKI_OY, Cast, gather
from tests.chaos.plan import make_plan
from tests.chaos.reckoning import reckon, wait_until_all_are_done
from tests.chaos.redis_server import running_redis
from tests.chaos.severed_line import SeveredLine
from tests.chaos.telephone_system import TelephoneSystem
from tests.portal.running_portal import running_portal
from tests.portal.web_browser import Page

pytestmark = pytest.mark.processes

CALLS = 100
COMPANY = ((ESIMERKKI_OY, ("aino", "bo")),)
GONE_AT, BACK_AT = 2.0, 7.0
FROZEN_AT, KILLED_AT, STARTED_AT = 2.0, 13.0, 15.0
LOG_IN_AT = 8.0
SECONDS_TO_LOG = 420.0
SECONDS_A_SENDER_WAITS = 10.0
NEEDS_REDIS_SERVER = pytest.mark.skipif(redis_server.PROGRAM is None, reason="there is no redis-server program here")
POSTGRESQL = urlsplit(os.environ.get("DATABASE_URL", ""))
NEEDS_POSTGRESQL = pytest.mark.skipif(
    not (POSTGRESQL.scheme.startswith("postgres") and POSTGRESQL.hostname),
    reason="DATABASE_URL names no PostgreSQL server that is spoken to over TCP",
)


@contextmanager
def meanwhile(*steps: tuple[float, Callable[[], None]]) -> Iterator[None]:
    """Do things at their seconds into the `with` block."""
    timers = [threading.Timer(seconds, work) for seconds, work in steps]
    for timer in timers:
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.join()


def log_in_meanwhile(cast: Cast) -> Page:
    """Log in with another browser in the middle of it."""
    time.sleep(LOG_IN_AT)
    return cast.portal.browser().log_in(cast.admins[0].email)


@NEEDS_REDIS_SERVER
def test_while_redis_hangs_or_is_dead_calls_are_taken_and_people_log_in_and_nothing_is_lost(tmp_path: Path) -> None:
    with (
        running_redis(tmp_path) as redis,
        running_portal(tmp_path, workers=2, keeps_logs=True, REDIS_URL=redis.url) as portal,
    ):
        cast = gather(portal, companies=COMPANY)
        telephones = TelephoneSystem(cast)
        trouble = meanwhile((FROZEN_AT, redis.freeze), (KILLED_AT, redis.kill), (STARTED_AT, redis.start))
        with trouble, ThreadPoolExecutor(1) as people:
            logged_in = people.submit(log_in_meanwhile, cast)
            told = telephones.tell(make_plan(seed=CALLS, calls=CALLS))
        assert logged_in.result().path == "/integrations/"
        assert set(telephones.answers) <= {200, 202}
        assert telephones.slowest_seconds < SECONDS_A_SENDER_WAITS
        wait_until_all_are_done(cast, seconds=SECONDS_TO_LOG)
        told += telephones.tell(make_plan(seed=1, calls=1))
        wait_until_all_are_done(cast, seconds=SECONDS_TO_LOG)
        assert [worker.poll() for worker in portal.workers] == [None, None], "the workers have lived through it"
        portal.end_workers()
        reckon(cast, told).check()
        telephones.close()


@NEEDS_POSTGRESQL
def test_while_the_database_is_away_senders_are_told_to_come_again(tmp_path: Path) -> None:
    line = SeveredLine(str(POSTGRESQL.hostname), POSTGRESQL.port or 5432)

    def along_the_line(url: str) -> str:
        parts = urlsplit(url)
        user = parts.netloc.rpartition("@")[0]
        return parts._replace(netloc=f"{user}@127.0.0.1:{line.port}".removeprefix("@")).geturl()

    line.mend()
    with running_portal(tmp_path, workers=2, keeps_logs=True, way_to_database=along_the_line) as portal:
        cast = gather(portal, companies=COMPANY)
        telephones = TelephoneSystem(cast)
        with meanwhile((GONE_AT, line.cut), (BACK_AT, line.mend)):
            told = telephones.tell(make_plan(seed=CALLS, calls=CALLS))
        assert set(telephones.answers) == {200, 202, 503}
        wait_until_all_are_done(cast, seconds=SECONDS_TO_LOG)
        told += telephones.tell(make_plan(seed=1, calls=1))
        wait_until_all_are_done(cast, seconds=SECONDS_TO_LOG)
        portal.end_workers()
        reckon(cast, told).check()
        telephones.close()
    line.cut()
