"""Tables for a file to take along: each as JSON for programs and as CSV for a spreadsheet."""

import csv
import io
import json
import shutil
import tempfile
import zipfile
from collections.abc import Iterable
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from calls.export import Cell, defused


def add_json(archive: zipfile.ZipFile, name: str, data: Any) -> None:
    """Add `<name>.json`."""
    archive.writestr(f"{name}.json", _json(data))


def add_table(archive: zipfile.ZipFile, name: str, *, columns: Iterable[str], rows: Iterable[dict[str, Any]]) -> None:
    """Add `<name>.json` and `<name>.csv`. The rows are read once and one at a time: an archive takes one file after the
    other, so the second one waits on the disk.
    """
    heads, separator = list(columns), "[\n"
    with tempfile.TemporaryFile() as kept:
        # With the mark by which Excel knows UTF-8.
        text = io.TextIOWrapper(kept, encoding="utf-8-sig", newline="", write_through=True)
        writer = csv.writer(text)
        writer.writerow(heads)
        with archive.open(f"{name}.json", "w", force_zip64=True) as member:
            for row in rows:
                member.write((separator + _json(row)).encode())
                writer.writerow([_cell(row[head]) for head in heads])
                separator = ",\n"
            member.write(b"[]\n" if separator == "[\n" else b"\n]\n")
        text.detach()
        kept.seek(0)
        with archive.open(f"{name}.csv", "w", force_zip64=True) as member:
            shutil.copyfileobj(kept, member)


def _json(data: Any) -> str:
    return json.dumps(data, cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)


def _cell(value: Any) -> Cell:
    if isinstance(value, dict):
        value = value.get("name") or value.get("id") or _json(value)
    elif isinstance(value, list):
        value = ", ".join(map(str, value))
    return defused("" if value is None else str(value))
