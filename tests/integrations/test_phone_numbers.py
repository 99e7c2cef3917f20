"""Telephone numbers as systems send them and as people type them."""

import pytest

from integrations.phone_numbers import for_display, national_significant_number, numbers_in, read_dialled, to_e164

MOBILE = "+358400124387"
LANDLINE = "+358941234567"

# What people and systems write for one number; all of it means the same everywhere.
SPELLINGS = [
    *((text, MOBILE) for text in ("+358400124387", "00358400124387", "358400124387", "0400124387", "040 012 4387")),
    *((text, MOBILE) for text in ("040-012 4387", "(040) 012-4387", "+358 (0)40 012 4387", "+358 40 0124387")),
    *((text, MOBILE) for text in ("040/0124387", "040.012.4387", "040–0124387", "\u00a0040\u00a0012\u00a04387")),
    *((text, MOBILE) for text in (" 0400124387 ", "+358-40-012-4387", "00 358 40 012 4387", "+ 358 400 124387")),
    *((text, MOBILE) for text in ("+3580400124387", "003580400124387", "3580400124387", "+358 ( 0 ) 40 012 4387")),
    *((text, LANDLINE) for text in ("09 4123 4567", "(09) 41234567", "+358 9 4123 4567", "0941234567")),
    *((text, LANDLINE) for text in ("358 9 41234567", "00358941234567", "+358 (0)9 4123 4567")),
    ("010 841 5665", "+358108415665"),
    ("+358108415665", "+358108415665"),
    ("0201234567", "+358201234567"),
    ("075 3251234", "+358753251234"),
    ("0800 12345", "+35880012345"),
    ("0600 12345", "+35860012345"),
    ("040012438", "+35840012438"),
    ("+46 70 123 45 67", "+46701234567"),
    ("0046 70 123 45 67", "+46701234567"),
    ("+1 202 555 0143", "+12025550143"),
    ("001 202 555 0143", "+12025550143"),
    ("+1 (202) 555-0143", "+12025550143"),
    ("+49 151 12345678", "+4915112345678"),
    ("+372 5123 4567", "+37251234567"),
    ("00372 5123 4567", "+37251234567"),
    ("+7 921 123 45 67", "+79211234567"),
    ("+44 (0) 20 7946 0958", "+442079460958"),
    ("0044 20 7946 0958", "+442079460958"),
    ("+81 3 1234 5678", "+81312345678"),
]
# Without + and 0: international for a telephone system, and for people where it is a valid number.
BARE = [
    ("46701234567", "+46701234567"),
    ("46 70 123 45 67", "+46701234567"),
    ("12025550143", "+12025550143"),
    ("37251234567", "+37251234567"),
    ("44 (0)20 7946 0958", "+442079460958"),
]
SHORT = ["112", "118", "12345", "116117", "16400", "40400", "00", "02", "358", "99 999"]
NO_NUMBERS = [
    "",
    " ",
    "+",
    "-",
    "0",
    "7",
    "call me",
    "anonymous",
    "+358 40 012 4387 x",
    "0400124387 (Matti)",
    "0400 CALLME",
    "٠٤٠٠١٢٤٣٨٧",
    "０４０ ０１２ ４３８７",
    "++358400124387",
    "0400124387+",
    "0400124387;ext=5",
    "tel:+358400124387",
    "sip:+358400124387@example.fi",
    "*31#0400124387",
    "#123",
    "04001243871234",
    "1" * 15,
    "1" * 16,
    "9" * 21,
    "+" + "9" * 20,
    "<b>0400124387</b>",
    "0400124387\0",
    "1e9",
    "-1",
]


@pytest.mark.parametrize(("text", "e164"), SPELLINGS)
def test_every_spelling_is_the_same_number_everywhere(text: str, e164: str) -> None:
    dialled = read_dialled(text)
    assert dialled is not None
    assert (dialled.e164, dialled.typed, dialled.is_short) == (e164, text, False)
    assert numbers_in(text) == {e164}
    if text.strip().startswith(("+", "0", "(")):
        assert to_e164(text) == e164


@pytest.mark.parametrize(("text", "e164"), BARE)
def test_without_plus_and_zero_it_is_international(text: str, e164: str) -> None:
    dialled = read_dialled(text)
    assert dialled is not None
    assert dialled.e164 == e164
    assert numbers_in(text) == {e164}


def test_a_bare_number_that_is_possible_abroad_but_not_valid_there_is_national_when_a_person_typed_it() -> None:
    dialled = read_dialled("400124387")
    assert dialled is not None
    assert dialled.e164 == "+40124387"
    assert numbers_in("400124387") == numbers_in("40 012 4387") == {MOBILE}


@pytest.mark.parametrize("text", SHORT)
def test_a_short_number_is_kept_without_an_international_form(text: str) -> None:
    dialled = read_dialled(text)
    assert dialled is not None
    assert (dialled.e164, dialled.typed, dialled.is_short) == ("", text.replace(" ", ""), True)


NO_COUNTRY = ["+99912345678", "+ 999 1234 5678", "0099912345678", "+99046701234567", "+999358400124387", "+2101234567"]


@pytest.mark.parametrize("text", NO_COUNTRY)
def test_a_number_of_a_country_that_does_not_exist_is_not_somebody_elses(text: str) -> None:
    assert (read_dialled(text), to_e164(text), numbers_in(text)) == (None, None, set())


def test_a_plus_before_a_number_that_begins_with_zeros_does_not_matter() -> None:
    assert to_e164("+00358400124387") == MOBILE


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_what_is_no_number_of_a_telephone_system_is_none(text: str) -> None:
    assert read_dialled(text) is None


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("040-012 4387 (Matti), p. 09 4123 4567", {MOBILE, LANDLINE}),
        ("040 012 4387 / 09 4123 4567", {MOBILE, LANDLINE}),
        ("040 012 4387; +46 70 123 45 67", {MOBILE, "+46701234567"}),
        ("Matti 0400124387", {MOBILE}),
        ("puh. 040 012 4387 (arkisin 9-16)", {MOBILE}),
        ("tel:+358400124387", {MOBILE}),
        ("040 012 4387 ext. 5", {MOBILE}),
        ("+358 (0)40 012 4387 tai 09 4123 4567", {MOBILE, LANDLINE}),
        ("Matti", set()),
        ("ei numeroa", set()),
        ("", set()),
        ("112", set()),
    ],
)
def test_every_number_in_a_free_text_is_found(text: str, numbers: set[str]) -> None:
    assert numbers_in(text) == numbers


@pytest.mark.parametrize("text", ["", "x", "+", "112", "9" * 40, "\0", "+358", "( 0 )"])
def test_to_e164_of_no_number_is_none(text: str) -> None:
    assert to_e164(text) is None


def test_a_national_number_is_read_in_its_region() -> None:
    assert to_e164("070-123 45 67", region="SE") == "+46701234567"
    assert to_e164("0400124387") == MOBILE


@pytest.mark.parametrize(
    ("e164", "digits"), [(MOBILE, "400124387"), (LANDLINE, "941234567"), ("+12025550143", "2025550143")]
)
def test_the_digits_that_every_spelling_shares(e164: str, digits: str) -> None:
    assert national_significant_number(e164) == digits


@pytest.mark.parametrize(
    ("e164", "shown"),
    [(MOBILE, "040 012 4387"), (LANDLINE, "09 4123 4567"), ("+46701234567", "+46 70 123 45 67"), ("x", "x"), ("", "")],
)
def test_numbers_are_shown_as_people_write_them(e164: str, shown: str) -> None:
    assert for_display(e164) == shown


@pytest.mark.parametrize("e164", sorted({e164 for _text, e164 in SPELLINGS + BARE}))
def test_what_is_shown_is_read_back(e164: str) -> None:
    assert to_e164(for_display(e164)) == e164
    assert numbers_in(for_display(e164)) == {e164}
    assert to_e164(e164) == e164
