"""From the search box to the file: a filter is set and taken away, a call appears by itself, calls are taken along."""

import csv
import io
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.chromium import DESKTOP, PHONE, Watch, log_in_as, open_context, overflow
from tests.portal.tenants import Person, Tenant

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("size", "language", "words"),
    [
        (DESKTOP, "en-GB", ("Search", "Show calls", "Remove the filter:", "CSV", "XLSX", "Katri Lehtonen", ",")),
        (PHONE, "fi-FI", ("Haku", "Näytä puhelut", "Poista rajaus:", "CSV", "XLSX", "Katri Lehtonen", ";")),
    ],
)
def test_calls_are_searched_watched_and_exported(
    company: tuple[Tenant, Person],
    chromium: Browser,
    watch: Watch,
    size: tuple[int, int],
    language: str,
    words: tuple[str, ...],
) -> None:
    tenant, aino = company
    search, show, remove, as_csv, as_xlsx, name, separator = words
    with open_context(chromium, size=size, language=language) as context:
        context.on("page", watch.over)
        log_in_as(context, aino.browser)
        page = context.new_page()
        page.goto(f"{tenant.portal.url}/calls/")
        everything = page.locator("#live-calls tbody tr").count()
        page.get_by_label(search, exact=True).fill("lehto")
        page.get_by_role("button", name=show).first.click()
        expect(page.locator("#live-calls tbody tr")).to_have_count(1)
        expect(page.locator("#live-calls")).to_contain_text(name)
        assert overflow(page) == 0
        lines = list(csv.reader(io.StringIO(download(page, as_csv).decode("utf-8-sig")), delimiter=separator))
        assert [line[5] for line in lines[1:]] == [name]
        rows = list(openpyxl.load_workbook(io.BytesIO(download(page, as_xlsx))).worksheets[0].values)
        assert [row[5] for row in rows[1:]] == [name]
        page.get_by_role("link", name=remove).click()
        expect(page.locator("#live-calls tbody tr")).to_have_count(everything)
        tenant.ring(aino, from_="anonymous", hidden=True)
        expect(page.locator("#live-calls tbody tr")).to_have_count(everything + 1, timeout=15_000)


def download(page: Page, kind: str) -> bytes:
    """Return the file behind a link."""
    with page.expect_download() as started:
        page.get_by_role("link", name=kind).click()
    return Path(started.value.path()).read_bytes()
