"""The HTML of a mail is made from its text."""

import pytest

from accounts.mail_html import html_of

TEXT = """Hello,

Something <has> happened.
Twice.

Open the page:
https://x.example/a?b=1&c=2

- one
- two https://x.example/two

https://x.example/alone

--\x20
Mustalinja Connector
Stop these emails: https://x.example/stop/
"""


@pytest.fixture
def html() -> str:
    return " ".join(html_of(TEXT, subject="A & B").split())


def test_what_is_written_is_text_and_never_markup(html: str) -> None:
    assert "Something &lt;has&gt; happened.<br>Twice." in html
    assert "<title>A &amp; B</title>" in html


def test_a_line_with_an_address_below_it_is_a_button(html: str) -> None:
    assert 'href="https://x.example/a?b=1&amp;c=2"' in html
    assert ">Open the page</a>" in html


def test_an_address_alone_is_a_link(html: str) -> None:
    assert ">https://x.example/alone</a>" in html


def test_lines_with_hyphens_are_a_list(html: str) -> None:
    assert html.count("<li ") == 2
    assert ">one</li>" in html


def test_the_signature_stands_below_and_its_links_have_names(html: str) -> None:
    assert 'href="https://x.example/stop/"' in html
    assert ">Stop these emails</a>" in html
    assert html.index("Mustalinja Connector<br>") > html.index("</ul>")
