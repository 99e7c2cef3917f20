"""Storing together what several threads bring at the same time.

A transaction costs the same for one row and for ten, and on SQLite only one process has one at a time. Whoever comes
while nothing is being stored stores at once; whoever comes meanwhile waits, and then one of the waiting stores for all.
So the busier it is the less each costs, and whoever is alone waits for nobody.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from django.db import InterfaceError, OperationalError

logger = logging.getLogger(__name__)

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_MOST = 50
"""So many are stored in one transaction, since others wait for its end."""
AWAY = (OperationalError, InterfaceError)
GATHER_SECONDS = 0.001
"""How long the next group is waited for, where the one before was more than one: others are on their way then, and
Python runs one thread at a time.
"""


@dataclass(eq=False)
class _Place(Generic[Item, Result]):
    """One thread's, while it waits. It is called either because its item is stored, or to store it itself."""

    item: Item
    called: threading.Event = field(default_factory=threading.Event)
    is_done: bool = False
    result: Result | None = None
    error: Exception | None = None


class GroupCommit(Generic[Item, Result]):
    """One for all threads of a process that store the same kind of thing.

    Args:
        store: stores all that it is given in one transaction, or nothing, and gives a result for each in their order.
    """

    def __init__(self, store: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._waiting: deque[_Place[Item, Result]] = deque()
        self._is_storing = False
        self._is_busy = False

    def bring(self, item: Item, *, seconds: float) -> Result:
        """Have an item stored, in this thread or in another one.

        Args:
            seconds: how long to wait for another thread; the storing has limits of its own.

        Raises:
            TimeoutError: the others have not come to an end; whether it is stored is unknown.
            Exception: what `store` raised. It is not stored, unless it is a database's error whose outcome is unknown.
        """
        place: _Place[Item, Result] = _Place(item)
        with self._lock:
            self._waiting.append(place)
            if not self._is_storing:
                self._is_storing = True
                place.called.set()
        if not place.called.wait(seconds):
            self._give_up(place)
        if not place.is_done:
            self._store_waiting()
        if place.error is not None:
            raise place.error
        return place.result  # type: ignore[return-value]  # a place that is done has one or the other

    def _give_up(self, place: _Place[Item, Result]) -> None:
        """Leave, unless this thread has been called in this very moment: then all others wait for it."""
        with self._lock:
            if place.called.is_set():
                return
            if place in self._waiting:
                self._waiting.remove(place)
        raise TimeoutError

    def _store_waiting(self) -> None:
        """Store what waits, then call whose turn it is next."""
        if self._is_busy:
            time.sleep(GATHER_SECONDS)
        with self._lock:
            group = [self._waiting.popleft() for _place in range(min(AT_MOST, len(self._waiting)))]
            self._is_busy = len(group) > 1
        try:
            self._store_together(group)
        finally:
            with self._lock:
                self._is_storing = bool(self._waiting)
                if self._waiting:
                    self._waiting[0].called.set()
            for place in group:
                place.is_done = True
                place.called.set()

    def _store_together(self, group: Sequence[_Place[Item, Result]]) -> None:
        """What the database refuses of a group is tried one by one, so that a bad item spoils no other. A database that
        is away or locked is not asked again for each.
        """
        try:
            results = self._store([place.item for place in group])
        except Exception as error:  # noqa: BLE001 - it is raised again in the thread whose item it is
            if len(group) == 1 or isinstance(error, AWAY):
                for place in group:
                    place.error = error
                return
            logger.warning("%s of %s items together; each is stored alone", type(error).__name__, len(group))
            self._store_one_by_one(group)
            return
        for place, result in zip(group, results, strict=True):
            place.result = result

    def _store_one_by_one(self, group: Sequence[_Place[Item, Result]]) -> None:
        away: Exception | None = None
        for place in group:
            if away is not None:
                place.error = away
                continue
            self._store_together([place])
            away = place.error if isinstance(place.error, AWAY) else None
