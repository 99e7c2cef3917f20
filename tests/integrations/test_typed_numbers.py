"""Free text in a phone field: what is a telephone number, whose, and what is none."""

from collections import Counter
from datetime import date

import phonenumbers
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from integrations.phone_numbers import numbers_in, regions
from integrations.typed_text import LONGEST_TYPED_TEXT
from tests.integrations.typed_numbers import (
    FINDABLE,
    LANDLINE,
    MOBILE,
    NO_NUMBERS,
    NOT_FINDABLE,
    OTHER_MOBILE,
)

REGIONS = ("FI", "SE", "EE", "NO", "DK", "DE", "US", "GB", "FR", "IT", "RU")
KINDS = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.TOLL_FREE)
LABELS = [
    "",
    "p. ",
    "puh. ",
    "Puh: ",
    "tel:",
    "Tel. ",
    "GSM ",
    "m. ",
    "Matti ",
    "Matti: ",
    "toimisto - ",
    "\u200e",
    "(",
]
ENDINGS = [
    "",
    " ",
    ".",
    ", ",
    " (Matti)",
    " Matti",
    " ext. 12",
    " x12",
    " alanro 12",
    "#12",
    " (9-16)",
    "\u202c",
    ")",
    "\n",
]
SPACES = ["", " ", "-", ".", "\u00a0", "\u2009", "–", "\u2011", "\u200b", "  "]
BETWEEN = [", ", "; ", " / ", "\n", " tai ", " or ", " | ", " & ", ",", ";", "\t|\t"]


@pytest.mark.parametrize(("text", "region", "numbers"), FINDABLE)
def test_every_way_of_writing_is_found_and_nothing_else(text: str, region: str, numbers: set[str]) -> None:
    assert numbers_in(text, region=region) == numbers


@pytest.mark.parametrize(("text", "region", "reason"), NOT_FINDABLE)
def test_what_is_not_certain_gives_no_number(text: str, region: str, reason: str) -> None:
    assert numbers_in(text, region=region) == set(), reason


@pytest.mark.parametrize("text", NO_NUMBERS)
def test_other_texts_with_digits_give_no_number(text: str) -> None:
    assert numbers_in(text) == set()


def test_the_tables_hold_no_row_twice_and_enough_of_them() -> None:
    rows = [(text, region) for text, region, _rest in [*FINDABLE, *NOT_FINDABLE]] + [
        (text, "FI") for text in NO_NUMBERS
    ]
    assert [row for row, count in Counter(rows).items() if count > 1] == []
    assert len(FINDABLE) >= 400


def test_of_a_long_text_the_beginning_is_read() -> None:
    rest = "x" * 10_000
    assert numbers_in(f"040 012 4387, {rest}") == {MOBILE}
    assert numbers_in("0400124387, " * 1_000) == {MOBILE}
    assert numbers_in(f"{rest} 0400124387") == set()


@pytest.mark.parametrize("length", range(12))
def test_a_number_at_the_cut_is_left_out_and_not_shortened(length: int) -> None:
    before = "a" * (LONGEST_TYPED_TEXT - 1 - length) + " "
    for number in ("04001243870", "+358 40 012 4387", "045 7123 4567", "040-012-4387"):
        assert numbers_in(before + number + " " + "b" * 100) == set()


def test_a_text_in_many_small_pieces_gives_nothing() -> None:
    for text in ("1/" * 5_000, "0 " * 5_000, "0400-" * 2_000, "(0)" * 3_000, "a." * 5_000, "1@" * 5_000, "+" * 10_000):
        assert numbers_in(text) == set()


def test_the_same_digits_are_read_in_the_region_of_the_company() -> None:
    by_region = {region: numbers_in("0401234567", region=region) for region in ("FI", "AU", "EE")}
    assert by_region == {"FI": {"+358401234567"}, "AU": {"+61401234567"}, "EE": set()}


def test_an_unknown_region_reads_international_numbers_only() -> None:
    assert numbers_in("+358 40 012 4387, 09 4123 4567", region="XX") == {MOBILE}


def test_the_regions_are_sorted_and_each_is_one() -> None:
    found = regions()
    assert found == sorted(set(found))
    assert {"FI", "SE", "EE", "NO", "DK", "DE", "US", "GB"} <= set(found)


def is_findable(number: PhoneNumber) -> bool:
    """Valid, and no Finnish mobile number of five digits, which the portal takes for a number cut off."""
    digits = phonenumbers.national_significant_number(number)
    return phonenumbers.is_valid_number(number) and len(digits) >= (8 if number.country_code == 358 else 7)


@st.composite
def valid_numbers(draw: st.DrawFn) -> tuple[str, PhoneNumber]:
    """A region, and a number of it: the library's example with other digits at its end."""
    region, kind = draw(st.sampled_from(REGIONS)), draw(st.sampled_from(KINDS))
    sample = phonenumbers.example_number_for_type(region, kind)
    assume(sample is not None)
    assert sample is not None
    digits = phonenumbers.national_significant_number(sample)
    end = draw(st.text("0123456789", min_size=4, max_size=4))
    number = phonenumbers.parse(f"+{sample.country_code}{digits[:-4]}{end}", None)
    assume(is_findable(number))
    return region, number


def e164(number: PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


@st.composite
def spellings(draw: st.DrawFn) -> tuple[str, str, str]:
    """A number as somebody in its region writes it: the text, the region, and the number."""
    region, number = draw(valid_numbers())
    style = draw(st.sampled_from((PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL, PhoneNumberFormat.E164)))
    text = phonenumbers.format_number(number, style)
    separator = draw(st.sampled_from(SPACES))
    text = "".join(separator if char in " -" else char for char in text)
    if style == PhoneNumberFormat.INTERNATIONAL:
        text = text.replace("+", draw(st.sampled_from(("+", "00", "00 ", "+ ", "+00"))))
    return text, region, e164(number)


@given(spellings(), st.sampled_from(LABELS), st.sampled_from(ENDINGS))
def test_a_valid_number_is_found_in_every_dress(spelling: tuple[str, str, str], label: str, ending: str) -> None:
    text, region, number = spelling
    assert numbers_in(label + text + ending, region=region) == {number}


@given(valid_numbers(), st.sampled_from(SPACES), st.data())
def test_an_international_number_is_found_however_it_is_grouped(
    pair: tuple[str, PhoneNumber], separator: str, data: st.DataObject
) -> None:
    _region, number = pair
    code, digits = str(number.country_code), phonenumbers.national_significant_number(number)
    size = data.draw(st.integers(2, 4))
    groups = [digits[start : start + size] for start in range(0, len(digits), size)]
    opening = data.draw(st.sampled_from((f"+{code}", f"00{code}", f"(+{code})", f"+{code} ")))
    for region in ("FI", "SE"):
        assert numbers_in(f"{opening} {separator.join(groups)}", region=region) == {e164(number)}


@given(st.lists(valid_numbers(), min_size=2, max_size=5), st.sampled_from(BETWEEN))
def test_every_number_of_a_list_is_found(pairs: list[tuple[str, PhoneNumber]], between: str) -> None:
    numbers = [number for _region, number in pairs]
    text = between.join(phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL) for number in numbers)
    assert numbers_in(text) == {e164(number) for number in numbers}


@given(valid_numbers(), st.integers(1, 6))
def test_an_extension_is_never_part_of_a_number_nor_a_number(pair: tuple[str, PhoneNumber], length: int) -> None:
    region, number = pair
    text = phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    for mark in (" ext. ", " alanro ", " ala ", " -> ", " #", " x ", ";ext="):
        assert numbers_in(f"{text}{mark}{'4' * length}", region=region) == {e164(number)}


@given(valid_numbers(), st.sampled_from(("xx", "***", "??", "...", "…", "__")), st.integers(1, 5))
def test_a_masked_number_gives_nothing(pair: tuple[str, PhoneNumber], mask: str, hidden: int) -> None:
    region, number = pair
    for style in (PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL):
        shown = phonenumbers.format_number(number, style)[:-hidden].rstrip(" -(/")
        assert numbers_in(shown + mask, region=region) == set()


def business_id(number: int) -> str:
    return f"{number:07d}-{number % 10}"


@st.composite
def texts_without_a_number(draw: st.DrawFn) -> str:
    """One text of the kinds that people put beside a telephone number."""
    day, number = draw(st.dates(date(1950, 1, 1), date(2039, 12, 31))), draw(st.integers(0, 9_999_999))
    digits = f"{number:07d}{number:07d}"
    return draw(
        st.sampled_from(
            [
                f"{day:%d.%m.%Y}",
                f"{day.day}.{day.month}.{day.year}",
                f"{day:%d/%m/%Y}",
                f"{day:%d-%m-%Y} klo 12.30",
                f"{day:%d.%m.%Y}-{day.replace(day=28):%d.%m.%Y}",
                f"{day:%d.%m.%Y} – {day.replace(day=1, month=12):%d.%m.%Y}",
                f"{day:%d.%m.%y}",
                day.isoformat(),
                f"{day.isoformat()} 12:30",
                f"{day.year}-{day.year + 1}",
                business_id(number),
                f"Y-tunnus {business_id(number)}",
                f"FI{number:07d}{number % 10}",
                f"VAT FI {number:07d}{number % 10}",
                f"FI21 {digits[:4]} {digits[4:8]} {digits[8:12]} {digits[12:14]}",
                f"FI21{digits}",
                f"IBAN {digits[:4]} {digits[4:8]} {digits[8:12]}",
                f"matti.0{number}@example.fi",
                f"04{number:07d}0@example.com",
                f"https://example.fi/040{number:07d}?id=09{number}",
                f"Hämeentie {number % 200} A {number % 90}, {number % 100000:05d} Helsinki",
                f"{number},50 €",
                f"tilausnumero 040{number:07d}",
                f"040 {number % 1000:03d} {number % 100:02d}xx",
            ]
        )
    )


@given(st.lists(texts_without_a_number(), min_size=1, max_size=4))
@example(["01.06.2024-09.12.2024"])
def test_texts_without_a_telephone_number_give_none(texts: list[str]) -> None:
    assert numbers_in(", ".join(texts)) == set()
    assert numbers_in("\n".join(texts)) == set()


@given(st.lists(texts_without_a_number(), min_size=1, max_size=3), st.sampled_from((", ", "\n", "; ")))
def test_a_number_is_found_among_texts_without_one(texts: list[str], between: str) -> None:
    assert numbers_in(between.join([*texts, "040 012 4387"])) == {MOBILE}
    assert numbers_in(between.join(["09 4123 4567", *texts, "+358400124388"])) == {LANDLINE, OTHER_MOBILE}


@given(st.text("0123456789+-()/., xX\n#*alpuh€", max_size=60))
def test_whatever_is_found_is_a_possible_number_with_its_digits_in_the_text(text: str) -> None:
    digits = "".join(char for char in text if char.isdigit())
    for number in numbers_in(text):
        parsed = phonenumbers.parse(number, None)
        assert phonenumbers.is_possible_number(parsed)
        assert phonenumbers.national_significant_number(parsed) in digits


@given(st.text(max_size=80))
def test_any_text_at_all_can_be_read(text: str) -> None:
    assert all(number.startswith("+") for number in numbers_in(text))
    assert MOBILE in numbers_in(f"{MOBILE}\n{text}")


@pytest.mark.parametrize("day", ["010190", "311299", "130552"])
def test_a_personal_identity_code_is_no_number(day: str) -> None:
    for individual in range(2, 900):
        remainder = int(f"{day}{individual:03d}") % 31
        check = "0123456789ABCDEFHJKLMNPRSTUVWXY"[remainder]
        assert numbers_in(f"{day}-{individual:03d}{check}") == set()
