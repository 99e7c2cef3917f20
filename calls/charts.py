"""Bar charts as SVG: where each bar stands, in percent of the width, so that they fit any screen without a script.

Drawn here and not by a library: the bars of a chart are a few divisions, while charting libraries bring scripts, inline
styles or images, none of which follows the reader's colors or the page's security policy.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 160
"""Of the bars' area, in pixels."""
LABEL_ROOM = 14
"""Percent of the width that a label beneath a bar needs on a phone."""
STEPS = (1, 2, 3, 4, 5, 6, 8, 10)
GAP = 0.25
"""Of the room of a bar."""


@dataclass(frozen=True, kw_only=True)
class Value:
    """One bar's number or numbers.

    Attributes:
        label: beneath the bar.
        name: what the bar is, in full: `2 Nov 2026`.
        parts: what is stacked, from the ground up.
        cells: the same as people read it.
    """

    label: str
    name: str
    parts: tuple[float, ...]
    cells: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Part:
    """A piece of a bar; `x` and `width` in percent, `y` and `height` in pixels."""

    kind: int
    x: str
    width: str
    y: float
    height: float


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A bar; `middle` in percent, `words` for whoever points at it."""

    value: Value
    words: str
    middle: str
    has_label: bool
    parts: list[Part]


@dataclass(frozen=True, kw_only=True)
class Chart:
    """A bar chart.

    Attributes:
        key: tells it from the other charts of a page.
        title: what it shows.
        legend: the names of the parts.
        first_column: what the bars are: the head of the table's first column.
        top: the number at the upper line.
    """

    key: str
    title: str
    first_column: str
    legend: Sequence[str]
    top: str
    bars: list[Bar]
    height: int = HEIGHT

    @property
    def is_empty(self) -> bool:
        return not any(part.height for bar in self.bars for part in bar.parts)


def bar_chart(
    *,
    key: str,
    title: str,
    first_column: str,
    legend: Sequence[str],
    values: Sequence[Value],
    unit: str = "",
    top: float | None = None,
) -> Chart:
    """Lay out bars.

    Args:
        unit: after the number at the upper line.
        top: the number of the upper line; without it a round one that the highest bar does not pass.
    """
    highest = top or round_up(max((sum(value.parts) for value in values), default=0))
    every = max(1, math.ceil(len(values) * LABEL_ROOM / 100))
    bars = [
        _bar(value, place, len(values), highest, legend=legend, has_label=place % every == 0)
        for place, value in enumerate(values)
    ]
    upper = f"{highest:g} {unit}".strip()
    return Chart(key=key, title=title, first_column=first_column, legend=legend, top=upper, bars=bars)


def round_up(number: float) -> float:
    """The next of 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, …"""
    if number <= 1:
        return 1
    power: float = 10.0 ** math.floor(math.log10(number))
    return next(step * power for step in STEPS if step * power >= number)


def _bar(value: Value, place: int, count: int, highest: float, *, legend: Sequence[str], has_label: bool) -> Bar:
    room = 100 / count
    words = ", ".join(f"{part} {cell}" for part, cell in zip(legend, value.cells, strict=True))
    parts, ground = [], float(HEIGHT)
    for kind, number in enumerate(value.parts):
        height = round(HEIGHT * min(number / highest, 1), 1)
        ground = round(ground - height, 1)
        x, width = room * (place + GAP / 2), room * (1 - GAP)
        parts.append(Part(kind=kind, x=f"{x:.2f}%", width=f"{width:.2f}%", y=ground, height=height))
    middle = f"{room * (place + 0.5):.2f}%"
    return Bar(value=value, words=f"{value.name}: {words}", middle=middle, has_label=has_label, parts=parts)
