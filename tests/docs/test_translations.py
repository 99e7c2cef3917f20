"""The Finnish catalogue says everything, and says it whole."""

import ast
import datetime
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po
from django.utils import translation
from django.utils.formats import date_format

from tests.docs.pages import ROOT

PO = ROOT / "locale/fi/LC_MESSAGES/django.po"
SOURCES = ("accounts", "calls", "connector_portal", "integrations", "templates", "tests/docs")
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%[sd]|\{\w+\}")
MARKUP = re.compile(r"</?\w+|(?:href|src)=\"[^\"]*\"")
GETTEXT = {"_", "gettext", "gettext_lazy", "gettext_noop"}


@pytest.fixture(scope="module")
def finnish() -> Catalog:
    """The catalogue as it is in the source tree."""
    return _catalogue(PO)


def test_every_message_has_its_finnish(finnish: Catalog) -> None:
    assert [message.id for message in _messages(finnish) if not _forms(message) or not all(_forms(message))] == []


def test_no_message_is_fuzzy(finnish: Catalog) -> None:
    assert [message.id for message in _messages(finnish) if message.fuzzy] == []


def test_no_obsolete_message_is_kept(finnish: Catalog) -> None:
    assert list(finnish.obsolete) == []


def test_finnish_has_the_placeholders_and_markup_of_the_english(finnish: Catalog) -> None:
    assert [message.id for message in _messages(finnish) if not _fits(message)] == []


@pytest.mark.skipif(shutil.which("xgettext") is None, reason="GNU gettext is not installed")
def test_every_message_of_the_sources_is_in_the_catalogue(finnish: Catalog, tmp_path: Path) -> None:
    for folder in SOURCES:
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "locale").mkdir()
    command = [sys.executable, "-W", "ignore", "-m", "django", "makemessages", "-l", "fi", "-v", "0"]
    subprocess.run(command, cwd=tmp_path, env={"PATH": _path()}, check=True, capture_output=True)
    extracted = _catalogue(tmp_path / "locale/fi/LC_MESSAGES/django.po")
    assert _keys(extracted) - _keys(finnish) == set()


def test_messages_inside_f_strings_are_in_the_catalogue_though_xgettext_does_not_see_them(finnish: Catalog) -> None:
    assert {("", text) for text in _inside_f_strings()} - _keys(finnish) == set()


def test_a_moment_reads_as_finns_write_it(finnish: Catalog) -> None:
    moment = datetime.datetime(2026, 11, 22, 15, 4, tzinfo=datetime.UTC)
    with translation.override("fi"):
        assert date_format(moment, _translated(finnish, "j M Y, H:i", "date and time")) == "22.11.2026 klo 15.04"
        assert date_format(moment, _translated(finnish, "j M Y", "date")) == "22.11.2026"


def _catalogue(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale="fi")


def _messages(catalogue: Catalog) -> list[Message]:
    return [message for message in catalogue if message.id]


def _forms(message: Message) -> tuple[str, ...]:
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def _english(message: Message) -> str:
    """The message, or its plural."""
    return message.id if isinstance(message.id, str) else str(message.id[-1])


def _keys(catalogue: Catalog) -> set[tuple[str, str]]:
    messages = _messages(catalogue)
    return {
        (message.context or "", message.id if isinstance(message.id, str) else message.id[0]) for message in messages
    }


def _fits(message: Message) -> bool:
    english = _english(message)
    return all(
        sorted(PLACEHOLDER.findall(form)) == sorted(PLACEHOLDER.findall(english))
        and sorted(MARKUP.findall(form)) == sorted(MARKUP.findall(english))
        for form in _forms(message)
    )


def _inside_f_strings() -> Iterator[str]:
    for folder in ("accounts", "calls", "integrations"):
        for file in (ROOT / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(node, ast.JoinedStr):
                    yield from _gettext_calls(node)


def _gettext_calls(node: ast.JoinedStr) -> Iterator[str]:
    for call in ast.walk(node):
        if isinstance(call, ast.Call) and getattr(call.func, "id", "") in GETTEXT:
            yield str(getattr(call.args[0], "value", ""))


def _translated(catalogue: Catalog, text: str, context: str) -> str:
    message = catalogue.get(text, context)
    assert message is not None
    return str(message.string)


def _path() -> str:
    xgettext = shutil.which("xgettext")
    assert xgettext is not None
    return str(Path(xgettext).parent)
