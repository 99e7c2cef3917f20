"""Records by id, also in the order of their changes, so that a page of 100,000 need not sort or copy them all."""

from bisect import bisect_left
from collections.abc import Iterator

from sandbox import clock
from sandbox.json_body import Json


class Records(dict[int, Json]):
    """A dictionary that only grows (deleting is soft), whose ids only rise, and whose records change by `touch`."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers: list[int] = []
        # A record has an entry for each time it was changed; only the one of its latest change counts.
        self._changes: list[tuple[str, int]] = []

    def __setitem__(self, number: int, record: Json) -> None:
        if number not in self:
            self._numbers.append(number)
        super().__setitem__(number, record)
        self._note_change(record)

    def touch(self, record: Json) -> None:
        """Mark a record as changed now."""
        record["update_time"] = clock.rfc3339(clock.now())
        self._note_change(record)

    def starting_at(self, number: int) -> Iterator[Json]:
        """Return the records from this id on, by rising ids."""
        return map(self.__getitem__, self._numbers[bisect_left(self._numbers, number) :])

    def changed_from(self, update_time: str, number: int = 0) -> Iterator[Json]:
        """Return the records from this change on, by rising times and ids."""
        following = self._changes[bisect_left(self._changes, (update_time, number)) :]
        return (self[number] for time, number in following if self[number]["update_time"] == time)

    def most_changed_since(self, update_time: str) -> int:
        """Return how many can have changed since then; it may be fewer."""
        return len(self._changes) - bisect_left(self._changes, (update_time, 0))

    def _note_change(self, record: Json) -> None:
        change = (record["update_time"], record["id"])
        place = bisect_left(self._changes, change)
        if self._changes[place : place + 1] != [change]:
            self._changes.insert(place, change)
