"""Benchmark `history`: whether anything that people and each call wait for gets slower with a million calls."""

import base64
import os
import secrets
import statistics
from collections import defaultdict
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.customer import inside
from bench.measures import AtMost, Beside, Measure
from bench.postgresql import answers, empty_database
from sandbox.demo.processes import Processes
from sandbox.demo.report import say

SIZES = SMALL, MIDDLE, LARGE = 10_000, 100_000, 1_000_000
TURNS = 3
FLAT = 2.0
"""At a million calls at most so many times what it takes at ten thousand."""
LEAST_MILLISECONDS = 5.0
"""What takes no longer than this at a million calls counts as flat: at ten thousand it may be a tenth of it."""
PAGE_AT_MOST = 100.0
PAGES = ("history of ", "API of ")
GROWING = ("let calls of one company go on", "let all calls go on", "statistics of admin", "statistics of rep")
"""These look at each call that waits, or of eight weeks, and of these there are a hundred times as many."""
GROWN_AT_MOST = 1_000.0

Times = dict[str, list[float]]
"""Milliseconds by question."""


@dataclass(frozen=True)
class Filled:
    """A database and how many calls are in it."""

    calls: int
    url: str


def run(folder: Path) -> list[Measure]:
    """Fill three databases and ask each the same, on SQLite and, where it answers, on PostgreSQL."""
    folder = folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    with portal_without_processes(folder) as processes:
        measures = _on(processes, "SQLite", {calls: _file(folder, calls) for calls in SIZES})
        if not answers():
            say("No PostgreSQL answers on 127.0.0.1:5432: only SQLite is measured.")
            return measures
        with ExitStack() as stack:
            urls = {calls: stack.enter_context(empty_database(f"bench_history_{calls}")) for calls in SIZES}
            return [*measures, *_on(processes, "PostgreSQL", urls)]


def _file(folder: Path, calls: int) -> str:
    for file in folder.glob(f"calls-{calls}.sqlite3*"):
        file.unlink()
    return f"sqlite:///{quote(str(folder / f'calls-{calls}.sqlite3'))}"


def _on(processes: Processes, database: str, urls: Mapping[int, str]) -> list[Measure]:
    filled = [_filled(processes, database, Filled(calls, url)) for calls, url in urls.items()]
    asked = _ask(processes, filled)
    return [*_of_pages(database, asked[LARGE]), *_of_questions(asked)]


def _filled(processes: Processes, database: str, empty: Filled) -> Filled:
    processes.manage("migrate", "--verbosity", "0", DATABASE_URL=empty.url)
    say(f"Filling a database of {database} with {empty.calls:,} calls ...")
    inside(processes, "bench.fill", "fill", {"DATABASE_URL": empty.url}, calls=empty.calls)
    return empty


def _ask(processes: Processes, filled: list[Filled]) -> dict[int, list[Times]]:
    """By turns, so that each database gets its share of whatever else the machine does."""
    turns = defaultdict[int, list[Times]](list)
    for turn in range(TURNS):
        say(f"Asking, turn {turn + 1} of {TURNS} ...")
        for each in filled:
            database = {"DATABASE_URL": each.url}
            answers = inside(processes, "bench.questions", "ask_all", database, calls=each.calls, turn=turn)
            turns[each.calls].append(answers)
    return turns


def _fastest(name: str, turns: list[Times]) -> float:
    """The median of a question in its fastest turn, since whatever else the machine does only adds to it."""
    return min(statistics.median(each[name]) for each in turns)


def _of_pages(database: str, turns: list[Times]) -> list[Measure]:
    """The slowest of the pages at the largest size, by the 95th percentile of all turns: of one turn it would be the
    slowest answer of twenty.
    """
    pages = {name: [taken for turn in turns for taken in turn[name]] for name in turns[0] if name.startswith(PAGES)}
    slowest = {name: statistics.quantiles(taken, n=20)[-1] for name, taken in pages.items()}
    name = max(slowest, key=lambda each: slowest[each])
    what = f"{database}: slowest page at {LARGE:,} calls, 95th percentile ({name})"
    return [Measure(what=what, value=slowest[name], unit="ms", digits=1, against=AtMost(PAGE_AT_MOST))]


def _of_questions(asked: dict[int, list[Times]]) -> list[Measure]:
    measures = []
    for name in asked[LARGE][0]:
        small, middle, large = (_fastest(name, asked[calls]) for calls in (SMALL, MIDDLE, LARGE))
        flat = AtMost(max(FLAT * small, LEAST_MILLISECONDS), f"{small:.2f} ms at {SMALL:,}, at most")
        limit = AtMost(GROWN_AT_MOST, f"{small:.2f} ms at {SMALL:,}, at most") if name in GROWING else flat
        measures += [
            Measure(what=name, value=large, unit="ms", digits=2, against=limit),
            Measure(what="  the same", value=large, unit="ms", digits=2, against=Beside(middle, f"at {MIDDLE:,}")),
        ]
    return measures


def portal_without_processes(folder: Path) -> Processes:
    """No process of the portal's runs, and nothing is sent anywhere: what is asked runs in its Django."""
    environment = {
        "DJANGO_SETTINGS_MODULE": "connector_portal.settings",
        "SECRET_KEY": secrets.token_urlsafe(48),
        "FIELD_ENCRYPTION_KEYS": base64.urlsafe_b64encode(os.urandom(32)).decode(),
        "DEBUG": "false",
        "SITE_URL": "http://localhost",
        "ALLOWED_HOSTS": "localhost",
        "REDIS_URL": "",
        "LOG_LEVEL": "WARNING",
        "LOG_FORMAT": "console",
    }
    return Processes(environment, folder / "log")
