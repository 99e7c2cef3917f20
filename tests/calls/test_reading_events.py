"""Reading a call event: lenient where telephone systems differ, right on both nights of the clock change."""

import datetime
import json
from typing import Any

import pytest

from integrations.mustalinja.webhook import EndedCall, parse
from tests.calls.events import ended_call

UTC = datetime.UTC
NOW = datetime.datetime.now(UTC)


def read(event: Any, *, received_at: datetime.datetime = NOW) -> EndedCall:
    call = parse(json.dumps(event).encode(), received_at=received_at).call
    assert call is not None
    return call


def minimal(**changes: Any) -> Any:
    """What a call needs and nothing else."""
    return {
        "call_id": "c",
        "direction": "in",
        "started_at": "2026-03-01T09:00:00+02:00",
        "from": "0400124387",
    } | changes


def test_what_a_call_needs_is_enough() -> None:
    call = read(minimal())
    assert call.customer_number is not None
    assert (call.customer_number.e164, call.answered, call.result) == ("+358400124387", False, "missed")
    assert (call.ring_seconds, call.talk_seconds, call.own_number, call.user.email) == (0, 0, "", "")


def test_null_is_the_same_as_missing() -> None:
    names = ("event", "event_id", "leg_id", "answered", "result", "to", "hidden", "user", "answered_at", "ended_at")
    assert read(minimal(**dict.fromkeys(names), ring_seconds=None, talk_seconds=None)) == read(minimal())


@pytest.mark.parametrize(
    "typed",
    [
        "+358400124387",
        "358400124387",
        "00358400124387",
        "0400124387",
        "040 012 4387",
        "040-0124387",
        " +358 40 012 4387 ",
        "+358 (0)40 012 4387",
        "(040) 012.4387",
        358400124387,
    ],
)
def test_every_spelling_of_a_number_is_the_same_number(typed: Any) -> None:
    number = read(minimal(**{"from": typed})).customer_number
    assert number is not None
    assert number.e164 == "+358400124387"


@pytest.mark.parametrize(
    ("typed", "e164"),
    [("46701234567", "+46701234567"), ("0046701234567", "+46701234567"), ("09 4123 4567", "+358941234567")],
)
def test_foreign_and_landline_numbers(typed: str, e164: str) -> None:
    number = read(minimal(**{"from": typed})).customer_number
    assert number is not None
    assert number.e164 == e164


@pytest.mark.parametrize("typed", ["112", "118", "1001", "16400"])
def test_a_short_number_is_kept_as_it_is(typed: str) -> None:
    number = read(minimal(**{"from": typed})).customer_number
    assert number is not None
    assert (number.is_short, number.typed) == (True, typed)


@pytest.mark.parametrize(
    "changes",
    [
        {"from": "", "hidden": True},
        {"from": ..., "hidden": True},
        {"from": "anonymous"},
        {"from": "Anonymous", "hidden": False},
        {"from": "", "hidden": ...},
        {"from": "+358400124387", "hidden": "true"},
        {"from": None, "hidden": 1},
    ],
)
def test_a_hidden_callers_number_is_not_kept(changes: dict[str, Any]) -> None:
    assert read(ended_call(**changes)).customer_number is None


def test_an_outgoing_call_with_our_number_hidden_still_has_the_customers() -> None:
    number = read(ended_call(direction="out", to="0400124387", from_="", hidden=True)).customer_number
    assert number is not None
    assert number.e164 == "+358400124387"


@pytest.mark.parametrize(
    ("direction", "customer", "own"),
    [("in", "+358400124387", "+358941234567"), ("out", "+358941234567", "+358400124387")],
)
def test_the_customer_is_who_calls_or_is_called(direction: str, customer: str, own: str) -> None:
    call = read(ended_call(direction=direction))
    assert call.customer_number is not None
    assert (call.customer_number.e164, call.own_number) == (customer, own)


@pytest.mark.parametrize(
    ("changes", "answered", "result"),
    [
        ({"answered": True, "result": ...}, True, "answered"),
        ({"answered": "false", "result": ...}, False, "missed"),
        ({"answered": 0, "result": ..., "direction": "out"}, False, "cancelled"),
        ({"answered": ..., "result": "answered"}, True, "answered"),
        ({"answered": ..., "result": "BUSY"}, False, "busy"),
        ({"answered": ..., "result": ...}, True, "answered"),
        ({"answered": ..., "result": ..., "talk_seconds": 0, "answered_at": None}, False, "missed"),
        ({"answered": False, "result": "answered"}, False, "answered"),
        ({"answered": ..., "result": "completed"}, True, "completed"),
        ({"answered": "maybe", "result": "missed"}, False, "missed"),
    ],
)
def test_answered_and_result_complete_each_other(changes: dict[str, Any], answered: bool, result: str) -> None:  # noqa: FBT001
    call = read(ended_call(**changes))
    assert (call.answered, call.result) == (answered, result)


@pytest.mark.parametrize(("sent", "seconds"), [("172", 172), (172.9, 172), ("172.0", 172), (0, 0), ("0", 0), ("", 172)])
def test_durations_come_as_numbers_or_text(sent: Any, seconds: int) -> None:
    assert read(ended_call(talk_seconds=sent)).talk_seconds == seconds


def test_talk_time_is_what_ringing_leaves_of_the_call() -> None:
    call = read(ended_call(talk_seconds=..., answered_at=...))
    assert (call.answered, call.talk_seconds) == (True, 172)


def test_an_unanswered_call_has_no_talk_time_of_its_own() -> None:
    call = read(ended_call(talk_seconds=..., answered_at=..., answered=False, result="missed"))
    assert (call.ring_seconds, call.talk_seconds) == (8, 0)


def test_missing_durations_are_taken_from_the_times() -> None:
    call = read(ended_call(ring_seconds=..., talk_seconds=...))
    assert (call.ring_seconds, call.talk_seconds) == (8, 172)


def test_an_end_before_the_start_is_not_believed() -> None:
    call = read(minimal(started_at="2026-03-01T09:00:00Z", ended_at="2026-03-01T08:00:00Z"))
    assert (call.ended_at, call.talk_seconds) == (None, 0)


@pytest.mark.parametrize(
    ("sent", "utc"),
    [
        ("2026-03-01T09:00:00+02:00", "2026-03-01T07:00:00"),
        ("2026-03-01T07:00:00Z", "2026-03-01T07:00:00"),
        ("2026-03-01T07:00:00.123Z", "2026-03-01T07:00:00.123"),
        ("2026-03-01T09:00:00", "2026-03-01T07:00:00"),
        ("2026-03-01 09:00:00", "2026-03-01T07:00:00"),
        ("2026-07-01 09:00", "2026-07-01T06:00:00"),
        ("2026-07-01T00:30:00", "2026-06-30T21:30:00"),
        (1772348400, "2026-03-01T07:00:00"),
        ("1772348400", "2026-03-01T07:00:00"),
        (1772348400.5, "2026-03-01T07:00:00.5"),
    ],
)
def test_times_come_with_or_without_offset_or_as_epoch(sent: Any, utc: str) -> None:
    assert read(minimal(started_at=sent)).started_at == datetime.datetime.fromisoformat(utc).replace(tzinfo=UTC)


class TestSpringNight:
    """29 March 2026: at 03:00 the clock goes to 04:00."""

    @pytest.mark.parametrize(
        ("local", "utc_hour", "minute"),
        [("02:59", 0, 59), ("04:00", 1, 0), ("04:01", 1, 1), ("03:30", 1, 30)],
    )
    def test_local_times_around_the_gap(self, local: str, utc_hour: int, minute: int) -> None:
        started = read(minimal(started_at=f"2026-03-29T{local}:00")).started_at
        assert started == datetime.datetime(2026, 3, 29, utc_hour, minute, tzinfo=UTC)

    def test_a_call_over_the_gap_lasts_as_long_as_it_lasted(self) -> None:
        call = read(
            minimal(started_at="2026-03-29T02:58:00", answered_at="2026-03-29T02:59:00", ended_at="2026-03-29T04:01:00")
        )
        assert (call.ring_seconds, call.talk_seconds) == (60, 120)


class TestAutumnNight:
    """25 October 2026: at 04:00 the clock goes back to 03:00, so 03:30 comes twice."""

    @pytest.mark.parametrize(("received", "utc_hour"), [((0, 33), 0), ((1, 33), 1)])
    def test_a_call_just_ended_tells_which_half_past_three_it_was(
        self, received: tuple[int, int], utc_hour: int
    ) -> None:
        received_at = datetime.datetime(2026, 10, 25, *received, tzinfo=UTC)
        event = minimal(started_at="2026-10-25T03:30:00", ring_seconds=8, talk_seconds=172)
        assert read(event, received_at=received_at).started_at.hour == utc_hour

    def test_a_call_longer_than_the_hour_is_known_by_its_length(self) -> None:
        received_at = datetime.datetime(2026, 10, 25, 1, 45, tzinfo=UTC)
        event = minimal(started_at="2026-10-25T03:30:00", talk_seconds=4500)
        assert read(event, received_at=received_at).started_at == datetime.datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    def test_long_after_it_is_the_first(self) -> None:
        started = read(minimal(started_at="2026-10-25T03:30:00")).started_at
        assert started == datetime.datetime(2026, 10, 25, 0, 30, tzinfo=UTC)

    @pytest.mark.parametrize(("offset", "utc_hour"), [("+03:00", 0), ("+02:00", 1)])
    def test_an_offset_leaves_no_doubt(self, offset: str, utc_hour: int) -> None:
        assert read(minimal(started_at=f"2026-10-25T03:30:00{offset}")).started_at.hour == utc_hour

    def test_a_call_over_the_change_lasts_as_long_as_it_lasted(self) -> None:
        received_at = datetime.datetime(2026, 10, 25, 1, 11, tzinfo=UTC)
        event = minimal(
            started_at="2026-10-25T03:58:00", answered_at="2026-10-25T03:59:00", ended_at="2026-10-25T03:10:00"
        )
        call = read(event, received_at=received_at)
        assert (call.ring_seconds, call.talk_seconds) == (60, 660)
