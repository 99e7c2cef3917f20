"""Licences as files: what the list shows, and new ones from a CSV file."""

import io
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.audit_entry import AuditEntry
from accounts.licenses import issue_licenses
from accounts.models import CodeMail, Company, License, User

pytestmark = pytest.mark.django_db
IMPORT = "/admin/support/licenses/import/"
HEADER = "company;licenses;valid_until;trial;email"


class TestExport:
    def rows(self, client: Client, query: str = "") -> list[list[str]]:
        text = b"".join(client.get(f"/admin/support/licenses.csv{query}").streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        return [line.split(",") for line in text.splitlines()]

    def test_the_list_as_csv(self, support: Client, aino: User, bo: User) -> None:
        License.objects.filter(holder=bo).update(suspended_at=timezone.now())
        head, *rows = self.rows(support)
        assert head[:5] == ["Code", "Company", "Holder", "State", "Valid until"]
        codes = dict(License.objects.values_list("holder__email", "code"))
        assert {tuple(row[:4]) for row in rows} == {
            (codes[aino.email], "Esimerkki Oy", aino.email, "In use"),
            (codes[bo.email], "Esimerkki Oy", bo.email, "Suspended"),
        }

    def test_only_what_the_list_is_filtered_for(self, support: Client, aino: User, bo: User) -> None:
        issue_licenses(company_name="Toinen Oy", seats=2, valid_until=None)
        assert len(self.rows(support, "?state=free")) == 3
        assert len(self.rows(support, "?q=bo@esimerkki")) == 2
        page = support.get("/admin/accounts/license/?state=free").content.decode()
        assert "/admin/support/licenses.csv?state=free" in page

    def test_the_same_as_a_workbook(self, support: Client, bo: User) -> None:
        answer = support.get("/admin/support/licenses.xlsx")
        book = openpyxl.load_workbook(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
        cells = [[cell.value for cell in row] for row in book.active.iter_rows()]
        assert len(cells) == 3
        assert bo.email in {row[2] for row in cells}

    def test_it_is_written_down(self, support: Client, staff: User) -> None:
        support.get("/admin/support/licenses.csv")
        assert AuditEntry.objects.get(action="licenses_exported").actor == staff


class TestImport:
    def choose(self, client: Client, text: str | bytes, reason: str = "yearly contract") -> Any:
        content = text if isinstance(text, bytes) else text.encode()
        return client.post(IMPORT, {"file": SimpleUploadedFile("licenses.csv", content), "reason": reason})

    def test_it_is_shown_first_and_issued_when_confirmed(self, support: Client, aino: User, year: str) -> None:
        text = f"{HEADER}\nESIMERKKI OY;2;{year};;\nUusi Äly Oy;3;{year};yes;paivi@uusi.example\n"
        page = self.choose(support, text)
        shown = page.content.decode()
        assert "Nothing is issued yet" in shown
        assert "Uusi Äly Oy (new company)" in shown
        assert License.objects.count() == 1
        fields = {"text": text, "reason": "yearly contract", "confirmed": "1"}
        done = support.post(IMPORT, fields, follow=True).content.decode()
        assert "5 licenses were issued." in done
        new = License.objects.filter(holder=None)
        assert all(license_.code in done for license_ in new)
        assert new.filter(company=aino.company, is_trial=False).count() == 2
        assert new.filter(company__name="Uusi Äly Oy", is_trial=True).count() == 3
        assert CodeMail.objects.get().licenses.count() == 3
        assert AuditEntry.objects.filter(action="issued", reason="yearly contract").count() == 2

    def test_commas_do_as_well(self, support: Client) -> None:
        assert "Nothing is issued yet" in self.choose(support, "company,licenses\nUusi Oy,1\n").content.decode()

    @pytest.mark.parametrize(
        ("line", "says"),
        [
            (";1;;;", "name is missing"),
            ("Uusi Oy;;;;", "not a number"),
            ("Uusi Oy;0;;;", "between 1 and 500"),
            (f"Uusi Oy;{'9' * 5000};;;", "between 1 and 500"),
            ("Uusi Oy;501;;;", "between 1 and 500"),
            ("Uusi Oy;1;30.6.2027;;", "written as 2027-06-30"),
            ("Uusi Oy;1;2020-01-01;;", "This day is over"),
            ("Uusi Oy;1;;yes;", "A trial has to end"),
            ("Uusi Oy;1;;maybe;", "yes, no or empty"),
            ("Uusi Oy;1;;;paivi", "valid email"),
        ],
    )
    def test_one_wrong_line_keeps_all_back(self, support: Client, line: str, says: str) -> None:
        text = f"{HEADER}\nHyvä Oy;1;;;\n{line}\n"
        page = self.choose(support, text).content.decode()
        assert "some lines are wrong" in page
        assert says in page
        support.post(IMPORT, {"text": text, "reason": "yearly contract", "confirmed": "1"})
        assert (License.objects.count(), Company.objects.count()) == (0, 0)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "submitted file is empty"),
            ("name;count\nUusi Oy;1\n", "has to name the columns"),
            (f"{HEADER};color\nUusi Oy;1;;;;red\n", "has to name the columns"),
            (f"{HEADER}\n", "between 1 and 200 lines"),
            (f"{HEADER}\n" + "Uusi Oy;1;;;\n" * 201, "between 1 and 200 lines"),
            (f"{HEADER}\nÄly Oy;1\n".encode("latin-1"), "not in UTF-8"),
            (b"x" * 100_001, "too large"),
            (f"{HEADER}\nUusi\rOy;1;;;\n", "No table can be read"),
            (f"{HEADER}\n" + "Uusi Oy;500;;;\n" * 11, "at most 5000 licenses"),
        ],
    )
    def test_a_file_that_cannot_be_read_is_told(self, support: Client, text: str | bytes, says: str) -> None:
        assert says in self.choose(support, text).content.decode()

    def test_without_a_reason_nothing_is_shown(self, support: Client) -> None:
        assert "This field is required" in self.choose(support, f"{HEADER}\nUusi Oy;1;;;\n", reason="").content.decode()


@pytest.fixture
def year() -> str:
    """A last day that is to come."""
    return timezone.localdate().replace(year=timezone.localdate().year + 1, day=1).isoformat()
