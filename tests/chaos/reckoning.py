"""The end of it: every call that was told is one logged call of the portal's and one activity of Pipedrive's."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import requests

from tests.chaos.cast import Cast
from tests.chaos.telephone_system import Told
from tests.sandbox.running_sandbox import Json, wait_until

REFERENCE = re.compile(r"\bRef ([0-9A-Z]{12})\b")
UNFINISHED = ("pending", "waiting")
TOLD_AT_MOST = 5
LOG_LINES_AT_MOST = 25


def wait_until_all_are_done(cast: Cast, *, seconds: float) -> None:
    """Return once no call is on its way any more."""

    def are_done() -> bool:
        try:
            return not any(cast.has_calls(status=status) for status in UNFINISHED)
        except requests.RequestException:
            return False

    _patiently(are_done, seconds=seconds, cast=cast)


def _patiently(holds: Callable[[], bool], *, seconds: float, cast: Cast) -> None:
    try:
        wait_until(holds, seconds, every=0.5)
    except AssertionError:
        left = [call for status in UNFINISHED for call in cast.calls(status=status)]
        raise AssertionError(_told(cast, f"{len(left)} calls are not done after {seconds:.0f} s", left)) from None


@dataclass(frozen=True)
class Reckoning:
    """What was told, what the portal says and what Pipedrive has, held against each other."""

    cast: Cast
    told: Sequence[Told]
    calls: list[Json]
    activities: list[Json]

    def check(self) -> None:
        """Fail with the stories of the calls that are missing, double or in any other state than logged."""
        by_id = {call["id"]: call for call in self.calls}
        references = [reference_of(activity) for activity in self.activities]
        made = Counter(references)
        expected = Counter(each.call_id for each in self.told)
        assert Counter(call["external_id"] for call in self.calls) == expected, "the portal has other calls than told"
        self._none(
            "told under two ids", [next(iter(each.accepted_as)) for each in self.told if len(each.accepted_as) > 1]
        )
        self._none("not logged", [call["id"] for call in self.calls if call["status"] != "logged"])
        self._none("without an activity", [reference for reference in by_id if not made[reference]])
        self._none("with several activities", [reference for reference, times in made.items() if times > 1])
        self._none("activities of no call", [reference for reference in made if reference not in by_id])
        assert len(self.activities) == len(set(references)) == len(self.told)
        ids = {call["id"]: call["activity_id"] for call in self.calls}
        assert ids == dict(zip(references, (activity["id"] for activity in self.activities), strict=True))

    def _none(self, what: str, references: list[str]) -> None:
        if references:
            by_id = {call["id"]: call for call in self.calls}
            calls = [by_id.get(reference, {"id": reference}) for reference in references]
            raise AssertionError(_told(self.cast, f"{len(references)} calls {what}", calls))


def reckon(cast: Cast, told: Sequence[Told]) -> Reckoning:
    """Look at both sides."""
    activities = cast.portal.sandbox.state("activities")["activities"]
    ours = [activity for activity in activities if REFERENCE.search(activity["note"] or "")]
    return Reckoning(cast, told, cast.calls(), ours)


def reference_of(activity: Json) -> str:
    found = REFERENCE.search(activity["note"])
    assert found is not None
    return found[1]


def _told(cast: Cast, what: str, calls: Sequence[Json]) -> str:
    stories = [line for call in calls[:TOLD_AT_MOST] for line in _story(cast, call)]
    return "\n".join([what, *stories])


def _story(cast: Cast, call: Json) -> Iterable[str]:
    """A call as the API tells it, the requests to Pipedrive that name it, and what was logged of it."""
    reference = call["id"]
    yield f"--- {cast.story(call)}"
    for request in cast.portal.sandbox.state("requests")["requests"]:
        if reference in str(request["body"]):
            yield f"    {request['at']} {request['operation']}: {request['status']}, fault: {request['fault']}"
    yield from _log_lines(cast, reference)


def _log_lines(cast: Cast, reference: str) -> list[str]:
    folder = cast.portal.log_folder
    logs = [] if folder is None else sorted(folder.glob("*.log"))
    lines = [
        f"    {log.stem}: {line}"
        for log in logs
        for line in log.read_text(errors="replace").splitlines()
        if reference in line
    ]
    return sorted(lines, key=lambda line: line.partition(": ")[2])[-LOG_LINES_AT_MOST:]
