"""The table at the end: measured, what stands beside it, ratio, verdict."""

from collections.abc import Mapping

from bench.measures import Measure

HEADINGS = ("", "measured", "beside it", "ratio", "")
VERDICTS = {True: "ok", False: "NOT OK", None: ""}


def table(results: Mapping[str, list[Measure]]) -> list[str]:
    """The lines: each benchmark's name, and its measures under it."""
    rows = [(HEADINGS, *(_cells(each) for each in measures)) for measures in results.values()]
    widths = [max(len(row[column]) for part in rows for row in part) for column in range(len(HEADINGS))]
    lines = []
    for name, (headings, *cells) in zip(results, rows, strict=True):
        lines += ["", _line((name, *headings[1:]), widths), *(_line(each, widths) for each in cells)]
    return lines


def _cells(measure: Measure) -> tuple[str, ...]:
    against, ratio = measure.against, measure.ratio
    beside = "" if against is None else f"{against.name} {_number(against.value, measure)}"
    return (
        f"  {measure.what}",
        _number(measure.value, measure),
        beside,
        "" if ratio is None else f"{ratio:.2f}",
        VERDICTS[measure.is_ok],
    )


def _number(value: float, measure: Measure) -> str:
    return f"{value:,.{measure.digits}f} {measure.unit}".strip()


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    what, *numbers, verdict = cells
    padded = [number.rjust(width) for number, width in zip(numbers, widths[1:], strict=False)]
    return "  ".join([what.ljust(widths[0]), *padded, verdict]).rstrip()
