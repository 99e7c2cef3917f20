"""Benchmark `desk`: whether support's desk and every list of the admin answer at a thousand companies."""

import statistics
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

from bench.customer import inside
from bench.history import portal_without_processes
from bench.measures import AtMost, Measure
from bench.postgresql import answers, empty_database
from sandbox.demo.processes import Processes
from sandbox.demo.report import say

CALLS = 1_000_000
MILLISECONDS_AT_MOST, QUERIES_AT_MOST = 300.0, 19
NAMES = {"desk": "the desk", "list": "list of the admin", "company": "a company's page", "search": "search"}


def run(folder: Path) -> list[Measure]:
    """Fill a database of SQLite, and one of PostgreSQL where it answers, and ask both the same."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("desk.sqlite3*"):
        old.unlink()
    file = quote(str(folder / "desk.sqlite3"))
    with portal_without_processes(folder) as processes:
        measures = _on(processes, "SQLite", f"sqlite:///{file}")
        if not answers():
            say("No PostgreSQL answers on 127.0.0.1:5432: only SQLite is measured.")
            return measures
        with ExitStack() as stack:
            return [*measures, *_on(processes, "PostgreSQL", stack.enter_context(empty_database("bench_desk")))]


def _on(processes: Processes, database: str, url: str) -> list[Measure]:
    processes.manage("migrate", "--verbosity", "0", DATABASE_URL=url)
    say(f"Filling a database of {database} with {CALLS:,} calls ...")
    inside(processes, "bench.fill_desk", "fill_desk", {"DATABASE_URL": url}, calls=CALLS)
    say("Asking ...")
    asked = inside(processes, "bench.desk_questions", "ask_desk", {"DATABASE_URL": url})
    return [measure for kind, name in NAMES.items() for measure in _worst(f"{database}: {name}", asked[kind])]


def _worst(what: str, pages: dict[str, list[float]]) -> list[Measure]:
    """Of the pages of one kind the slowest, by the 95th percentile, and the one with most queries."""
    slow = {address: statistics.quantiles(numbers[:-1], n=20)[-1] for address, numbers in pages.items()}
    slowest = max(slow, key=lambda address: slow[address])
    dearest = max(pages, key=lambda address: pages[address][-1])
    return [
        Measure(
            what=f"{what}, 95th percentile ({slowest})",
            value=slow[slowest],
            unit="ms",
            against=AtMost(MILLISECONDS_AT_MOST),
        ),
        Measure(what=f"{what}, queries ({dearest})", value=pages[dearest][-1], against=AtMost(QUERIES_AT_MOST)),
    ]
