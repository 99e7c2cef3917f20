"""Benchmark `sweep`: reading all persons of a Pipedrive account for the first time, and finding a number then."""

import datetime
import re
import time
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from bench.customer import Customer, customer, errors_in_logs
from bench.measures import AtLeast, AtMost, Beside, Measure
from bench.memory import group_under, peak_beside_leader
from bench.stand_in import PlainPipedrive
from sandbox.demo.people import AINO
from sandbox.demo.report import say

SMALL, MIDDLE, LARGE = 1_000, 10_000, 100_000
SAMPLE = 1_000
TURNS = 3
SWEEP_SECONDS = 600.0
OWN_SECONDS_AT_MOST = 180.0
FILE_MEGABYTES_AT_MOST = 150.0
MEMORY_RATIO_AT_MOST = 1.25
"""Flat: ten times the persons, and no more memory than that beside the noise of the allocator."""
LOOKUP_RATIO_AT_MOST = 2.0
NUMBERS = """
    SELECT e164, person_id FROM integrations_contactnumber AS number
    JOIN integrations_contact AS contact ON contact.id = number.contact_id
"""
MEGABYTE = 1_000_000
NEXT_CURSOR = re.compile(rb'"next_cursor": ?"([^"]+)"')


@dataclass(frozen=True, kw_only=True)
class Swept:
    """A first sweep.

    Attributes:
        seconds: from its first page to the index being ready.
        stand_in_seconds: of these, what the stand-in alone takes for the same pages.
        before, peak: the most memory that a process of the worker has had, in MB, before the sweep and after it.
        file: of the database, in MB.
        indexed: persons in the index.
        exact: of a sample's numbers, those that the index has with their person and nobody else, in percent.
    """

    persons: int
    seconds: float
    stand_in_seconds: float
    before: float
    peak: float
    file: float
    indexed: int
    exact: float
    troubles: list[str]

    @property
    def own_seconds(self) -> float:
        return self.seconds - self.stand_in_seconds


def run(folder: Path) -> list[Measure]:
    """Sweep three companies, each by a portal of its own."""
    with customer(folder / str(SMALL)) as running:
        small, small_database = _swept(running, SMALL), running.stage.database_url
    with customer(folder / str(MIDDLE)) as running:
        middle = _swept(running, MIDDLE)
    with customer(folder / str(LARGE)) as running:
        large = _swept(running, LARGE)
        lookup, small_lookup = _lookups(running, beside=small_database)
    return [
        *_of_time(middle, large),
        *_of_space(middle, large),
        *_of_lookups(lookup, small_lookup),
        Measure(what="persons in the index", value=large.indexed, against=AtLeast(large.persons)),
        Measure(what="numbers with their person alone", value=large.exact, unit="%", digits=1, against=AtLeast(100)),
        errors_in_logs([line for each in (small, middle, large) for line in each.troubles]),
    ]


def _of_time(middle: Swept, large: Swept) -> list[Measure]:
    alone = Beside(large.stand_in_seconds, "the stand-in alone")
    at_middle = Beside(middle.persons / middle.own_seconds, f"at {middle.persons:,}")
    limit = AtMost(OWN_SECONDS_AT_MOST)
    return [
        Measure(
            what=f"first sweep of {large.persons:,} persons", value=large.seconds, unit="s", digits=1, against=alone
        ),
        Measure(what="  of it, our own time", value=large.own_seconds, unit="s", digits=1, against=limit),
        Measure(what="  persons a second of that", value=large.persons / large.own_seconds, against=at_middle),
    ]


def _of_space(middle: Swept, large: Swept) -> list[Measure]:
    flat = AtMost(middle.peak * MEMORY_RATIO_AT_MOST, f"at most {MEMORY_RATIO_AT_MOST} x at {middle.persons:,}:")
    before = Beside(large.before, "before the sweep")
    limit = AtMost(FILE_MEGABYTES_AT_MOST)
    return [
        Measure(what="a worker process's peak memory", value=large.peak, unit="MB", digits=1, against=flat),
        Measure(what="  the same", value=large.peak, unit="MB", digits=1, against=before),
        Measure(what="database file", value=large.file, unit="MB", digits=1, against=limit),
    ]


def _of_lookups(lookup: float, small_lookup: float) -> list[Measure]:
    name = f"at most {LOOKUP_RATIO_AT_MOST:.0f} x at {SMALL:,}:"
    limit = AtMost(small_lookup * LOOKUP_RATIO_AT_MOST, name)
    at_small = Beside(small_lookup, f"at {SMALL:,}")
    return [
        Measure(what=f"a lookup at {LARGE:,} persons (median)", value=lookup, unit="µs", against=limit),
        Measure(what="  the same", value=lookup, unit="µs", against=at_small),
    ]


def _swept(running: Customer, persons: int) -> Swept:
    first_id = running.stand_in.add_persons(persons)
    group = group_under(running.processes.group_of("worker"))
    before = peak_beside_leader(group)
    running.settle_in(AINO)
    say(f"The first sweep of {persons:,} persons ...")
    running.wait_for_first_sweep(seconds=SWEEP_SECONDS)
    ended = datetime.datetime.now(datetime.UTC)
    peak, file = peak_beside_leader(group), _file_megabytes(running)
    running.stand_in.lift_limits()
    swept = Swept(
        persons=persons,
        seconds=(ended - _began(running)).total_seconds(),
        stand_in_seconds=_seconds_of_bare_loop(running.plain_pipedrive(AINO.email)),
        before=before,
        peak=peak,
        file=file,
        indexed=int(running.rows("SELECT COUNT(*) FROM integrations_contact")[0][0]),
        exact=_exact(running, first_id=first_id),
        troubles=running.troubles(),
    )
    say(f"  {swept}")
    return swept


def _lookups(running: Customer, *, beside: str) -> tuple[float, float]:
    """The median lookup here and in another database, in microseconds: measured by turns, so that both get their share
    of whatever else the machine does, and of each the fastest.

    Args:
        beside: the other database's URL.
    """
    here, there = list[float](), list[float]()
    for _turn in range(TURNS):
        here.append(running.inside("bench.lookups", "median_lookup"))
        there.append(running.inside("bench.lookups", "median_lookup", database_url=beside))
    return min(here), min(there)


def _began(running: Customer) -> datetime.datetime:
    """When the first page was about to be asked for: the index keeps it. The database's times are UTC's."""
    text = str(running.rows("SELECT swept_at FROM integrations_contactindex")[0][0])
    return datetime.datetime.fromisoformat(text).replace(tzinfo=datetime.UTC)


def _exact(running: Customer, *, first_id: int) -> float:
    """Hold the index against what the stand-in says of some of the persons that were added."""
    indexed = defaultdict[str, set[int]](set)
    for number, person_id in running.rows(NUMBERS):
        indexed[number].add(person_id)
    persons = [each for each in running.stand_in.persons(SAMPLE) if each.person_id >= first_id]
    sample = [(number, each.person_id) for each in persons for number in each.numbers]
    return 100 * sum(indexed[number] == {person_id} for number, person_id in sample) / len(sample)


def _file_megabytes(running: Customer) -> float:
    """The database with the log of what is not written into it yet."""
    files = running.database.parent.glob(f"{running.database.name}*")
    return sum(file.stat().st_size for file in files) / MEGABYTE


def _seconds_of_bare_loop(pipedrive: PlainPipedrive) -> float:
    """How long the stand-in takes for all pages when nobody reads them: not even their JSON is parsed."""
    began = time.perf_counter()
    query = {"sort_by": "id", "limit": "500"}
    while True:
        page = pipedrive.get("v2/persons", **query).content
        following = NEXT_CURSOR.search(page)
        if following is None:
            return time.perf_counter() - began
        query["cursor"] = following[1].decode()
