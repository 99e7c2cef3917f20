"""The call history as CSV and XLSX: the same calls as on the page, harmless in a spreadsheet, in flat memory."""

import csv
import datetime
import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import openpyxl
import pytest
from django.test import Client

from accounts.models import User
from calls.export import Cell, csv_lines, write_xlsx
from tests.calls.test_api import make_call
from tests.sandbox_process import REPOSITORY

BrowserOf = Callable[[User], Client]
FINNISH, ENGLISH = {"Accept-Language": "fi"}, {"Accept-Language": "en"}
FORMULA = '=HYPERLINK("http://evil.example";"Klikkaa")'


def csv_of(client: Client, headers: dict[str, str] = ENGLISH, **query: str) -> list[list[str]]:
    answer: Any = client.get("/calls/export.csv", query, headers=headers)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    text = answer.getvalue().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text), delimiter=";" if headers == FINNISH else ","))


def sheet_of(client: Client, headers: dict[str, str] = ENGLISH, **query: str) -> list[list[Any]]:
    answer: Any = client.get("/calls/export.xlsx", query, headers=headers)
    assert answer.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(answer.getvalue())).active
    assert sheet is not None
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def test_both_files_say_the_same(aino: User, bo: User, admin: Client) -> None:
    call = make_call(bo, organization_name="Kuusikon Puutarha Oy", person_name="Eero Mäkinen", person_id=5)
    (heads, row), (sheet_heads, sheet_row) = csv_of(admin), sheet_of(admin)
    assert heads == sheet_heads
    assert dict(zip(heads, row, strict=True)) == {
        "Call id": call.reference,
        "Started (Helsinki time)": "2026-11-02 09:00:00",
        "Direction": "Incoming",
        "Answered": "Yes",
        "Customer's number": "'+358400124387",
        "Person": "Eero Mäkinen",
        "Organization": "Kuusikon Puutarha Oy",
        "Rep": "bo@esimerkki.example",
        "Own number": "'+358941234567",
        "Ring time (s)": "8",
        "Talk time (s)": "172",
        "Talk time": "2 min 52 s",
        "Status": "Waiting",
        "Reason": "No contact with this number",
        "Link to the activity": "",
    }
    as_sheet = dict(zip(sheet_heads, sheet_row, strict=True))
    assert as_sheet["Started (Helsinki time)"] == datetime.datetime(2026, 11, 2, 9, 0)  # noqa: DTZ001
    assert as_sheet["Customer's number"] == "+358400124387"
    assert as_sheet["Talk time (s)"] == 172


def test_in_finnish_excel_opens_it_as_it_is(aino: User, admin: Client) -> None:
    make_call(aino, person_name="Ääkköset; ja puolipiste")
    answer: Any = admin.get("/calls/export.csv", headers=FINNISH)
    assert answer.getvalue().startswith(b"\xef\xbb\xbf")
    assert answer["Content-Disposition"].startswith('attachment; filename="puhelut-20')
    heads, row = csv_of(admin, FINNISH)
    assert heads[1] == "Alkoi (Helsingin aikaa)"
    assert "Ääkköset; ja puolipiste" in row
    assert "Odottaa" in row


@pytest.mark.parametrize("begin", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_cell_is_a_formula(aino: User, admin: Client, begin: str) -> None:
    name = f"{begin}1+1"
    make_call(aino, person_name=name, organization_name=FORMULA, customer_number_typed=name, customer_number="")
    cells = csv_of(admin)[1]
    assert cells.count(f"'{name}") == 2
    assert f"'{FORMULA}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))]
    assert FORMULA in sheet_of(admin)[1]


@pytest.mark.parametrize("read", [csv_of, sheet_of])
def test_the_filter_and_the_rights_are_the_pages(
    aino: User, bo: User, cecilia: User, staff: User, browser_of: BrowserOf, read: Callable[..., list[list[Any]]]
) -> None:
    make_call(aino, 1)
    make_call(bo, 2, answered=False)
    for number in range(3, 70):
        make_call(bo, number)
    assert len(read(browser_of(aino))) == 1 + 69
    assert len(read(browser_of(bo))) == 1 + 68
    assert len(read(browser_of(bo), answered="false")) == 1 + 1
    assert len(read(browser_of(bo), rep=aino.email)) == 1 + 68
    assert [len(read(browser_of(user))) for user in (cecilia, staff)] == [1, 1]


def test_a_filter_that_cannot_be_used_leads_to_the_page_that_says_so(aino: User, admin: Client) -> None:
    for ending in ("csv", "xlsx"):
        answer = admin.get(f"/calls/export.{ending}", {"status": "lost"})
        assert (answer.status_code, answer["Location"]) == (302, "/calls/?status=lost")


def test_what_does_not_fit_a_sheet_goes_on_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calls.export.ROWS_OF_A_SHEET", 2)
    file = io.BytesIO()
    write_xlsx(file, ["Number"], iter([[number] for number in range(4)]), name="Calls")
    book = openpyxl.load_workbook(file)
    assert {sheet.title: [row[0] for row in sheet.iter_rows(values_only=True)] for sheet in book} == {
        "Calls": ["Number", 0, 1],
        "Calls 2": ["Number", 2, 3],
    }


def test_lines_are_sent_while_they_are_read() -> None:
    rows: Iterator[list[Cell]] = iter([[number] for number in range(5_000)])
    lines = csv_lines(["Number"], rows)
    next(lines)
    next(lines)
    assert 4_000 < len(list(rows)) < 5_000


HUNDRED_THOUSAND_CALLS = """
import datetime, sys
import django
django.setup()
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.test import Client
from accounts.models import Company, User
from calls.models import Call

class Nowhere(dict):
    def __contains__(self, app):
        return True
    def __getitem__(self, app):
        return None

settings.MIGRATION_MODULES = Nowhere()
call_command("migrate", run_syncdb=True, verbosity=0)
company = Company.objects.create(name="Esimerkki Oy")
aino = User.objects.create_user("aino@esimerkki.example", company=company, is_company_admin=True, sees_all_calls=True)
Call.objects.create(
    company=company, rep=aino, rep_key="r", external_id="0", direction="in", answered=True, result="answered",
    person_name="Eero Mäkinen", person_id=1, status="logged", reason="logged", activity_id=1,
    customer_number="+358400124387", started_at=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
)
own = ("id", "external_id", "reference")
copied = [field.column for field in Call._meta.concrete_fields if field.column not in own]
columns = ", ".join(copied)
with connection.cursor() as cursor:
    cursor.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s)"
        f" INSERT INTO calls_call (external_id, reference, {columns}) SELECT i, i, {columns} FROM calls_call, n",
        [int(sys.argv[1]) - 1],
    )
client = Client()
client.force_login(aino, "django.contrib.auth.backends.ModelBackend")

def peak():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))

def read(path):
    size = 0
    for piece in client.get(path).streaming_content:
        size += len(piece)
    return size

for path in ("/calls/export.csv?until=2025-01-02", "/calls/export.xlsx?until=2025-01-02"):
    read(path)
open("/proc/self/clear_refs", "w").write("5")
before = peak()
sizes = [read("/calls/export.csv"), read("/calls/export.xlsx")]
print(peak() - before, *sizes)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the memory is read from the proc file system")
def test_a_hundred_thousand_calls_take_no_more_memory_than_a_few(tmp_path: Any) -> None:
    environment = {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path}/calls.sqlite3",
        "PYTHONPATH": str(REPOSITORY),
    }
    command = [sys.executable, "-c", HUNDRED_THOUSAND_CALLS, "100000"]
    done = subprocess.run(
        command, cwd=REPOSITORY, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    more_kibibytes, csv_bytes, xlsx_bytes = map(int, done.stdout.split())
    assert csv_bytes > 10_000_000
    assert xlsx_bytes > 1_000_000
    assert more_kibibytes < 12_000
