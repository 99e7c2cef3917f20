"""What the documentation names exists, and what must be documented is."""

import ast
import datetime
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

from calls.reasons import REASONS_OF
from calls.schedules import EVERY_MINUTES
from integrations.mustalinja.webhook import parse
from tests.docs.pages import ROOT, Page, all_pages, page

PAGES = pytest.mark.parametrize("doc", all_pages(), ids=str)
MADE_LATER = {".env", "db.sqlite3"}
READER = re.compile(r"env\.\w+|os\.environ\.get|os\.getenv|chosen_port|_seconds")
"""What takes the name of an environment variable first."""


@PAGES
def test_every_make_target_exists(doc: Page) -> None:
    targets = re.findall(r"^([.a-z-]+):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = [name for code in doc.code for name in re.findall(r"(?:^|\s)make ([.a-z][a-z-]*)", code)]
    assert set(named) <= set(targets)


@PAGES
def test_every_management_command_exists(doc: Page) -> None:
    named = {name for code in doc.code for name in re.findall(r"manage\.py ([a-z_]+)", code)}
    assert named <= set(get_commands())


@PAGES
def test_every_file_named_exists(doc: Page) -> None:
    missing = [name for name in _files_named(doc) if not (ROOT / name).exists()]
    assert missing == []


@PAGES
def test_every_name_said_to_be_in_a_file_is_there(doc: Page) -> None:
    said = re.findall(r"`(\w+)`\s+in\s+`([\w/]+\.py)`", doc.prose)
    assert [(name, file) for name, file in said if not re.search(rf"\b{name}\b", (ROOT / file).read_text())] == []


@PAGES
def test_every_address_of_the_portal_leads_somewhere(doc: Page) -> None:
    dead = []
    for code in doc.code:
        address = re.fullmatch(r"(?:(?:GET|POST|PUT|PATCH|DELETE) )?(/[^\s]*)", code)
        if address and not _leads_somewhere(re.sub(r"<\w+>", "1", address[1].partition("?")[0])):
            dead.append(code)
    assert dead == []


@PAGES
def test_every_relative_link_leads_to_a_file_and_its_heading(doc: Page) -> None:
    dead = []
    for link in doc.links:
        if re.match(r"(https?|mailto):", link):
            continue
        name, _hash, anchor = link.partition("#")
        target = Page((doc.path.parent / name).resolve() if name else doc.path)
        if not target.path.exists() or (anchor and anchor not in target.anchors):
            dead.append(link)
    assert dead == []


def test_every_page_is_reached_from_the_readme() -> None:
    reached, to_read = set[Path](), [ROOT / "README.md"]
    while to_read:
        here = Page(to_read.pop())
        reached.add(here.path)
        targets = {(here.path.parent / link.partition("#")[0]).resolve() for link in here.links if "://" not in link}
        to_read += [path for path in targets - reached if path.suffix == ".md" and path.exists()]
    assert {doc.path for doc in all_pages()} <= reached


def test_every_environment_variable_read_is_documented_and_every_documented_one_is_read() -> None:
    documented = {name for name in page("docs/configuration.md").first_cells() if name.isupper()}
    read = {*_variables_read(ROOT / "connector_portal"), *_variables_read(ROOT / "sandbox")}
    assert documented == read


def test_the_example_environment_names_documented_variables_only() -> None:
    named = re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert named
    assert set(named) <= set(page("docs/configuration.md").first_cells())


def test_every_requirement_has_its_reason() -> None:
    required = {
        name.lower()
        for file in ("requirements.txt", "requirements-dev.txt")
        for name in re.findall(r"^([A-Za-z][\w.-]*)", (ROOT / file).read_text(), re.MULTILINE)
    }
    assert set(page("docs/decisions/0001-dependencies.md").first_cells()) == required


def test_the_table_of_reasons_is_that_of_the_code() -> None:
    rows = re.findall(r"^\| (\w+) \| (`.+) \|$", page("docs/architecture.md").prose, re.MULTILINE)
    table = {status: set(re.findall(r"`(\w+)`", reasons)) for status, reasons in rows if status in set(REASONS_OF)}
    assert table == {status: set(reasons) for status, reasons in REASONS_OF.items()}


def test_the_table_of_periodic_jobs_is_that_of_the_code() -> None:
    jobs = {name for name in page("docs/architecture.md").first_cells() if re.match(r"\w+\.tasks\.", name)}
    assert jobs == set(EVERY_MINUTES)


def test_the_example_bodies_are_read_as_calls() -> None:
    bodies = [block for language, block in page("docs/mustalinja.md").blocks if language == "json"]
    assert bodies
    for body in bodies:
        event = parse(body.encode(), received_at=datetime.datetime(2026, 3, 1, 7, 4, tzinfo=datetime.UTC))
        assert event.call is not None
        assert event.call.customer_number is not None
        assert event.call.customer_number.e164 == "+358400124387"
        assert event.call.started_at == datetime.datetime(2026, 3, 1, 7, 0, tzinfo=datetime.UTC)
        assert event.unknown == []


def _files_named(doc: Page) -> Iterator[str]:
    """Paths in code style that begin with a folder of ours or end like a file of ours."""
    words = [*doc.spans, *(word for _language, block in doc.blocks for word in re.findall(r"[\w./-]+/\w+\.py", block))]
    for word in words:
        if not re.fullmatch(r"[\w.-]+(/[\w.-]*)*", word) or word in MADE_LATER:
            continue
        begins_like_ours = "/" in word and (ROOT / word.partition("/")[0]).is_dir()
        if begins_like_ours or re.search(r"\.(py|md|toml|txt|po|html|example)$", word):
            yield word


def _leads_somewhere(path: str) -> bool:
    try:
        resolve(path)
    except Resolver404:
        return False
    return True


def _variables_read(folder: Path) -> Iterator[str]:
    for file in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
                continue
            reader, name = node.func, node.args[0].value
            if READER.fullmatch(ast.unparse(reader)) and isinstance(name, str) and name.isupper():
                yield name
