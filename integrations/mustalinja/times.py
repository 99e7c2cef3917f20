"""When a call began, was answered and ended, and how long it rang and lasted."""

import datetime
from dataclasses import dataclass
from typing import Any

from integrations.mustalinja.fields import UnreadableError, optional, read_seconds, read_time


@dataclass(frozen=True, kw_only=True)
class CallTimes:
    """The times of a call, in UTC and whole seconds.

    Attributes:
        talk_was_sent: whether a `talk_seconds` that makes sense was in the body; otherwise it is what the times leave
            for talking.
    """

    started_at: datetime.datetime
    answered_at: datetime.datetime | None
    ended_at: datetime.datetime | None
    ring_seconds: int
    talk_seconds: int
    talk_was_sent: bool

    @property
    def was_answered(self) -> bool:
        return self.answered_at is not None or (self.talk_was_sent and self.talk_seconds > 0)

    @classmethod
    def read(cls, data: dict[str, Any], *, received_at: datetime.datetime) -> "CallTimes":
        """From a body. Durations that were not sent, or make no sense, are taken from the times that were.

        Raises:
            UnreadableError: there is no start that makes sense.
        """
        ring = optional(read_seconds, data.get("ring_seconds"), field="ring_seconds")
        talk = optional(read_seconds, data.get("talk_seconds"), field="talk_seconds")
        lasted = (ring or 0) + (talk or 0)
        started = read_time(data.get("started_at"), field="started_at", received_at=received_at, lasted=lasted)
        if started is None:
            raise UnreadableError("started_at is missing")

        def time(name: str, lasted: int) -> datetime.datetime | None:
            return optional(read_time, data.get(name), field=name, received_at=received_at, lasted=lasted)

        answered, ended = time("answered_at", talk or 0), time("ended_at", 0)
        talked_from = answered or (started + datetime.timedelta(seconds=ring) if ring is not None else None)
        return cls(
            started_at=started,
            answered_at=answered,
            ended_at=ended if ended and ended >= started else None,
            ring_seconds=ring if ring is not None else _between(started, answered),
            talk_seconds=talk if talk is not None else _between(talked_from, ended),
            talk_was_sent=talk is not None,
        )


def _between(start: datetime.datetime | None, end: datetime.datetime | None) -> int:
    return max(0, round((end - start).total_seconds())) if start and end else 0
