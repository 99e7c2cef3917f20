"""What a benchmark hands back: numbers, and what each is held against."""

from dataclasses import dataclass
from typing import Protocol


class Against(Protocol):
    """What a measured value is held against.

    Attributes:
        value: in the measure's own unit.
        name: what it is, for the table.
    """

    @property
    def value(self) -> float: ...

    @property
    def name(self) -> str: ...

    def allows(self, measured: float) -> bool | None:
        """Whether the measured value is good; None where that is not judged."""


@dataclass(frozen=True)
class AtMost:
    """A limit that may be reached and not passed."""

    value: float
    name: str = "at most"

    def allows(self, measured: float) -> bool:
        """Whether the measured value is no more."""
        return measured <= self.value


@dataclass(frozen=True)
class AtLeast:
    """A limit that must be reached."""

    value: float
    name: str = "at least"

    def allows(self, measured: float) -> bool:
        """Whether the measured value is no less."""
        return measured >= self.value


@dataclass(frozen=True)
class Beside:
    """Another way to do the same, or another size of it, measured in the same run; shown and not judged."""

    value: float
    name: str

    def allows(self, _measured: float) -> None:
        """No verdict."""


@dataclass(frozen=True, kw_only=True)
class Measure:
    """One line of the table.

    Attributes:
        digits: after the decimal point.
    """

    what: str
    value: float
    unit: str = ""
    digits: int = 0
    against: Against | None = None

    @property
    def ratio(self) -> float | None:
        """How many times what it is held against; None where there is no such thing, or it is nought."""
        if self.against is None or self.against.value == 0:
            return None
        return self.value / self.against.value

    @property
    def is_ok(self) -> bool | None:
        """Whether the limit holds; None where there is none."""
        return None if self.against is None else self.against.allows(self.value)


def missed(measures: list[Measure]) -> list[Measure]:
    """The measures whose limit does not hold."""
    return [each for each in measures if each.is_ok is False]
