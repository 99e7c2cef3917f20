"""Countries by name in the reader's language, for whoever chooses where a company's numbers belong."""

import unicodedata
from functools import cache

from babel import Locale
from django.utils.translation import get_language

from integrations.phone_numbers import DEFAULT_REGION, regions

AFTER_Z = str.maketrans("åäö", "{|}")
"""Where a Finn looks for these letters."""


def countries() -> list[tuple[str, str]]:
    """The countries whose national numbers can be read, as code and name: Finland first, then by name."""
    return list(_countries(get_language() or "en"))


@cache
def _countries(language: str) -> tuple[tuple[str, str], ...]:
    names = Locale.parse(language, sep="-").territories
    named = ((region, names.get(region, region)) for region in regions())
    return tuple(sorted(named, key=lambda each: (each[0] != DEFAULT_REGION, _place(each[1], language))))


def _place(name: str, language: str) -> str:
    """Where a name stands in the alphabet."""
    lower = name.lower()
    if language == "fi":
        lower = lower.translate(AFTER_Z)
    return "".join(char for char in unicodedata.normalize("NFKD", lower) if not unicodedata.combining(char))
