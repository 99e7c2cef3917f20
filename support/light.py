"""What a company's traffic lights are made of."""

import datetime
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Light:
    """One link: a word, when that was last seen, and a sentence, which says what to do where it is not in order.

    Attributes:
        state: `ok`, `waiting`, `todo` (never done) or `broken`.
        at: UTC.
    """

    title: str
    state: str
    sentence: str
    at: datetime.datetime | None = None
