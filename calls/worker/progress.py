"""What a task in the worker may ask and say."""

from collections.abc import Callable

from calls.worker.board import Board, Place


def _none_wait() -> bool:
    """Outside of a worker nothing is fetched before somebody does it."""
    return False


class _Here:
    board: Board | None = None
    place: Place | None = None
    tasks_wait: Callable[[], bool] = _none_wait


def take_place(board: Board, place: Place, *, tasks_wait: Callable[[], bool] = _none_wait) -> None:
    """From now on this process reads and writes the board of its group.

    Args:
        tasks_wait: whether tasks that the group has fetched wait for one of its children.
    """
    _Here.board, _Here.place, _Here.tasks_wait = board, place, tasks_wait


def tasks_wait_here() -> bool:
    """Whether tasks wait for this worker that the broker does not count any more, because they were fetched."""
    return _Here.tasks_wait()


def stopping() -> bool:
    """Whether the worker is to end: a long task comes to an end soon and leaves the rest to the next worker.

    Costs nothing, so a loop may ask in each turn. Outside of a worker always False.
    """
    return _Here.board is not None and _Here.board.is_stopping


def alive() -> None:
    """A long task says that it has got further: the time after which a child counts as stuck begins anew. May be said
    in any thread; one that outlives the task changes nothing.
    """
    if _Here.place is not None and _Here.place.busy_since:
        _Here.place.begin_task()
