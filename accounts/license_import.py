"""Issuing licences for many companies from a CSV file: read and shown first, then carried out all or none."""

import csv
import datetime
import io
from dataclasses import dataclass

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.asking_why import ReasonForm
from accounts.code_mails import mail_codes_to
from accounts.license_deeds import MOST_AT_ONCE, Why, issue
from accounts.licenses import company_named
from accounts.models import Company, License

COLUMNS = ("company", "licenses", "valid_until", "trial", "email")
MOST_LINES, LONGEST_TEXT, LONGEST_NAME, LONGEST_COUNT = 200, 100_000, 200, 6
MOST_LICENSES = 5_000
"""All are issued in one transaction, and on SQLite whoever else writes waits for it."""
YES, NO = frozenset({"yes", "true", "1", "x"}), frozenset({"", "no", "false", "0"})


class ImportForm(ReasonForm):
    """A file, or the text of one that has been shown already."""

    file = forms.FileField(label=gettext_lazy("CSV file"), required=False)
    text = forms.CharField(required=False, widget=forms.HiddenInput(), max_length=LONGEST_TEXT, strip=False)

    field_order = ("file", "reason", "text")

    def clean(self) -> dict[str, object]:
        cleaned: dict[str, object] = super().clean() or {}
        if (file := cleaned.get("file")) is not None:
            cleaned["text"] = _text_of(file.read(LONGEST_TEXT + 1))  # type: ignore[attr-defined]
        if not cleaned.get("text"):
            self.add_error("file", _("Choose a CSV file."))
        return cleaned


def _text_of(content: bytes) -> str:
    if len(content) > LONGEST_TEXT:
        raise ValidationError({"file": _("The file is too large.")})
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValidationError({"file": _("The file is not in UTF-8. Save it as CSV UTF-8.")}) from error


@dataclass(frozen=True, kw_only=True)
class Line:
    """A line of the file: licences for a company.

    Attributes:
        number: which line of the file, from 2 on; the first one has the names of the columns.
        is_new: the company is made.
        problem: why it cannot be carried out; empty when it can.
    """

    number: int
    company: str
    licenses: int = 0
    valid_until: datetime.date | None = None
    is_trial: bool = False
    email: str = ""
    is_new: bool = False
    problem: str = ""


def read_lines(text: str) -> list[Line]:
    """The lines of a file, split at commas or semicolons, each with what is wrong with it.

    Raises:
        ValidationError: it is no CSV, there is no header, or no line, or there are too many lines or licences.
    """
    try:
        lines = _lines(text)
    except csv.Error as error:
        raise ValidationError(_("No table can be read in the file. Save it anew as CSV UTF-8.")) from error
    if not lines or len(lines) > MOST_LINES:
        raise ValidationError(_("The file needs between 1 and %(most)d lines.") % {"most": MOST_LINES})
    if sum(line.licenses for line in lines) > MOST_LICENSES:
        raise ValidationError(
            _("A file issues at most %(most)d licenses. Divide it into several.") % {"most": MOST_LICENSES}
        )
    return lines


def _lines(text: str) -> list[Line]:
    first = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if ";" in first else ",", restval="")
    names = [name.strip().lower() for name in rows.fieldnames or ()]
    if names[:2] != list(COLUMNS[:2]) or set(names) - set(COLUMNS):
        raise ValidationError(_("The first line has to name the columns: %(names)s.") % {"names": ", ".join(COLUMNS)})
    rows.fieldnames = names
    return [_line(number, row) for number, row in enumerate(rows, start=2)]


def _line(number: int, row: dict[str, str]) -> Line:
    cells = {name: (row.get(name) or "").strip() for name in COLUMNS}
    try:
        return _read(number, cells)
    except ValidationError as error:
        return Line(number=number, company=cells["company"], problem=" ".join(error.messages))


def _read(number: int, cells: dict[str, str]) -> Line:
    company, email, trial = cells["company"], cells["email"], cells["trial"].lower()
    if not company or len(company) > LONGEST_NAME:
        raise ValidationError(_("The company's name is missing or too long."))
    if not cells["licenses"].isascii() or not cells["licenses"].isdigit():
        raise ValidationError(_("The number of licenses is not a number."))
    if not 1 <= int(cells["licenses"][:LONGEST_COUNT]) <= MOST_AT_ONCE:
        raise ValidationError(_("There have to be between 1 and %(most)d licenses.") % {"most": MOST_AT_ONCE})
    if trial not in YES | NO:
        raise ValidationError(_("Trial is yes, no or empty."))
    valid_until = _day(cells["valid_until"])
    if trial in YES and valid_until is None:
        raise ValidationError(_("A trial has to end: enter its last day."))
    if email:
        validate_email(email)
    known = company_named(company)
    return Line(
        number=number,
        company=known.name if known else company,
        licenses=int(cells["licenses"]),
        valid_until=valid_until,
        is_trial=trial in YES,
        email=email,
        is_new=known is None,
    )


def _day(text: str) -> datetime.date | None:
    try:
        day = datetime.date.fromisoformat(text) if text else None
    except ValueError as error:
        raise ValidationError(_("The last day has to be written as 2027-06-30.")) from error
    if day is not None and day < timezone.localdate():
        raise ValidationError(_("This day is over."))
    return day


@transaction.atomic
def carry_out_lines(lines: list[Line], *, why: Why) -> list[License]:
    """Issue the licences of all lines and have their codes mailed where an address is given; the new ones."""
    issued: list[License] = []
    for line in lines:
        company = company_named(line.company) or Company.objects.create(name=line.company)
        new = issue(company, seats=line.licenses, valid_until=line.valid_until, is_trial=line.is_trial, why=why)
        if line.email:
            mail_codes_to(line.email, company=company, licenses=new)
        issued += new
    return issued
