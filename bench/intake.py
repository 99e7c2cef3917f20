"""Benchmark `intake`: webhooks a second, beside a bare view that inserts one row, by turns in the same run; and how
long an answer takes at half of that, beside a working worker.
"""

import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from bench.customer import customer, environment, inside
from bench.intake_requests import signed_calls
from bench.load import Outcome, load, whole_request
from bench.measures import AtLeast, AtMost, Beside, Measure
from bench.postgresql import answers, empty_database
from sandbox.demo.browser import is_well
from sandbox.demo.people import AINO
from sandbox.demo.processes import DemoError, Processes
from sandbox.demo.report import say
from sandbox.demo.stage import LOOPBACK, Stage, free_port

RATIO_AT_LEAST = 0.6
MILLISECONDS_AT_MOST = 100.0
ROUNDS = 5
REQUESTS = 2_000
WARM_UP = 200
CONNECTIONS = 16
SECONDS_AT_HALF = 20.0
START_SECONDS = 30.0
REPS = [f"rep{number}@kuorma.example" for number in range(20)]
ACCOUNT = "bench.intake_account"
GUNICORN = ("--workers=2", "--graceful-timeout=5", "--no-control-socket")


@dataclass(frozen=True)
class Taken:
    """What a load was answered, and how many calls the database had more afterwards."""

    outcome: Outcome
    stored: int

    @property
    def lost(self) -> int:
        """Accepted and not stored."""
        return self.outcome.statuses.get(202, 0) - self.stored

    @property
    def refused(self) -> int:
        """Answered with anything but 202."""
        return len(self.outcome.latencies) - self.outcome.statuses.get(202, 0)


def run(folder: Path) -> list[Measure]:
    """Measure on SQLite, and on PostgreSQL where it answers."""
    measures = _on(folder / "sqlite", "SQLite", lambda: nullcontext(""))
    if not answers():
        say("No PostgreSQL answers on 127.0.0.1:5432: only SQLite is measured.")
        return measures
    return [*measures, *_on(folder / "postgresql", "PostgreSQL", lambda: empty_database("bench_intake"))]


def _on(folder: Path, name: str, database: Callable[[], AbstractContextManager[str]]) -> list[Measure]:
    with database() as url:
        rounds, lost, refused = _by_turns(folder / "alone", url)
    ours, bare = (statistics.median(rounds[each]) for each in ("portal", "bare"))
    with database() as url:
        half = _at_half(folder / "beside-worker", url, rate=ours / 2)
    return [
        Measure(what=f"webhooks a second, {name}", value=ours, unit="/s", against=Beside(bare, "bare view")),
        Measure(what="  of the bare view's", value=ours / bare, digits=2, against=AtLeast(RATIO_AT_LEAST)),
        Measure(
            what=f"p99 at {ours / 2:.0f}/s beside a worker",
            value=1e3 * half.outcome.percentile(99),
            unit="ms",
            against=AtMost(MILLISECONDS_AT_MOST),
        ),
        Measure(what="  p50", value=1e3 * half.outcome.percentile(50), unit="ms"),
        Measure(what="accepted and not stored", value=lost + half.lost, against=AtMost(0)),
        Measure(what="not accepted", value=refused + half.refused, against=AtMost(0)),
    ]


def _by_turns(folder: Path, database_url: str) -> tuple[dict[str, list[float]], int, int]:
    """The requests a second of each round, by server, the calls that were lost, and those refused. No worker runs."""
    with _two_servers(folder, database_url) as (processes, ports):
        account = inside(processes, ACCOUNT, "open_account")
        for port in ports.values():
            load(port, _requests(port, ports, account, WARM_UP), connections=CONNECTIONS)
        rounds: dict[str, list[float]] = {name: [] for name in ports}
        lost = refused = 0
        for number in range(ROUNDS):
            for name, port in ports.items():
                before = inside(processes, ACCOUNT, "stored")["calls"]
                outcome = load(port, _requests(port, ports, account, REQUESTS), connections=CONNECTIONS)
                rounds[name].append(outcome.rate)
                if name == "portal":
                    taken = Taken(outcome, inside(processes, ACCOUNT, "stored")["calls"] - before)
                    lost, refused = lost + taken.lost, refused + taken.refused
            say(f"  round {number + 1}: " + ", ".join(f"{name} {rounds[name][-1]:.0f}/s" for name in rounds))
        return rounds, lost, refused


def _at_half(folder: Path, database_url: str, *, rate: float) -> Taken:
    """The portal at a customer's who has connected everything, with calls coming at an even pace."""
    with customer(folder, database_url=database_url) as running:
        running.settle_in(AINO)
        running.processes.wait_until(lambda: bool(running.inside(ACCOUNT, "is_swept")), seconds=START_SECONDS)
        account = running.inside(ACCOUNT, "account")
        before = running.inside(ACCOUNT, "stored")["calls"]
        port = running.stage.web_port
        load(port, signed_calls(WARM_UP, reps=[AINO.email], **account), connections=CONNECTIONS)
        requests = signed_calls(int(rate * SECONDS_AT_HALF), reps=[AINO.email], **account)
        outcome = load(port, requests, connections=CONNECTIONS, rate=rate)
        stored = running.inside(ACCOUNT, "stored")["calls"] - before - WARM_UP
        return Taken(outcome, stored)


@contextmanager
def _two_servers(folder: Path, database_url: str) -> Iterator[tuple[Processes, dict[str, int]]]:
    """The bare view and the portal under gunicorn, on one database."""
    stage = Stage(free_port(), free_port(), folder.resolve())
    stage.forget_last_time()
    stage.prepare()
    ports = {"bare": stage.sandbox_port, "portal": stage.web_port}
    with Processes(environment(stage, database_url), stage.log_folder) as processes:
        processes.manage("migrate", "--verbosity", "0")
        inside(processes, "bench.bare", "make_table")
        for name, application in (("bare", "bench.bare"), ("portal", "connector_portal.wsgi")):
            bind = f"--bind={LOOPBACK}:{ports[name]}"
            processes.start(name, [sys.executable, "-m", "gunicorn", application, bind, *GUNICORN])
        alive = f"{stage.web_url}/health/live"
        if not processes.wait_until(lambda: is_well(alive), seconds=START_SECONDS):
            raise DemoError(f"gunicorn was not ready within {START_SECONDS:.0f} s; see {stage.log_folder}")
        yield processes, ports


def _requests(port: int, ports: dict[str, int], account: dict[str, str], count: int) -> list[bytes]:
    """Signed calls; for the bare view the same bodies."""
    calls = signed_calls(count, reps=REPS, **account)
    if port == ports["portal"]:
        return calls
    return [whole_request(path="/", headers=[], body=each.partition(b"\r\n\r\n")[2]) for each in calls]
