"""Telephone numbers: E.164 inside, national habits outside. The only file that imports `phonenumbers`.

Number formats: https://www.itu.int/rec/T-REC-E.164 and, for Finland, https://www.traficom.fi/en/communications/.
"""

import re
from dataclasses import dataclass

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberMatcher

DEFAULT_REGION = "FI"
LONGEST_SHORT_NUMBER = 6
"""112, 16400, 116117: up to six digits are a service or an extension, never a contact."""

_TRUNK_ZERO_IN_BRACKETS = re.compile(r"\(\s*0\s*\)")
_SEPARATORS = re.compile(r"[\s().\-–/\u00a0]")


@dataclass(frozen=True, kw_only=True)
class DialledNumber:
    """A number as a telephone system sends it.

    Attributes:
        e164: `+358400124387`, or empty for a short number.
        typed: as it was sent.
    """

    e164: str
    typed: str

    @property
    def is_short(self) -> bool:
        return not self.e164


def to_e164(text: str, *, region: str = DEFAULT_REGION) -> str | None:
    """The one E.164 number that a text is, or None. National numbers are read in `region`."""
    cleaned = _TRUNK_ZERO_IN_BRACKETS.sub("", text)
    try:
        number = phonenumbers.parse(cleaned, region)
    except NumberParseException:
        return None
    return _format(number) if phonenumbers.is_possible_number(number) else None


def read_dialled(text: str) -> DialledNumber | None:
    """A number from a telephone system: with or without `+`, `00…`, national `0…`, spaces. None: not a number.

    A number without `+` that does not begin with 0 is read as international where that gives a possible number.
    """
    compact = _SEPARATORS.sub("", _TRUNK_ZERO_IN_BRACKETS.sub("", text))
    if not re.fullmatch(r"\+?[0-9]{2,20}", compact):
        return None
    is_bare = not compact.startswith(("+", "0"))
    if is_bare and len(compact) <= LONGEST_SHORT_NUMBER:
        return DialledNumber(e164="", typed=compact)
    e164 = (to_e164("+" + compact) if is_bare else None) or to_e164(compact)
    if e164 is not None:
        return DialledNumber(e164=e164, typed=text)
    return DialledNumber(e164="", typed=compact) if len(compact) <= LONGEST_SHORT_NUMBER else None


def numbers_in(text: str, *, region: str = DEFAULT_REGION) -> set[str]:
    """Every E.164 number in a text that somebody typed: `040-012 4387 (Matti), p. 09 4123 4567`."""
    cleaned = _TRUNK_ZERO_IN_BRACKETS.sub("", text)
    compact = _SEPARATORS.sub("", cleaned)
    if re.fullmatch(r"[1-9][0-9]+", compact) and (e164 := _valid_international("+" + compact)):
        return {e164}
    found = {
        _format(match.number) for match in PhoneNumberMatcher(cleaned, region, leniency=phonenumbers.Leniency.POSSIBLE)
    }
    if e164 := to_e164(cleaned, region=region):
        found.add(e164)
    return found


def _valid_international(text: str) -> str | None:
    """`358400124387` is Finnish, but `400124387` is no valid Romanian number: people leave out the `+` or the 0."""
    try:
        number = phonenumbers.parse(text, None)
    except NumberParseException:
        return None
    return _format(number) if phonenumbers.is_valid_number(number) else None


def national_significant_number(e164: str) -> str:
    """`400124387` of `+358400124387`: the digits that every way of writing a number shares."""
    return phonenumbers.national_significant_number(phonenumbers.parse(e164, None))


def for_display(e164: str, *, region: str = DEFAULT_REGION) -> str:
    """As people write it: `040 012 4387` at home, `+46 70 123 45 67` abroad. What is unreadable stays as it is."""
    try:
        number = phonenumbers.parse(e164, region)
    except NumberParseException:
        return e164
    if phonenumbers.region_code_for_number(number) != region:
        return phonenumbers.format_number(number, PhoneNumberFormat.INTERNATIONAL)
    prefix, _space, rest = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL).partition(" ")
    return f"{prefix} {_in_groups(rest)}".rstrip()


def _in_groups(digits: str) -> str:
    """`0124387` as `012 4387`, `41234567` as `4123 4567`: the library leaves the rest in one piece."""
    if not digits.isdigit() or len(digits) < 5:
        return digits
    tail = 3 if len(digits) == 6 else 4
    return f"{digits[:-tail]} {digits[-tail:]}"


def _format(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)
