"""Masked telephone numbers: the beginning and two digits are left, in any spelling and wherever a number stands."""

import pytest

from calls.masking import masked, masked_text


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+358400124387", "+358 40 0•• ••87"),
        ("+46701234567", "+46 70 1•• ••67"),
        ("+35891234", "+358 ••• ••34"),
        ("+441", "••• ••41"),
        ("0100100", "••• ••00"),
        ("112", "•••"),
        ("anonymous", "••• ••us"),
        ("", ""),
    ],
)
def test_the_beginning_and_the_end_are_shown_and_the_middle_is_not(number: str, shown: str) -> None:
    assert masked(number) == shown


def test_numbers_that_differ_in_the_middle_look_the_same() -> None:
    assert masked("+358400124387") == masked("+358400999987")


@pytest.mark.parametrize("number", ["+358400124387", "0400 124 387", "00358-400-124387", "0400124387"])
@pytest.mark.parametrize(
    "text", ['{{"number": "{}"}}', "{}", "tel:{};x", "u{}", '{{"caller":"\\u00a0{}"}}', "0 {} 15:24", "{}, {}"]
)
def test_a_number_in_a_text_cannot_be_read(number: str, text: str) -> None:
    shown = masked_text(text.format(number, number))
    assert "124387" not in "".join(letter for letter in shown if letter.isdigit())
    assert "•••••" in shown.replace(" ", "").replace("-", "")


@pytest.mark.parametrize(
    "text", ["2026-11-29T15:24:00+02:00", '{"duration": 3600, "at": "2026-11-29"}', "29.11.2026 klo 15.24", "klo 9–17"]
)
def test_times_and_small_numbers_stay(text: str) -> None:
    assert masked_text(text) == text
