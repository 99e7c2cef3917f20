"""Benchmark `latency`: from the webhook's 202 to the activity in Pipedrive, on an idle portal."""

import json
import random
import re
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

import requests

from bench.cpu import seconds_of_tree
from bench.customer import Customer, customer, errors_in_logs
from bench.measures import AtLeast, AtMost, Beside, Measure
from bench.stand_in import Answered
from sandbox import clock
from sandbox.demo.browser import TIMEOUT_SECONDS, local_session
from sandbox.demo.people import AINO
from sandbox.demo.processes import DemoError
from sandbox.demo.report import say
from sandbox.mustalinja.webhook import sign

CALLS, SPARE_CALLS = 300, 10
"""The spare ones come first and are not counted: connections are opened, modules read."""
PERSONS = 500
REFERENCE = re.compile(r"Ref (\w+)")
PAUSE_SECONDS = (0.2, 0.6)
"""Between two calls; at random, so that they do not march with the clock that the queue is polled by."""
MEDIAN_AT_MOST, SLOWEST_AT_MOST = 120.0, 400.0
IDLE_SECONDS, IDLE_PERCENT_AT_MOST = 30.0, 2.0
SWEEP_SECONDS, LAST_SECONDS = 60.0, 30.0
ACCEPTED = 202


@dataclass(frozen=True, kw_only=True)
class Arrived:
    """What became of the calls.

    Attributes:
        milliseconds: from the 202 to the answer with the activity, of each call that became one.
        answers: of these, how long the stand-in took from the request to its answer.
        intake: how long each webhook waited for its 202.
    """

    milliseconds: list[float]
    answers: list[float]
    intake: list[float]


def run(folder: Path) -> list[Measure]:
    """Let calls end one at a time, then nothing happen at all."""
    with customer(folder) as running:
        running.stand_in.add_persons(PERSONS)
        running.stand_in.lift_limits()
        running.settle_in(AINO)
        running.wait_for_first_sweep(seconds=SWEEP_SECONDS)
        say(f"{CALLS} calls, one at a time ...")
        arrived = _arrived(running)
        say(f"{IDLE_SECONDS:.0f} s in which nothing happens ...")
        idle = _idle_percent(running.processes.group_of("worker"))
        troubles = running.troubles()
    return [*_measures(arrived), _of_idleness(idle), errors_in_logs(troubles)]


def _arrived(running: Customer) -> Arrived:
    """Send webhooks as Mustalinja would, and hold the time of each 202 against the stand-in's log."""
    webhook = running.inside("bench.backlog", "webhook_of", email=AINO.email)
    chance = random.Random(CALLS)  # noqa: S311 - pauses, no secret
    url, http = f"{running.stage.web_url}/webhooks/mustalinja/{webhook['key']}/", local_session()
    accepted, intake = dict[str, float](), list[float]()
    for place in range(SPARE_CALLS + CALLS):
        began = time.time()
        reference = _send(http, url, webhook, place)
        if place >= SPARE_CALLS:
            accepted[reference] = time.time()
            intake.append(1_000 * (accepted[reference] - began))
        time.sleep(chance.uniform(*PAUSE_SECONDS))
    running.processes.wait_until(lambda: len(_activities(running)) >= SPARE_CALLS + CALLS, seconds=LAST_SECONDS)
    made = {reference: each for reference, each in _activities(running).items() if reference in accepted}
    return Arrived(
        milliseconds=[1_000 * (each.at - accepted[reference]) for reference, each in made.items()],
        answers=[1_000 * each.seconds for each in made.values()],
        intake=intake,
    )


def _send(http: requests.Session, url: str, webhook: dict[str, str], place: int) -> str:
    """Tell of a call that has just ended; its id in the portal."""
    name = f"latency-{place}"
    event = {
        "event": "call.ended",
        "event_id": name,
        "call_id": name,
        "direction": "in",
        "answered": True,
        "from": webhook["number"],
        "to": "+358941234567",
        "user": {"id": "u-1", "email": AINO.email},
        "started_at": clock.now().isoformat(),
        "talk_seconds": 60,
    }
    body, timestamp = json.dumps(event).encode(), str(int(time.time()))
    signature = sign(webhook["secret"], name, timestamp, body)
    headers = {"webhook-id": name, "webhook-timestamp": timestamp, "webhook-signature": signature}
    answer = http.post(url, data=body, headers=headers, timeout=TIMEOUT_SECONDS)
    if answer.status_code != ACCEPTED:
        raise DemoError(f"The webhook was answered {answer.status_code}: {answer.text}")
    return str(answer.json()["id"])


def _activities(running: Customer) -> dict[str, Answered]:
    """The activities' requests by the call's id, which stands in the note."""
    made = [each for each in running.stand_in.requests(AINO.email) if each.is_activity]
    return {found[1]: each for each in made if (found := REFERENCE.search(each.note))}


def _idle_percent(worker: int) -> float:
    """Of one core, over half a minute: whatever is done each second and each minute is in it."""
    before, began = seconds_of_tree(worker), time.monotonic()
    time.sleep(IDLE_SECONDS)
    return 100 * (seconds_of_tree(worker) - before) / (time.monotonic() - began)


def _measures(arrived: Arrived) -> list[Measure]:
    taken = arrived.milliseconds
    if len(taken) < 2:
        raise DemoError(f"Only {len(taken)} of {CALLS} calls became activities.")
    percentiles = statistics.quantiles(taken, n=100, method="inclusive")
    answer = Beside(statistics.median(arrived.answers), "the stand-in's own answer")
    return [
        Measure(what="202 to activity, median", value=percentiles[49], unit="ms", against=AtMost(MEDIAN_AT_MOST)),
        Measure(what="  the same", value=percentiles[49], unit="ms", digits=1, against=answer),
        Measure(what="  99th percentile", value=percentiles[98], unit="ms", against=AtMost(SLOWEST_AT_MOST)),
        Measure(what="webhook to 202, median", value=statistics.median(arrived.intake), unit="ms", digits=1),
        Measure(what="calls that became activities", value=len(taken), against=AtLeast(CALLS)),
    ]


def _of_idleness(percent: float) -> Measure:
    limit = AtMost(IDLE_PERCENT_AT_MOST)
    return Measure(what="idle worker, of one core", value=percent, unit="%", digits=1, against=limit)
