"""The HTML of a mail, made from its text, so that the two never say different things.

A text is made of paragraphs with an empty line between them. `- ` begins an item of a list; a line that ends in a colon
with an address alone below it is a button; an address alone is a link.
"""

import re
from dataclasses import dataclass, field

from django.template.loader import render_to_string

SIGNATURE = "\n-- \n"
URL = re.compile(r"https?://\S+")


@dataclass(frozen=True, kw_only=True)
class Block:
    """A paragraph, a list or a button: what a mail is made of."""

    kind: str
    text: str = ""
    url: str = ""
    items: list[str] = field(default_factory=list)


def html_of(text: str, *, subject: str) -> str:
    """The same mail as a page of its own."""
    body, _dashes, signature = text.partition(SIGNATURE)
    blocks = [_block(each) for each in re.split(r"\n\s*\n", body.strip())]
    lines = [_line(each) for each in signature.strip().splitlines()]
    context = {"subject": subject, "blocks": blocks, "signature": lines}
    return render_to_string("email/base.html", context)


def _line(line: str) -> Block:
    """A line below the mail: text, or what a link does and its address."""
    link = re.fullmatch(r"(.+): (https?://\S+)", line)
    return Block(kind="link", text=link[1], url=link[2]) if link else Block(kind="text", text=line)


def _block(paragraph: str) -> Block:
    lines = [line.strip() for line in paragraph.strip().splitlines()]
    if all(line.startswith("- ") for line in lines):
        return Block(kind="list", items=[line.removeprefix("- ") for line in lines])
    if URL.fullmatch(lines[-1]) and len(lines) == 1:
        return Block(kind="link", url=lines[0])
    if URL.fullmatch(lines[-1]) and len(lines) == 2 and lines[0].endswith(":"):
        return Block(kind="button", text=lines[0].removesuffix(":"), url=lines[1])
    return Block(kind="text", text="\n".join(lines))
