"""Benchmark `drain`: how fast a backlog of one rep goes to a Pipedrive that takes its time, and whom it hinders."""

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.customer import Customer, customer, errors_in_logs
from bench.measures import AtLeast, AtMost, Beside, Measure
from bench.stand_in import Answered, PlainPipedrive
from sandbox.demo.browser import Browser
from sandbox.demo.mailbox import Mailbox
from sandbox.demo.people import AINO, Member, Person
from sandbox.demo.processes import DemoError
from sandbox.demo.report import say
from sandbox.json_body import Json

CALLS, CALLS_BESIDE, NAIVE_CALLS = 2_000, 600, 30
PERSONS = 500
FIRST_CALLS = 600
"""At least one with each number: what the organizations are called is read once in 30 days, a request for each."""
ANSWER_MILLISECONDS = 150
BURST_LIMIT, WINDOW_SECONDS = 80, 2.0
"""Of one access token: https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting"""
CALLS_A_SECOND_AT_LEAST = 34.0
FAIR_AT_LEAST = 0.8
LEAD_SECONDS = 1.0
"""Left out of the pace: the worker starts."""
DRAIN_SECONDS, START_SECONDS, SWEEP_SECONDS = 80.0, 60.0, 60.0
STILL_SECONDS = 20.0
"""When no activity comes for so long, the backlog has come to a stand."""
LOOK_SECONDS = 2.0
HANG_SECONDS = 10.0
REFUSED = 429
CECILIA = Person("Cecilia Nurmi", "cecilia@toinen.example", "company admin")
HER_COMPANY, HER_PIPEDRIVE = "Toinen Oy", 7002
DANIEL = "daniel@esimerkki.example"
"""Has connected nothing: his token's limits are nobody else's."""


@dataclass(frozen=True, kw_only=True)
class Drained:
    """What Pipedrive saw of one rep while a backlog drained.

    Attributes:
        activities: when each was answered, in seconds since 1970.
        requests: when each request was answered, whatever for.
        refused: 429s.
    """

    activities: Sequence[float]
    requests: Sequence[float]
    refused: int

    @property
    def calls_a_second(self) -> float:
        """From the first second's end to the last activity."""
        if not self.activities:
            return 0.0
        begin = self.activities[0] + LEAD_SECONDS
        counted = [at for at in self.activities if at > begin]
        return len(counted) / (counted[-1] - begin) if counted else 0.0

    @property
    def most_in_a_window(self) -> int:
        """The most requests that came within any two seconds."""
        return most_within(self.requests, seconds=WINDOW_SECONDS)


def most_within(times: Sequence[float], *, seconds: float) -> int:
    """The most of these ascending times that lie within any so many seconds."""
    most, first = 0, 0
    for last, at in enumerate(times):
        while at - times[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most


def run(folder: Path) -> list[Measure]:
    """Drain a backlog of new customers' calls and one of known ones', then one beside a company whose requests
    hang, and one beside one that is refused.
    """
    with customer(folder) as running:
        _prepare(running)
        first = _drained(running, name="first", calls=FIRST_CALLS)
        alone = _drained(running, name="alone", calls=CALLS)
        naive = _naive_pace(running)
        hang = {"path": "/activities", "hang_seconds": HANG_SECONDS, "company_id": HER_PIPEDRIVE, "times": CALLS}
        refuse = {"path": "/activities", "status": 429, "company_id": HER_PIPEDRIVE, "times": CALLS}
        with _faults(running, hang):
            beside_hanging = _drained(running, name="hanging", calls=CALLS_BESIDE, hers=CALLS_BESIDE)
        with _faults(running, refuse):
            beside_refused = _drained(running, name="refused", calls=CALLS_BESIDE, hers=CALLS_BESIDE)
        troubles = running.troubles()
    return [
        *_of_pace(alone, naive),
        Measure(what="calls a second, first call of each customer", value=first.calls_a_second, digits=1),
        *_of_fairness("beside a company whose requests hang", beside_hanging, alone),
        *_of_fairness("beside a company that is answered 429", beside_refused, alone),
        errors_in_logs(troubles),
    ]


def _prepare(running: Customer) -> None:
    """Two companies with their persons read, the worker ended, and Pipedrive as slow and strict as it is."""
    stand_in = running.stand_in
    stand_in.add_persons(PERSONS)
    stand_in.lift_limits()
    running.settle_in(AINO)
    codes = running.processes.manage("issue_licenses", HER_COMPANY, "--seats", "1").split()
    cecilia = Member(CECILIA, Browser(running.stage.web_url), Mailbox(running.stage.mail_folder))
    cecilia.enter(codes.pop)
    cecilia.connect_pipedrive()
    if not running.processes.wait_until(lambda: running.swept() == 2, seconds=SWEEP_SECONDS):
        raise DemoError(f"The persons were not read within {SWEEP_SECONDS:.0f} s; see {running.stage.log_folder}")
    running.processes.end("worker")
    stand_in.hold_bursts_to(BURST_LIMIT)
    stand_in.answer_after(milliseconds=ANSWER_MILLISECONDS)


def _drained(running: Customer, *, name: str, calls: int, hers: int = 0) -> Drained:
    """Take in a backlog while no worker is there, hers first, then let one drain Aino's."""
    if left := running.inside("bench.backlog", "set_aside"):
        say(f"({left:,} calls are left over)")
    for email, count in ((CECILIA.email, hers), (AINO.email, calls)):
        taken_in = running.inside("bench.backlog", "take_in", email=email, calls=count, name=name) if count else 0
        if taken_in != count:
            raise DemoError(f"Only {taken_in} of {count} calls were taken in.")
    say(f"{calls:,} calls wait ({name}) ...")
    since = running.stand_in.next_request()
    worker = f"worker-{name}"
    running.begun_at[worker] = 0
    running.processes.start(worker, [sys.executable, "manage.py", "worker"])
    seen = _wait(running, since=since, calls=calls)
    running.processes.end(worker)
    activities = [each.at for each in seen if each.is_activity]
    refused = sum(each.status == REFUSED for each in seen)
    drained = Drained(activities=activities, requests=[each.at for each in seen], refused=refused)
    say(f"  {len(activities)} activities, {drained.calls_a_second:.1f} a second, {refused} times refused")
    return drained


def _wait(running: Customer, *, since: int, calls: int) -> list[Answered]:
    """Until every call is an activity, or it comes to a stand, or takes too long; what was asked of Pipedrive."""
    began = time.time()

    def is_over() -> bool:
        made = [each.at for each in running.stand_in.requests(AINO.email, since=since) if each.is_activity]
        latest = made[-1] if made else began + START_SECONDS
        return len(made) >= calls or time.time() > latest + STILL_SECONDS

    while not is_over() and time.time() < began + DRAIN_SECONDS:
        # Asking more often would take the stand-in's time from the portal.
        time.sleep(LOOK_SECONDS)
        running.processes.check()
    return running.stand_in.requests(AINO.email, since=since)


@contextmanager
def _faults(running: Customer, fault: Json) -> Iterator[None]:
    """Have the other company's activities go wrong."""
    running.stand_in.order_faults(fault)
    yield
    running.stand_in.clear_faults()


def _naive_pace(running: Customer) -> float:
    """Calls a second when each request waits for the one before: one request a call, of which nothing is kept."""
    pipedrive: PlainPipedrive = running.plain_pipedrive(DANIEL)
    began = time.monotonic()
    for place in range(NAIVE_CALLS):
        pipedrive.post("v2/activities", {"subject": f"Call {place}"})
    return NAIVE_CALLS / (time.monotonic() - began)


def _of_pace(alone: Drained, naive: float) -> list[Measure]:
    pace = alone.calls_a_second
    return [
        Measure(what="calls a second", value=pace, digits=1, against=AtLeast(CALLS_A_SECOND_AT_LEAST)),
        Measure(what="  the same", value=pace, digits=1, against=Beside(naive, "one request after another")),
        Measure(what="calls that became activities", value=len(alone.activities), against=AtLeast(CALLS)),
        Measure(what="429s", value=alone.refused, against=AtMost(0)),
        Measure(what="most requests in any 2 s", value=alone.most_in_a_window, against=AtMost(BURST_LIMIT)),
    ]


def _of_fairness(what: str, beside: Drained, alone: Drained) -> list[Measure]:
    pace = beside.calls_a_second
    limit = AtLeast(FAIR_AT_LEAST * alone.calls_a_second, f"at least {FAIR_AT_LEAST} of alone:")
    return [
        Measure(what=f"calls a second {what}", value=pace, digits=1, against=limit),
        Measure(what="  of it, became activities", value=len(beside.activities), against=AtLeast(CALLS_BESIDE)),
    ]
