"""Telephone numbers: E.164 inside, national habits outside. The only file that imports `phonenumbers`.

Number formats: https://www.itu.int/rec/T-REC-E.164 and, for Finland, https://www.traficom.fi/en/communications/.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat, PhoneNumberType

from integrations.typed_text import TRUNK_ZERO_IN_BRACKETS, digits_of, runs_in

DEFAULT_REGION = "FI"
LONGEST_SHORT_NUMBER = 6
"""112, 16400, 116117: up to six digits are a service or an extension, never a contact."""

_BETWEEN = r"""(?:%[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|[^0-9A-Za-z"',:;{}\[\]]){0,4}"""
"""What people and programs write between the digits of a number."""
_SEPARATORS = re.compile(r"[\s().\-–/\u00a0]")
_NOT_A_PHONE = re.compile(
    r"""
      [0-9]{6,7}-[0-9]                                                             # Finnish business id
    | [0-2]?[0-9](?:[.:][0-5][0-9])?\s*-\s*[0-2]?[0-9](?:[.:]?[0-5][05])?          # opening hours: 9-16, 09-17.30
    | [0-2][0-9][0-5][05]\s*-\s*[0-2][0-9][0-5][05]                                # 0730-1530
    | [0-9]{1,2}\.[0-9]{1,2}\.?\s*-\s*[0-9]{1,2}\.[0-9]{1,2}                       # from day to day: 1.6.-31.8
    | [0-3]?[0-9]\s[01]?[0-9]\s(?:19|20)[0-9]{2}                                   # 01 02 2024
    | 0[1-9](?:0[1-9]|1[0-2])(?:19|20)[0-9]{2}                                     # 01022024
    | [0-9]{6} | [0-9]{2}[ ./-][0-9]{2}[ ./-][0-9]{2} | (?:19|20)[0-9]{2}\s*-\s*(?:19|20)[0-9]{2}    # 020224, years
    """,
    re.VERBOSE,
)
_PERSONAL_ID = re.compile(r"((?:0[1-9]|[12][0-9]|3[01])(?:0[1-9]|1[0-2])[0-9]{2})-([0-9]{3})([0-9])")
"""Finnish, with a digit for its check character: https://dvv.fi/en/personal-identity-code."""
_DECIMAL = re.compile(r"[0-9]{1,3}\.[0-9]{5,}")
_AMERICAN = re.compile(r"\W?[0-9]{3}\W{1,2}[0-9]{3}\W[0-9]{4}")
_ENDING_IN_HYPHENS = re.compile(r"(.*[0-9])(?<!\s[0-9])(?<!\s[0-2][0-9])[ \t)\]]*-[ \t]*[0-9]{1,4}")
_INTERNATIONAL = re.compile(r"\+[^0-9]*[1-9]")
FINLAND, NORTH_AMERICA, MOST_IN_A_ROW = 358, 1, 8
SHORTEST_WITHOUT_PLUS = 10  # 45 32 12 34 56 of Denmark; what is shorter may lack its area code
LENGTHS_IN_FINLAND = frozenset({8, 9, 10})
"""Of a mobile number without its zero; a shorter one is cut off, though libphonenumber says it is valid."""


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


def regions() -> list[str]:
    """The regions whose national numbers can be read, as ISO 3166-1 names them, sorted: `AC`, `AD`, …"""
    return sorted(phonenumbers.SUPPORTED_REGIONS)


def to_e164(text: str, *, region: str = DEFAULT_REGION) -> str | None:
    """The one E.164 number that a text is, or None. National numbers are read in `region`.

    Of `+999 …`, a country that does not exist, the library drops the plus, and 999 is one more way out of Finland: the
    rest would be somebody else's number. So with a plus nothing is national.
    """
    cleaned = TRUNK_ZERO_IN_BRACKETS.sub("", text)
    number = _parsed(cleaned, None if _INTERNATIONAL.search(cleaned) else region)
    return _format(number) if number is not None and phonenumbers.is_possible_number(number) else None


@lru_cache(maxsize=2048)
def read_dialled(text: str) -> DialledNumber | None:
    """A number from a telephone system: with or without `+`, `00…`, national `0…`, spaces. None: not a number.

    A number without `+` that does not begin with 0 is read as international where that gives a possible number.
    """
    compact = _SEPARATORS.sub("", TRUNK_ZERO_IN_BRACKETS.sub("", text))
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
    """Every E.164 number in a text that somebody typed: `040-012 4387 (Matti), p. 09 4123 4567`.

    Only what is certain: a wrong name for a caller is worse than none. `+…`, `00…` and the national `0…` are numbers
    unless the characters around them object. Without any of these a text is read as international and as national,
    and counts where one reading only is valid; where people write a zero at home, as a whole mobile number only.
    What is possible but not valid counts where no other digits are in the text and it is as long as a mobile number
    of its country: numbering plans change faster than libraries.
    """
    runs = runs_in(text)
    found: set[str] = set()
    for run in runs:
        reading = _Reading(region, allows_bare=run.allows_bare, is_lenient=len(runs) == 1)
        found.update(number for chunks in run.parts for number in _at_slashes(chunks, reading))
    return found


@dataclass(frozen=True, slots=True)
class _Reading:
    """Whose national numbers digits may be; whether also a number without `+` and zero, or one that is not valid."""

    region: str
    allows_bare: bool = False
    is_lenient: bool = False


def _at_slashes(chunks: list[str], reading: _Reading) -> Iterator[str]:
    """`040/0124387` is one number, `040 012 4387/09 4123 4567` are two; `…/88` after a number is not certain."""
    pending, is_found = "", False
    for chunk in chunks[:MOST_IN_A_ROW]:
        joined = f"{pending} {chunk}"
        numbers = _read(joined, reading) or (_read(chunk, reading) if pending else set())
        yield from numbers
        is_found = is_found or bool(numbers)
        pending = "" if is_found else joined


def _read(text: str, reading: _Reading) -> set[str]:
    """The number that a text is, or the numbers in a row that it is."""
    text = text.strip(" \t-._")
    personal = _PERSONAL_ID.fullmatch(text)
    if _NOT_A_PHONE.fullmatch(text) or (personal and int(personal[1] + personal[2]) % 31 == int(personal[3])):
        return set()
    number = _before_a_hyphen(text, reading.region)
    number = _one_number(text, reading) if number is None else number
    return _in_a_row(text, reading.region) if number is None else {number} - {""}


def _before_a_hyphen(text: str, region: str) -> str | None:
    """The first number of `040 012 4387-88`; empty where `0457 123 456-7` may be one number or two, None elsewhere."""
    ending = _ENDING_IN_HYPHENS.fullmatch(text)
    if ending is None or len(digits_of(ending[1])) < 9 or not ending[1].startswith(("+", "0", "(")):
        return None
    first, whole = (_one_number(part, _Reading(region)) for part in (ending[1], text))
    is_long = whole is not None and whole.startswith(f"+{FINLAND}") and len(whole) > len("+358400124387")
    return ("" if first and is_long else None) if whole else first


def _one_number(text: str, reading: _Reading) -> str | None:
    digits = digits_of(text)
    if "+" not in text and not digits.startswith("0"):
        return _without_prefix(text, digits, reading.region) if reading.allows_bare else None
    numbers = []
    for spelling, region in _spellings(text, digits, reading.region):
        if number := _parsed(spelling, region):
            if _is_certain(number):
                return _format(number)
            numbers.append(number)
    return next((_format(number) for number in numbers if reading.is_lenient and _is_likely(number)), None)


def _spellings(text: str, digits: str, region: str) -> Iterator[tuple[str, str | None]]:
    """What a text with `+` or 0 may mean. The zero of `+39 06 …` is dialled, that of `+47 (0)…` is not."""
    if "+" not in text:
        yield digits, region
    if "+" in text or digits.startswith("00"):
        yield "+" + digits.removeprefix("00"), None
        if TRUNK_ZERO_IN_BRACKETS.search(text):
            yield "+" + digits_of(TRUNK_ZERO_IN_BRACKETS.sub("", text)).removeprefix("00"), None


def _without_prefix(text: str, digits: str, region: str) -> str | None:
    """`358400124387`, `5123 4567` in Estonia, and `400124387` where no other reading is possible."""
    if len(digits) < 7 or _DECIMAL.fullmatch(text):
        return None
    abroad, home = _certain("+" + digits, None), _certain(digits, region)
    is_american = len(digits) == 10 and (_AMERICAN.fullmatch(text) or (text == digits and _certain("+1" + text, None)))
    if home is None or home == abroad:
        is_whole = len(digits) >= SHORTEST_WITHOUT_PLUS and not is_american
        return _format(abroad) if abroad and is_whole else None
    prefix = phonenumbers.ndd_prefix_for_region(region, strip_non_digits=True) or ""
    has_prefix = digits.startswith(prefix) or home.country_code == NORTH_AMERICA
    if abroad is None:
        return _format(home) if has_prefix or (not is_american and _is_whole_mobile(home)) else None
    return _format(home) if has_prefix and not text.startswith(f"{abroad.country_code} ") else None


def _is_whole_mobile(number: PhoneNumber) -> bool:
    lengths = {9} if number.country_code == FINLAND else _usual_lengths(number.country_code)
    is_usual = len(phonenumbers.national_significant_number(number)) in lengths
    return is_usual and phonenumbers.number_type(number) == PhoneNumberType.MOBILE


def _in_a_row(text: str, region: str) -> set[str]:
    """Numbers with nothing but spaces between them, where there is one way only to read them so."""
    cuts = [zero.start() for zero in re.finditer(r"(?<![0-9])0", text) if zero.start()]
    ways = list(_ways(text, [0, *cuts, len(text)], _Reading(region))) if 0 < len(cuts) <= MOST_IN_A_ROW else []
    if ways:
        return set(ways[0]) if len(ways) == 1 else set()
    words = text.split()[: 1 if text.startswith(("+", "00")) else MOST_IN_A_ROW]
    whole = (_one_number(word, _Reading(region)) for word in words if len(digits_of(word)) >= 10)
    return {number for number in whole if number}


def _ways(text: str, cuts: list[int], reading: _Reading) -> Iterator[list[str]]:
    start, *ends = cuts
    if not ends:
        yield []
    for index, end in enumerate(ends):
        piece = text[start:end]
        number = _one_number(piece, reading) if 8 <= len(digits_of(piece)) <= 15 else None
        if number is not None:
            yield from ([number, *rest] for rest in _ways(text, ends[index:], reading))


def _certain(text: str, region: str | None) -> PhoneNumber | None:
    """The valid number that a text is; a national one in `region`."""
    number = _parsed(text, region)
    is_elsewhere = number and region and number.country_code != phonenumbers.country_code_for_region(region)
    return number if number and not is_elsewhere and _is_certain(number) else None


def _parsed(text: str, region: str | None) -> PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _is_certain(number: PhoneNumber) -> bool:
    """Whether a number is valid, and no Finnish mobile number that is too short for a real one: `040 012 43`."""
    digits = str(number.national_number)
    is_short = len(digits) < min(LENGTHS_IN_FINLAND) and digits.startswith(("4", "50"))
    return not (is_short and number.country_code == FINLAND) and phonenumbers.is_valid_number(number)


def _is_likely(number: PhoneNumber) -> bool:
    """Whether a number that is not valid looks like one all the same: `+44 7700 900123`."""
    digits = phonenumbers.national_significant_number(number)
    is_made_up = digits in "1234567890" or len(set(digits)) <= 2
    return len(digits) in _usual_lengths(number.country_code) and not is_made_up


@cache
def _usual_lengths(country_code: int) -> frozenset[int]:
    """Of the mobile numbers of a country, without the zero before them."""
    if country_code == FINLAND:
        return LENGTHS_IN_FINLAND
    plan = PhoneMetadata.metadata_for_region(phonenumbers.region_code_for_country_code(country_code))
    return frozenset(plan.mobile.possible_length) if plan and plan.mobile else frozenset()


def national_significant_number(e164: str) -> str:
    """`400124387` of `+358400124387`: the digits that every way of writing a number shares."""
    return phonenumbers.national_significant_number(phonenumbers.parse(e164, None))


def written(e164: str) -> re.Pattern[bytes]:
    """Finds an E.164 number in raw bytes, be they text, JSON or a form: international or national, whatever stands
    between its digits, as it is or as a code.
    """
    number = phonenumbers.parse(e164, None)
    country, national = (
        _BETWEEN.join(digits).encode()
        for digits in (str(number.country_code), phonenumbers.national_significant_number(number))
    )
    gap = _BETWEEN.encode()
    abroad = rb"(?:00%b)?%b%b(?:0%b)?" % (gap, country, gap, gap)
    return re.compile(rb"(?<![0-9])(?:\+|%%2[bB]|\\u002[bB])?(?:%b|0%b)?%b(?![0-9])" % (abroad, gap, national))


def spellings(e164: str) -> list[str]:
    """`+358400124387`, `358400124387`, `00358400124387`, `0400124387`: the ways in which people type an E.164 number,
    without the spaces and hyphens between.
    """
    try:
        number = phonenumbers.parse(e164, None)
    except NumberParseException:
        return [e164]
    national = phonenumbers.format_number(number, PhoneNumberFormat.NATIONAL)
    digits = e164.removeprefix("+")
    return [e164, digits, f"00{digits}", "".join(filter(str.isdigit, national))]


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
