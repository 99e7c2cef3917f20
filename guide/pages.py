"""The FAQ and the documentation: Markdown files, one for each page and language, read once.

A file begins with `# Title` and a paragraph that says what the page is for. Each heading below names its anchor, the
same in every language: `## Heading {#anchor}`.
"""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.urls import reverse
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TEXTS = Path(__file__).resolve().parent / "texts"
LANGUAGES = ("fi", "en")
FAQ = "faq"
DOCUMENTATION = ("rep", "admin", "calling", "numbers", "calls", "privacy", "api", "words")
"""The pages of the documentation in the order in which they are listed."""
HEADING = re.compile(r"^(##+) (.+) \{#([\w-]+)\}$", re.MULTILINE)
MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True, kw_only=True)
class Section:
    """A heading and what stands under it.

    Attributes:
        level: 2 for a heading of the page, 3 for one below that.
    """

    anchor: str
    title: str
    level: int
    html: SafeString

    @property
    def text(self) -> str:
        return " ".join(strip_tags(self.html).split())


@dataclass(frozen=True, kw_only=True)
class Page:
    """One page in one language."""

    slug: str
    title: str
    lead: str
    sections: tuple[Section, ...]

    def get_absolute_url(self) -> str:
        return reverse("guide:faq") if self.slug == FAQ else reverse("guide:page", args=[self.slug])


@cache
def read_page(slug: str, language: str) -> Page:
    """A page as the file says it; other languages than ours read English."""
    path = TEXTS / (language if language in LANGUAGES else "en") / f"{slug}.md"
    opening, *parts = HEADING.split(path.read_text(encoding="utf-8"))
    title, _newline, lead = opening.removeprefix("# ").partition("\n")
    return Page(slug=slug, title=title, lead=" ".join(lead.split()), sections=tuple(_sections(parts)))


def _sections(parts: list[str]) -> list[Section]:
    """Marks, title, anchor and text of one heading after the other."""
    quadruples = zip(*(parts[start::4] for start in range(4)), strict=True)
    return [
        Section(
            anchor=anchor,
            title=title,
            level=len(marks),
            # The files are ours, and raw HTML in them is shown as text.
            html=mark_safe(MARKDOWN.render(text)),  # noqa: S308
        )
        for marks, title, anchor, text in quadruples
    ]


def documentation(language: str) -> list[Page]:
    """Every page of the documentation."""
    return [read_page(slug, language) for slug in DOCUMENTATION]


def all_pages(language: str) -> list[Page]:
    """Whatever can be searched."""
    return [read_page(FAQ, language), *documentation(language)]
