"""What a task may ask and say, and the board on which it stands."""

import os
from collections.abc import Iterator

import pytest

from calls.worker.board import Board, Place
from calls.worker.progress import alive, stopping, take_place


@pytest.fixture
def board() -> Iterator[Board]:
    """The board of the group that this process belongs to for the length of a test."""
    board = Board(places=2)
    take_place(board, board.place(1))
    yield board
    fresh = Board(places=1)
    take_place(fresh, fresh.place(0))


def test_a_task_sees_that_it_is_to_stop(board: Board) -> None:
    assert not stopping()
    board.stop()
    assert stopping()


def test_the_time_of_a_task_that_gets_further_begins_anew(board: Board) -> None:
    place, neighbor = board.place(1), board.place(0)
    place.begin_task()
    begun = place.busy_since
    alive()
    assert place.busy_since > begun
    assert neighbor.busy_since == 0


def test_a_thread_that_outlives_its_task_does_not_make_the_child_busy(board: Board) -> None:
    place = board.place(1)
    place.begin_task()
    place.end_task()
    alive()
    assert place.busy_since == 0


def test_a_new_process_in_a_place_is_well_and_has_no_task(board: Board) -> None:
    place = board.place(1)
    place.begin_task()
    place.clear()
    assert place.busy_since == 0
    assert place.pulse_at > 0


def in_another_process(place: Place, board: Board) -> None:
    child = os.fork()
    if not child:
        place.begin_task()
        board.beat()
        os._exit(0)
    os.waitpid(child, 0)


def test_what_one_process_writes_the_others_read(board: Board) -> None:
    in_another_process(board.place(0), board)
    assert board.place(0).busy_since > 0
    assert board.beat_at > 0
