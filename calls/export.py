"""Calls as a file for a spreadsheet: CSV and XLSX, in the reader's language, with one row in memory at a time."""

import csv
import datetime
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import chain, islice
from typing import IO, Any

import xlsxwriter
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from xlsxwriter.worksheet import Worksheet

from accounts.readable import duration_words
from calls.models import Call
from calls.reasons import Reason, Status

READ_AT_ONCE = 2_000
WRITTEN_AT_ONCE = 500
ROWS_OF_A_SHEET = 1_000_000
"""Spreadsheets end at 1,048,576; what is more goes on in another sheet."""
FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""https://owasp.org/www-community/attacks/CSV_Injection"""
BYTE_ORDER_MARK = "\ufeff"
"""Without it Excel takes UTF-8 for the code page of the machine."""
COLUMNS = (
    "reference",
    "started_at",
    "direction",
    "answered",
    "customer_number",
    "customer_number_typed",
    "person_name",
    "organization_name",
    "rep_email",
    "own_number",
    "ring_seconds",
    "talk_seconds",
    "status",
    "reason",
    "activity_url",
)
Cell = str | int | datetime.datetime


def headings() -> list[str]:
    """The names of the columns in the reader's language."""
    return [
        _("Call id"),
        _("Started (Helsinki time)"),
        _("Direction"),
        _("Answered"),
        _("Customer's number"),
        _("Person"),
        _("Organization"),
        _("Rep"),
        _("Own number"),
        _("Ring time (s)"),
        _("Talk time (s)"),
        _("Talk time"),
        _("Status"),
        _("Reason"),
        _("Link to the activity"),
    ]


def rows_of(calls: "QuerySet[Call]") -> Iterator[list[Cell]]:
    """A row for each call. What is in words is looked up beforehand: a file is still being written when the language of
    the request is forgotten.
    """
    to_row = partial(_row, words=_words(), zone=timezone.get_default_timezone())
    return map(to_row, calls.values_list(*COLUMNS).iterator(chunk_size=READ_AT_ONCE))


def _words() -> dict[Any, str]:
    """Each value of a choice as people read it."""
    choices = [*Call.Direction.choices, *Status.choices, *Reason.choices, (True, _("yes")), (False, _("no"))]
    return {value: capfirst(str(label)) for value, label in choices}


def _row(call: tuple[Any, ...], *, words: dict[Any, str], zone: datetime.tzinfo) -> list[Cell]:
    reference, started, direction, answered, number, typed, *who, ring, talk, status, reason, url = call
    return [
        reference,
        started.astimezone(zone).replace(tzinfo=None, microsecond=0),
        words[direction],
        words[answered],
        number or typed,
        *who,
        ring,
        talk,
        duration_words(talk) if answered else "",
        words.get(status, status),
        words.get(reason, reason),
        url,
    ]


def csv_lines(heads: list[str], rows: Iterable[list[Cell]]) -> Iterator[bytes]:
    """A CSV file in pieces. Excel splits cells at the list separator of the machine's language, which is a semicolon in
    Finland; the comma is what English programs expect.
    """
    separator = ";" if get_language() == "fi" else ","
    return _csv_pieces(csv.writer(_Passing(), delimiter=separator), chain([heads], rows))


def _csv_pieces(writer: Any, rows: Iterator[Iterable[Cell]]) -> Iterator[bytes]:
    yield BYTE_ORDER_MARK.encode()
    while some := list(islice(rows, WRITTEN_AT_ONCE)):
        yield "".join(writer.writerow([defused(cell) for cell in row]) for row in some).encode()


class _Passing:
    """What a CSV writer writes into: it hands the line back."""

    def write(self, line: str) -> str:
        return line


def defused(cell: Cell) -> Cell:
    """A text that a spreadsheet would take for a formula gets an apostrophe, which marks text there: `'+358400124387`
    stays readable as a number, and nothing is carried out.
    """
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(FORMULA_BEGINS) else cell


def write_xlsx(file: IO[bytes], heads: list[str], rows: Iterator[list[Cell]], *, name: str) -> None:
    """Write a workbook. Each text is written as text, so none is a formula and numbers keep their plus."""
    with xlsxwriter.Workbook(file, {"constant_memory": True, "default_date_format": _date_format()}) as book:
        bold = book.add_format({"bold": True})
        place, first = 1, next(rows, None)
        while first is not None or place == 1:
            sheet = book.add_worksheet(name if place == 1 else f"{name} {place}")
            sheet.freeze_panes(1, 0)
            sheet.set_column(0, len(heads) - 1, 18)
            sheet.write_row(0, 0, heads, bold)
            _fill(sheet, islice(chain([first] if first else [], rows), ROWS_OF_A_SHEET))
            place, first = place + 1, next(rows, None)


def _fill(sheet: Worksheet, rows: Iterator[list[Cell]]) -> None:
    write = {str: sheet.write_string, int: sheet.write_number, datetime.datetime: sheet.write_datetime}
    for line, row in enumerate(rows, 1):
        for column, cell in enumerate(row):
            write[type(cell)](line, column, cell)


def _date_format() -> str:
    return "d.m.yyyy h:mm:ss" if get_language() == "fi" else "yyyy-mm-dd hh:mm:ss"
