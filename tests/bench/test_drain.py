"""What the benchmark of a backlog makes of the times it has seen."""

import pytest

from bench.drain import Drained, most_within


@pytest.mark.parametrize(
    ("times", "most"),
    [
        ([], 0),
        ([1.0], 1),
        ([0.0, 1.0, 1.9], 3),
        ([0.0, 1.0, 2.0], 2),
        ([0.0, 0.1, 3.0, 3.1, 3.2, 9.0], 3),
    ],
)
def test_the_fullest_two_seconds_are_found(times: list[float], most: int) -> None:
    assert most_within(times, seconds=2.0) == most


def test_the_first_second_is_no_part_of_the_pace() -> None:
    begin = [0.0, 0.1, 0.2, 1.0]
    then = [1.0 + each / 10 for each in range(1, 21)]
    drained = Drained(activities=[*begin, *then], requests=[], refused=0)
    assert drained.calls_a_second == pytest.approx(10.0)


def test_where_nothing_came_there_is_no_pace() -> None:
    assert Drained(activities=[], requests=[], refused=0).calls_a_second == 0.0
    assert Drained(activities=[5.0], requests=[], refused=0).calls_a_second == 0.0
