"""The activity's fields, by the contract's section 6."""

import datetime
from typing import Any

import pytest

from accounts.models import User
from accounts.readable import duration_words
from calls.activity import activity_body, hours_and_minutes
from calls.activity_texts import reference_line
from calls.matching import Match
from calls.models import Call
from calls.policy import LoggingPolicy


def eero(**changes: Any) -> Match:
    fields: dict[str, Any] = {
        "person_id": 5,
        "name": "Eero Mäkinen",
        "organization_id": 6,
        "organization_name": "Kuusikon Puutarha Oy",
    }
    return Match(**fields | changes)


def body_of(rep: User, *, match: Match | None = None, policy: dict[str, Any] | None = None, **changes: Any) -> Any:
    fields: dict[str, Any] = {
        "direction": "in",
        "answered": True,
        "customer_number": "+358400124387",
        "own_number": "+358941234567",
        "started_at": datetime.datetime(2026, 3, 1, 7, 0, 30, tzinfo=datetime.UTC),
        "ring_seconds": 8,
        "talk_seconds": 172,
    }
    assert rep.company is not None
    call = Call(company=rep.company, rep=rep, reference="ABCDEFGH2345", **fields | changes)
    return activity_body(
        call=call,
        match=match or eero(),
        policy=LoggingPolicy(company=rep.company, **policy or {}),
        activity_type="call",
        owner_id=7,
    )


def test_every_field(bo: User) -> None:
    bo.company.language = "en"  # type: ignore[union-attr]
    assert body_of(bo) == {
        "subject": "Incoming call, 2 min 52 s",
        "type": "call",
        "done": True,
        "owner_id": 7,
        "participants": [{"person_id": 5, "primary": True}],
        "org_id": 6,
        "due_date": "2026-03-01",
        "due_time": "07:00",
        "duration": "00:03",
        "busy": False,
        "note": "Incoming call, answered<br>From: +358400124387<br>To: +358941234567<br>"
        "Talk time: 2 min 52 s (172 s)<br>Ring time: 8 s<br>Ref ABCDEFGH2345",
    }


def test_a_person_without_organization_gives_none(bo: User) -> None:
    assert "org_id" not in body_of(bo, match=eero(organization_id=None))


@pytest.mark.parametrize(
    ("seconds", "duration", "words"),
    [
        (0, "00:00", "0 s"),
        (1, "00:01", "1 s"),
        (59, "00:01", "59 s"),
        (60, "00:01", "1 min 0 s"),
        (61, "00:02", "1 min 1 s"),
        (3599, "01:00", "59 min 59 s"),
        (3600, "01:00", "1 h 0 min 0 s"),
        (3601, "01:01", "1 h 0 min 1 s"),
        (7 * 24 * 3600, "23:59", "168 h 0 min 0 s"),
    ],
)
def test_durations_are_rounded_up_to_the_minute_and_exact_in_words(seconds: int, duration: str, words: str) -> None:
    assert (hours_and_minutes(seconds), duration_words(seconds)) == (duration, words)


@pytest.mark.parametrize("direction", ["in", "out"])
def test_an_unanswered_call_took_no_time(bo: User, direction: str) -> None:
    body = body_of(bo, direction=direction, answered=False, talk_seconds=30)
    assert (body["duration"], body["done"]) == ("00:00", True)
    assert "30 s" not in body["note"]


@pytest.mark.parametrize(
    ("local", "due"),
    [
        ("2026-06-01T00:30:00+03:00", ("2026-05-31", "21:30")),
        ("2026-01-01T01:59:59+02:00", ("2025-12-31", "23:59")),
        ("2026-03-29T02:59:00+02:00", ("2026-03-29", "00:59")),
        ("2026-03-29T04:00:00+03:00", ("2026-03-29", "01:00")),
        ("2026-10-25T03:30:00+03:00", ("2026-10-25", "00:30")),
        ("2026-10-25T03:30:00+02:00", ("2026-10-25", "01:30")),
    ],
)
def test_date_and_time_are_both_in_utc(bo: User, local: str, due: tuple[str, str]) -> None:
    body = body_of(bo, started_at=datetime.datetime.fromisoformat(local))
    assert (body["due_date"], body["due_time"]) == due


@pytest.mark.parametrize(
    ("direction", "answered", "rule"),
    [
        ("in", True, "in_answered"),
        ("in", False, "in_missed"),
        ("out", True, "out_answered"),
        ("out", False, "out_unanswered"),
    ],
)
def test_a_rule_leaves_its_kind_of_call_open(bo: User, direction: str, answered: bool, rule: str) -> None:  # noqa: FBT001
    assert body_of(bo, direction=direction, answered=answered, policy={rule: "open"})["done"] is False
    assert body_of(bo, direction=direction, answered=not answered, policy={rule: "open"})["done"] is True


def test_names_and_numbers_are_escaped_in_the_note(bo: User) -> None:
    match = eero(others=("<script>alert(1)</script>", 'Olli & "Pojat"'))
    note = body_of(bo, match=match, own_number="<b>1</b>")["note"]
    assert "&lt;script&gt;alert(1)&lt;/script&gt;, Olli &amp; &quot;Pojat&quot;" in note
    assert "&lt;b&gt;1&lt;/b&gt;" in note
    assert set(note.replace("<br>", "")) & set("<>") == set()


def test_the_note_ends_with_the_reference(bo: User) -> None:
    assert body_of(bo)["note"].split("<br>")[-1] == "Ref ABCDEFGH2345" == reference_line(Call(reference="ABCDEFGH2345"))


def test_of_many_persons_with_the_number_a_few_are_named(bo: User) -> None:
    bo.company.language = "en"  # type: ignore[union-attr]
    note = body_of(bo, match=eero(others=tuple(f"P{number}" for number in range(300))))["note"]
    assert "The same number also belongs to: P0, P1, P2, P3, P4 and 295 others" in note
    note = body_of(bo, match=eero(others=tuple("ABCDE")))["note"]
    assert "also belongs to: A, B, C, D, E<br>" in note
