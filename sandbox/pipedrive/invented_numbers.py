"""Telephone numbers nobody was asked for, written in the many ways people write them."""

import math
import random
from collections.abc import Callable

Style = Callable[[str, str], str]
"""From an area or operator code without its zero and a subscriber number to a text."""

_MOBILE_CODES = ("40", "44", "45", "50")
_LANDLINE_CODES = ("9", "3", "2", "8")
_STEP = 7_654_321
_NATIONAL: tuple[Style, ...] = (
    lambda code, rest: f"0{code}{rest}",
    lambda code, rest: f"0{code} {rest[:3]} {rest[3:]}",
    lambda code, rest: f"0{code}-{rest}",
    lambda code, rest: f"0{code}-{rest[:3]} {rest[3:]}",
    lambda code, rest: f"(0{code}) {rest[:3]}-{rest[3:]}",
    lambda code, rest: f"0{code}.{rest[:3]}.{rest[3:]}",
    lambda code, rest: f"0{code}\u00a0{rest[:3]}\u00a0{rest[3:]}",
    lambda code, rest: f"0{code}{rest[:3]} {rest[3:]}",
    lambda code, rest: f"0{code} {rest} (työ)",
)
_INTERNATIONAL: tuple[Style, ...] = (
    lambda code, rest: f"+358{code}{rest}",
    lambda code, rest: f"+358 {code} {rest[:3]} {rest[3:]}",
    lambda code, rest: f"+358 {code} {rest}",
    lambda code, rest: f"00358 {code} {rest[:3]} {rest[3:]}",
    lambda code, rest: f"+358 (0){code} {rest[:3]} {rest[3:]}",
    lambda code, rest: f"+358-{code}-{rest}",
)
_STYLES = (*_NATIONAL, *_INTERNATIONAL)
_SWEDISH: tuple[Style, ...] = (
    lambda code, rest: f"+46{code}{rest}",
    lambda code, rest: f"+46 {code} {rest[:3]} {rest[3:5]} {rest[5:]}",
    lambda code, rest: f"0046 {code} {rest}",
)


class _Numbers:
    """All numbers of some codes, each once, in an order that looks like none."""

    def __init__(self, chance: random.Random, codes: tuple[str, ...]) -> None:
        self._codes = codes
        self._space = len(codes) * 10**7
        assert math.gcd(self._space, _STEP) == 1  # noqa: S101 - else some numbers would come twice
        self._place = chance.randrange(self._space)

    def take(self) -> tuple[str, str]:
        """Return the next code and subscriber number."""
        self._place = (self._place + _STEP) % self._space
        code, rest = divmod(self._place, 10**7)
        return self._codes[code], f"{rest:07}"


class InventedNumbers:
    """Mostly mobiles, some landlines, a few Swedes; none that is taken, none twice."""

    def __init__(self, chance: random.Random, taken: set[str]) -> None:
        self._chance = chance
        self._taken = taken
        self._mobiles = _Numbers(chance, _MOBILE_CODES)
        self._landlines = _Numbers(chance, _LANDLINE_CODES)
        self._swedes = _Numbers(chance, ("70", "73"))

    def take(self) -> str:
        """Return the next number, written in some way."""
        kind = self._chance.random()
        while True:
            numbers, styles = self._of_kind(kind)
            text = self._chance.choice(styles)(*numbers.take())
            if not self._taken or e164(text) not in self._taken:
                return text

    def rewritten(self, text: str) -> str:
        """Write a Finnish number in another way; a foreign one stays as it is."""
        digits = e164(text)
        if not digits.startswith("+358"):
            return text
        codes = (*_MOBILE_CODES, *_LANDLINE_CODES)
        code = next((each for each in codes if digits[4:].startswith(each)), digits[4:6])
        return self._chance.choice(_STYLES)(code, digits[4 + len(code) :])

    def _of_kind(self, kind: float) -> tuple[_Numbers, tuple[Style, ...]]:
        if kind < 0.85:
            return self._mobiles, _STYLES
        return (self._landlines, _STYLES) if kind < 0.97 else (self._swedes, _SWEDISH)


def e164(text: str) -> str:
    """Return the one number behind any of these ways of writing; others than these are not understood."""
    digits = "".join(sign for sign in text if sign in "0123456789")
    if digits.startswith("00"):
        digits = digits[2:]
    elif digits.startswith("0"):
        digits = f"358{digits[1:]}"
    return f"+358{digits[4:]}" if digits.startswith("3580") else f"+{digits}"
