"""What several threads bring at the same time is stored together, and each gets its own answer."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from django.db import IntegrityError, OperationalError

from calls.group_commit import AT_MOST, GroupCommit
from tests.sandbox.running_sandbox import wait_until

SECONDS = 20.0


class Store:
    """A store that waits for a sign, so that others can come meanwhile."""

    def __init__(self, refuse: Callable[[Sequence[int]], Exception | None] = lambda _items: None) -> None:
        self.refuse = refuse
        self.may_go_on = threading.Event()
        self.begun: list[list[int]] = []

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.begun.append(list(items))
        assert self.may_go_on.wait(SECONDS)
        if (error := self.refuse(items)) is not None:
            raise error
        return [10 * item for item in items]


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2 * AT_MOST) as pool:
        yield pool


def bring_while_another_stores(
    threads: ThreadPoolExecutor, store: Store, items: range, *, seconds: float = SECONDS
) -> tuple[GroupCommit[int, int], list["Future[int]"]]:
    """The first is being stored when the others come."""
    commit = GroupCommit(store)
    futures = [threads.submit(commit.bring, items[0], seconds=SECONDS)]
    wait_until(lambda: len(store.begun) == 1, SECONDS)
    for item in items[1:]:
        futures.append(threads.submit(commit.bring, item, seconds=seconds))
        wait_until(lambda: len(commit._waiting) == len(futures) - 1, SECONDS)
    return commit, futures


def test_who_comes_alone_is_stored_at_once() -> None:
    store = Store()
    store.may_go_on.set()
    commit = GroupCommit(store)
    assert [commit.bring(item, seconds=SECONDS) for item in (1, 2)] == [10, 20]
    assert store.begun == [[1], [2]]


def test_who_comes_meanwhile_is_stored_together_with_the_others_and_gets_an_own_result(
    threads: ThreadPoolExecutor,
) -> None:
    store = Store()
    _commit, futures = bring_while_another_stores(threads, store, range(6))
    store.may_go_on.set()
    assert [future.result(SECONDS) for future in futures] == [0, 10, 20, 30, 40, 50]
    assert store.begun == [[0], [1, 2, 3, 4, 5]]


def test_a_crowd_is_stored_in_several_transactions(threads: ThreadPoolExecutor) -> None:
    store = Store()
    _commit, futures = bring_while_another_stores(threads, store, range(AT_MOST + 3))
    store.may_go_on.set()
    assert [future.result(SECONDS) for future in futures] == [10 * item for item in range(AT_MOST + 3)]
    assert [len(items) for items in store.begun] == [1, AT_MOST, 2]


def test_what_is_refused_spoils_no_other(threads: ThreadPoolExecutor) -> None:
    store = Store(lambda items: IntegrityError("three") if 3 in items else None)
    _commit, futures = bring_while_another_stores(threads, store, range(5))
    store.may_go_on.set()
    with pytest.raises(IntegrityError):
        futures[3].result(SECONDS)
    assert [futures[item].result(SECONDS) for item in (0, 1, 2, 4)] == [0, 10, 20, 40]


def test_a_database_that_is_away_is_not_asked_again_for_each(threads: ThreadPoolExecutor) -> None:
    store = Store(lambda items: OperationalError("locked") if len(items) > 1 else None)
    _commit, futures = bring_while_another_stores(threads, store, range(4))
    store.may_go_on.set()
    assert futures[0].result(SECONDS) == 0
    for future in futures[1:]:
        with pytest.raises(OperationalError):
            future.result(SECONDS)
    assert store.begun == [[0], [1, 2, 3]]


def test_a_database_that_goes_away_while_items_are_stored_alone_is_not_asked_again_either(
    threads: ThreadPoolExecutor,
) -> None:
    errors = {3: IntegrityError("refused"), 1: OperationalError("locked")}
    store = Store(lambda items: errors.get(len(items)) if 0 not in items else None)
    _commit, futures = bring_while_another_stores(threads, store, range(4))
    store.may_go_on.set()
    for future in futures[1:]:
        with pytest.raises(OperationalError):
            future.result(SECONDS)
    assert store.begun == [[0], [1, 2, 3], [1]]


def test_who_has_waited_too_long_leaves_and_is_not_stored(threads: ThreadPoolExecutor) -> None:
    store = Store()
    commit, (first, late) = bring_while_another_stores(threads, store, range(2), seconds=0.05)
    with pytest.raises(TimeoutError):
        late.result(SECONDS)
    store.may_go_on.set()
    assert first.result(SECONDS) == 0
    assert commit.bring(7, seconds=SECONDS) == 70
    assert store.begun == [[0], [7]]


def test_after_a_fault_the_next_is_stored(threads: ThreadPoolExecutor) -> None:
    store = Store(lambda items: ZeroDivisionError() if 0 in items else None)
    commit, (broken, other) = bring_while_another_stores(threads, store, range(2))
    store.may_go_on.set()
    with pytest.raises(ZeroDivisionError):
        broken.result(SECONDS)
    assert other.result(SECONDS) == 10
    assert commit.bring(2, seconds=SECONDS) == 20
