"""Reading pages as people do: by their words and by the words of their links."""

import re
from html import unescape
from html.parser import HTMLParser
from typing import Any


class _Links(HTMLParser):
    """Collects links with their words; those inside an element of a class only, where one is given."""

    def __init__(self, within: str) -> None:
        super().__init__()
        self.within, self.depth, self.inside = within, 0, not within
        self.links: list[tuple[str, str]] = []
        self.address: str | None = None
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fields = dict(attrs)
        if self.within and (self.depth or self.within in (fields.get("class") or "").split()):
            self.depth += tag not in VOID
        if tag == "a" and (self.depth or not self.within):
            self.address, self.words = fields.get("href") or "", []

    def handle_endtag(self, tag: str) -> None:
        if self.depth:
            self.depth -= 1
        if tag == "a" and self.address is not None:
            self.links.append((" ".join("".join(self.words).split()), self.address))
            self.address = None

    def handle_data(self, data: str) -> None:
        if self.address is not None:
            self.words.append(data)


VOID = {"br", "hr", "img", "input", "link", "meta", "path", "circle"}


def links_of(page: Any, *, within: str = "") -> dict[str, str]:
    """The addresses of a page's links by their words, in the order of the page; of the same words the first."""
    parser = _Links(within)
    parser.feed(page.content.decode())
    links: dict[str, str] = {}
    for words, address in parser.links:
        links.setdefault(words, address)
    return links


def text_of(page: Any) -> str:
    """The words of a page as they stand there."""
    html = re.sub(r"(?s)<(script|style|svg)\b.*?</\1>", " ", page.content.decode())
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())
