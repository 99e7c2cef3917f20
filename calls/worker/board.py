"""What the processes of a group tell one another: numbers in shared memory, without a lock that a killed process could
take along.
"""

import mmap
import time

_NUMBER_BYTES = 8
_STOP, _BEAT = range(2)
_OF_GROUP = 2
_PULSE, _BUSY = range(2)
_OF_PLACE = 2


class Board:
    """Times are those of the monotonic clock in seconds, which all processes of a machine share; 0 stands for never."""

    def __init__(self, *, places: int) -> None:
        memory = mmap.mmap(-1, _NUMBER_BYTES * (_OF_GROUP + _OF_PLACE * places))
        self._numbers = memoryview(memory).cast("d")

    def place(self, number: int) -> "Place":
        """The part of the board where one process writes."""
        start = _OF_GROUP + _OF_PLACE * number
        return Place(self._numbers[start : start + _OF_PLACE])

    @property
    def is_stopping(self) -> bool:
        return bool(self._numbers[_STOP])

    def stop(self) -> None:
        """The group is to end; safe in a signal handler."""
        self._numbers[_STOP] = 1.0

    @property
    def beat_at(self) -> float:
        """When a task last went all the way through the queue."""
        return self._numbers[_BEAT]

    def beat(self) -> None:
        self._numbers[_BEAT] = time.monotonic()


class Place:
    """One process's part of the board."""

    def __init__(self, numbers: "memoryview[float]") -> None:
        self._numbers = numbers

    @property
    def pulse_at(self) -> float:
        """When the process last was not frozen."""
        return self._numbers[_PULSE]

    def pulse(self) -> None:
        self._numbers[_PULSE] = time.monotonic()

    @property
    def busy_since(self) -> float:
        """Since when it is at its task, or when that last got further; 0 while it has none."""
        return self._numbers[_BUSY]

    def begin_task(self) -> None:
        self._numbers[_BUSY] = time.monotonic()

    def end_task(self) -> None:
        self._numbers[_BUSY] = 0.0

    def clear(self) -> None:
        """A new process takes the place."""
        self.end_task()
        self.pulse()
