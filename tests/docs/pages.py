"""The documentation as the tests read it: pages, and what they put into code style."""

import re
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Page:
    """A Markdown file."""

    path: Path

    def __str__(self) -> str:
        return str(self.path.relative_to(ROOT))

    @cached_property
    def text(self) -> str:
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def blocks(self) -> list[tuple[str, str]]:
        """Fenced blocks: language and content."""
        return FENCE.findall(self.text)

    @cached_property
    def prose(self) -> str:
        """All that is not a fenced block."""
        return FENCE.sub("", self.text)

    @cached_property
    def spans(self) -> list[str]:
        """Words in code style."""
        return re.findall(r"`([^`\n]+)`", self.prose)

    @cached_property
    def code(self) -> list[str]:
        """Everything in code style: spans, and each line of a block."""
        return self.spans + [line for _language, block in self.blocks for line in block.splitlines()]

    @cached_property
    def links(self) -> list[str]:
        """Where its links and pictures point."""
        return re.findall(r"\]\(([^)\s]+)\)", self.prose)

    @cached_property
    def anchors(self) -> set[str]:
        """The names of its headings in links."""
        headings = re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)
        return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}

    def first_cells(self) -> list[str]:
        """The first cell of each table row that is one word in code style."""
        return re.findall(r"^\| `([^`]+)` \|", self.prose, re.MULTILINE)


def page(name: str) -> Page:
    """One page by its path."""
    return Page(ROOT / name)


def all_pages() -> list[Page]:
    """README, changelog and everything in docs."""
    return [page("README.md"), page("CHANGELOG.md"), *map(Page, sorted((ROOT / "docs").rglob("*.md")))]
