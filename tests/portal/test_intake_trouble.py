"""A database that is locked, full, down or silent, and a Redis that is: never 2xx for what is not stored."""

import os
import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import psycopg
import pytest

from calls.intake import DATABASE_SECONDS
from integrations.deadline import LOOK_EVERY_SECONDS
from tests.calls.events import Json
from tests.portal.databases import fresh_broker, migrated_database, migrated_file
from tests.portal.intake_alone import SECONDS_A_SENDER_WAITS, Intake, new_event, running_intake
from tests.portal.proxy import Proxy
from tests.sandbox.running_sandbox import wait_until

pytestmark = pytest.mark.processes

DATABASE = urlsplit(os.environ.get("DATABASE_URL", ""))
needs_postgresql = pytest.mark.skipif(
    not DATABASE.scheme.startswith("postgres"), reason="DATABASE_URL names no PostgreSQL"
)
ASKERS = 8
needs_redis = pytest.mark.skipif(not os.environ.get("REDIS_URL"), reason="REDIS_URL names no Redis")


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Intake, Path]]:
    """The web process on a SQLite file."""
    url = migrated_file(tmp_path_factory.mktemp("intake"))
    with running_intake(url) as intake:
        yield intake, Path(url.removeprefix("sqlite:///"))


@pytest.fixture(scope="module")
def on_postgresql(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Intake, Proxy, str]]:
    """The web process on a PostgreSQL to which a proxy leads, and the database's own URL."""
    with (
        migrated_database(tmp_path_factory.mktemp("intake")) as url,
        Proxy(*address_of(urlsplit(url))) as proxy,
        running_intake(url, seen_as=through(proxy, url)) as intake,
    ):
        yield intake, proxy, url


def address_of(url: SplitResult, *, default_port: int = 5432) -> tuple[str, int]:
    return url.hostname or "127.0.0.1", url.port or default_port


def through(proxy: Proxy, url: str) -> str:
    """The same URL by way of the proxy."""
    parts = urlsplit(url)
    people = parts.netloc.rpartition("@")[0]
    return parts._replace(netloc=f"{people}{'@' if people else ''}127.0.0.1:{proxy.port}").geturl()


def is_refused_for_now(intake: Intake, event: Json) -> bool:
    answer = intake.send(event)
    return answer.status_code == 503 and answer.headers["Retry-After"].isdigit()


def is_taken_once(intake: Intake, event: Json, before: Json) -> bool:
    """Whether nothing has been stored since, and the delivery is accepted now and known when it comes again."""
    assert intake.stored() == before
    assert [intake.send(event).status_code for _time in range(2)] == [202, 200]
    return intake.stored() == {"calls": before["calls"] + 1, "deliveries": before["deliveries"] + 2}


def test_a_locked_sqlite_file_is_503(on_sqlite: tuple[Intake, Path]) -> None:
    intake, file = on_sqlite
    event, before = new_event(), intake.stored()
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        assert is_refused_for_now(intake, event)
        assert intake.is_alive()
        other.execute("ROLLBACK")
    assert is_taken_once(intake, event, before)


@contextmanager
def no_room(intake: Intake) -> Iterator[None]:
    """Let no file of the web process's grow any more, as on a full disk."""
    children = Path(f"/proc/{intake.process.pid}/task/{intake.process.pid}/children").read_text().split()
    before = {int(pid): resource.prlimit(int(pid), resource.RLIMIT_FSIZE) for pid in children}
    for pid, (_soft, hard) in before.items():
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        for pid, limits in before.items():
            resource.prlimit(pid, resource.RLIMIT_FSIZE, limits)


@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="only Linux limits another process")
def test_a_full_disk_is_503(on_sqlite: tuple[Intake, Path]) -> None:
    intake, _file = on_sqlite
    event, before = new_event(), intake.stored()
    with no_room(intake):
        assert is_refused_for_now(intake, event)
        assert intake.is_alive()
    assert is_taken_once(intake, event, before)


@needs_postgresql
def test_a_postgresql_that_refuses_connections_is_503(on_postgresql: tuple[Intake, Proxy, str]) -> None:
    intake, proxy, _url = on_postgresql
    event, before = new_event(), intake.stored()
    proxy.cut()
    assert is_refused_for_now(intake, event)
    assert intake.is_alive()
    proxy.mend()
    assert is_taken_once(intake, event, before)


@needs_postgresql
def test_a_postgresql_that_falls_silent_is_503(on_postgresql: tuple[Intake, Proxy, str]) -> None:
    """First on a connection that is open, then on one that never comes about."""
    intake, proxy, _url = on_postgresql
    assert intake.send(new_event()).status_code == 202
    event, before = new_event(), intake.stored()
    proxy.fall_silent()
    for _connection in ("open", "new"):
        assert is_refused_for_now(intake, event)
        assert intake.is_alive()
    proxy.mend()
    assert is_taken_once(intake, event, before)


@needs_postgresql
def test_people_and_load_balancers_who_ask_a_silent_postgresql_keep_no_call_event_waiting(
    on_postgresql: tuple[Intake, Proxy, str],
) -> None:
    """They are as many as the web process has threads."""
    intake, proxy, _url = on_postgresql
    event, before = new_event(), intake.stored()
    looks = ["/health/ready", "/calls/"] * (ASKERS // 2)
    with ThreadPoolExecutor(ASKERS) as askers:
        assert set(askers.map(intake.look_at, looks * 4)) == {302, 503}, "there is no worker; nobody is logged in"
        proxy.fall_silent()
        answers = list(askers.map(intake.look_at, looks))
    assert set(answers[::2]) == {503}
    assert set(answers[1::2]) == {500}
    assert is_refused_for_now(intake, event)
    proxy.mend()
    assert is_taken_once(intake, event, before)


@needs_postgresql
def test_a_body_that_comes_slowly_is_no_fault_of_the_database(on_postgresql: tuple[Intake, Proxy, str]) -> None:
    intake, _proxy, _url = on_postgresql
    event, before = new_event(), intake.stored()

    def slowly(body: bytes) -> Iterator[bytes]:
        yield body[:10]
        time.sleep(DATABASE_SECONDS + 2 * LOOK_EVERY_SECONDS)
        yield body[10:]

    assert intake.send(event, slowly).status_code == 202
    assert intake.send(event).status_code == 200
    assert intake.stored() == {"calls": before["calls"] + 1, "deliveries": before["deliveries"] + 2}


@needs_postgresql
def test_a_locked_table_is_503(on_postgresql: tuple[Intake, Proxy, str]) -> None:
    intake, _proxy, url = on_postgresql
    event, before = new_event(), intake.stored()
    with psycopg.connect(urlsplit(url)._replace(scheme="postgresql").geturl()) as other:
        other.execute("LOCK TABLE calls_call IN ACCESS EXCLUSIVE MODE")
        assert is_refused_for_now(intake, event)
        assert intake.is_alive()
        other.rollback()
    assert is_taken_once(intake, event, before)


def waiting_for_locks(url: str) -> int:
    """How many of a database's connections wait for a lock."""
    with psycopg.connect(url) as onlooker:
        waits = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
        row = onlooker.execute(waits).fetchone()
    return int(row[0]) if row else 0


@needs_postgresql
def test_who_has_waited_for_another_delivery_has_the_whole_time_for_its_own(
    on_postgresql: tuple[Intake, Proxy, str],
) -> None:
    """Each is kept from the table for more than half of the time: PostgreSQL serves who waits for a lock in turn."""
    intake, _proxy, url = on_postgresql
    database, seconds = urlsplit(url)._replace(scheme="postgresql").geturl(), DATABASE_SECONDS * 0.6
    lock = "LOCK TABLE calls_call IN ACCESS EXCLUSIVE MODE"
    with psycopg.connect(database) as first, psycopg.connect(database) as second, ThreadPoolExecutor(3) as threads:
        first.execute(lock)
        one = threads.submit(intake.send, new_event())
        wait_until(lambda: waiting_for_locks(database) == 1, SECONDS_A_SENDER_WAITS)
        locked_again = threads.submit(second.execute, lock)
        wait_until(lambda: waiting_for_locks(database) == 2, SECONDS_A_SENDER_WAITS)
        other = threads.submit(intake.send, new_event())
        time.sleep(seconds)
        first.rollback()
        locked_again.result()
        time.sleep(seconds)
        second.rollback()
        assert [one.result().status_code, other.result().status_code] == [202, 202]


@needs_redis
@pytest.mark.parametrize("trouble", [Proxy.cut, Proxy.fall_silent], ids=["refusing", "silent"])
def test_without_redis_calls_are_accepted_and_it_is_not_asked_for_each(
    trouble: Callable[[Proxy], None], tmp_path: Path
) -> None:
    with (
        fresh_broker() as url,
        migrated_database(tmp_path) as database,
        Proxy(*address_of(urlsplit(url), default_port=6379)) as proxy,
        running_intake(database, redis_url=through(proxy, url)) as intake,
    ):
        assert intake.send(new_event()).status_code == 202
        asked = proxy.accepted
        trouble(proxy)
        assert [intake.send(new_event()).status_code for _time in range(10)] == [202] * 10
        assert proxy.accepted <= asked + 1
        proxy.mend()
        assert intake.stored()["calls"] == 11
