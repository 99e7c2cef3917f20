"""Numbers as staff see them until they have said why they want to see the whole."""

import re

from integrations.phone_numbers import national_significant_number

E164 = re.compile(r"\+[1-9]\d{6,14}")
SHORTEST_WITH_ITS_BEGINNING = 8
"""Of a shorter number the beginning and the end would be nearly all."""
SHORTEST_IN_TEXT = 7
"""Digits of the shortest run that is taken for a telephone number in a text."""
SHOWN_AT_END, HIDDEN = 2, 5
DIGIT = re.compile(r"\d")
NUMBER = re.compile(
    rf"(?<!\d)(?!(?:19|20)\d\d-\d\d-\d\d(?!\d))\+?\d(?:[ \u00a0()/-]{{0,2}}\d){{{SHORTEST_IN_TEXT - 1},}}"
)
"""A run of digits as people and systems write numbers; not the days of ISO 8601."""


def masked(number: str) -> str:
    """`+358 40 0•• ••87` of `+358400124387`: the country, the beginning and the end, always in the same shape. Of a
    text that is no whole number nothing but the last two signs; nothing of an empty one.
    """
    if not E164.fullmatch(number):
        return f"••• ••{number[-2:]}" if len(number) > len("112") else "•••" * bool(number)
    national = national_significant_number(number)
    country = number.removesuffix(national)
    if len(national) < SHORTEST_WITH_ITS_BEGINNING:
        return f"{country} ••• ••{national[-2:]}"
    return f"{country} {national[:2]} {national[2]}•• ••{national[-2:]}"


def masked_text(text: str) -> str:
    """A text in which every run of digits that may be a telephone number has its spelling and not its digits: five of
    them, before the last two, cannot be read.
    """
    return NUMBER.sub(lambda found: _hidden(found.group()), text)


def _hidden(number: str) -> str:
    last = len(DIGIT.findall(number)) - SHOWN_AT_END
    first = max(0, last - HIDDEN)
    places = iter(range(last + SHOWN_AT_END))
    return DIGIT.sub(lambda digit: "•" if first <= next(places) < last else digit.group(), number)
