"""The FAQ and the documentation: both languages say the same, whatever they link to is there, and a search finds it."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.test import Client

from calls.reasons import Reason, Status
from guide.pages import DOCUMENTATION, FAQ, all_pages, read_page
from guide.search import search
from integrations.phone_numbers import numbers_in
from tests.sandbox_process import REPOSITORY

pytestmark = pytest.mark.django_db
SLUGS = (FAQ, *DOCUMENTATION)
LANGUAGES = ("fi", "en")
PUBLIC = ("/", "/faq/", "/documentation/", *(f"/documentation/{slug}/" for slug in DOCUMENTATION))
HEAVIEST_PAGE = 60 * 1024
HEAVIEST_PICTURE = 150 * 1024
OLD_QUESTIONS = [
    "order",
    "install",
    "credentials",
    "is-it-working",
    "matching",
    "where",
    "what",
    "not-logged",
    "colleague",
    "voip",
    "start-call",
    "number-formats",
]


class Html(HTMLParser):
    """The links, pictures and anchors of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.links, self.anchors, self.pictures = list[str](), list[str](), list[dict[str, str | None]]()
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))
        if tag == "img":
            self.pictures.append(given)
        if given.get("id"):
            self.anchors.append(str(given["id"]))


def browser(language: str) -> Client:
    return Client(headers={"accept-language": language})


def html_of(path: str, language: str) -> str:
    answer = browser(language).get(path)
    assert answer.status_code == 200, path
    assert f'<html lang="{language}">' in answer.content.decode()
    return answer.content.decode()


def markdown_of(slug: str, language: str) -> str:
    return (REPOSITORY / "guide" / "texts" / language / f"{slug}.md").read_text()


class TestBothLanguages:
    @pytest.mark.parametrize("slug", SLUGS)
    def test_have_the_same_sections_in_the_same_order(self, slug: str) -> None:
        outlines = [
            [(section.level, section.anchor) for section in read_page(slug, language).sections]
            for language in LANGUAGES
        ]
        assert outlines[0] == outlines[1]
        assert len(outlines[0]) == len(set(outlines[0])) > 2

    @pytest.mark.parametrize("slug", SLUGS)
    def test_lead_to_the_same_places(self, slug: str) -> None:
        def targets(language: str) -> list[str]:
            links = re.findall(r"\]\(([^)]+)\)", markdown_of(slug, language))
            return sorted(link.replace(f"/docs/{language}/", "/docs/") for link in links)

        assert targets("fi") == targets("en")

    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("slug", SLUGS)
    def test_answer_under_every_heading(self, slug: str, language: str) -> None:
        page = read_page(slug, language)
        assert page.title
        assert page.lead
        assert [section.anchor for section in page.sections if len(section.text) < 20] == []

    def test_no_heading_lacks_its_anchor(self) -> None:
        headings = [
            (slug, line)
            for slug in SLUGS
            for language in LANGUAGES
            for line in markdown_of(slug, language).splitlines()[1:]
            if line.startswith("#") and not re.search(r" \{#[\w-]+\}$", line)
        ]
        assert headings == []

    def test_another_language_reads_english(self) -> None:
        assert read_page(FAQ, "sv").title == read_page(FAQ, "en").title


@pytest.mark.parametrize("language", LANGUAGES)
class TestPages:
    def test_every_link_and_anchor_is_there(self, language: str) -> None:
        pages = {path: Html(html_of(path, language)) for path in PUBLIC}
        inner = {
            (path, link)
            for path, page in pages.items()
            for link in page.links
            if not re.match(r"(https|mailto|tel):", link)
        }
        targets = {link.partition("#")[0] or path for path, link in inner}
        there = {target for target in targets if browser(language).get(target, follow=True).status_code == 200}
        assert targets - there == set()
        lost = [
            (path, link)
            for path, link in inner
            if "#" in link and link.partition("#")[2] not in pages[link.partition("#")[0] or path].anchors
        ]
        assert lost == []

    @pytest.mark.parametrize("path", PUBLIC)
    def test_a_page_is_light_and_its_anchors_are_its_own(self, path: str, language: str) -> None:
        html = html_of(path, language)
        assert len(html.encode()) < HEAVIEST_PAGE
        anchors = Html(html).anchors
        assert len(anchors) == len(set(anchors))

    def test_pictures_are_there_described_and_small(self, language: str) -> None:
        pictures = [picture for path in PUBLIC for picture in Html(html_of(path, language)).pictures]
        for picture in pictures:
            source = str(picture["src"])
            file = REPOSITORY / source.removeprefix("/")
            assert file.stat().st_size < HEAVIEST_PICTURE, source
            assert picture.get("alt") or source.endswith("logo.svg"), source

    def test_the_faq_answers_every_question_of_old(self, language: str) -> None:
        anchors = [section.anchor for section in read_page(FAQ, language).sections]
        assert anchors[: len(OLD_QUESTIONS)] == OLD_QUESTIONS

    def test_the_faq_leads_to_the_shop_to_support_and_to_a_new_account(self, language: str) -> None:
        links = Html(html_of("/faq/", language)).links
        for link in ("https://www.saashop.fi/", "mailto:asiakaspalvelu@saashop.fi", "tel:+358108415665"):
            assert link in links
        assert "/accounts/signup/" in links

    def test_every_page_leads_to_faq_documentation_and_privacy(self, language: str) -> None:
        links = Html(html_of("/accounts/login/", language)).links
        assert {"/faq/", "/documentation/", "/documentation/privacy/"} <= set(links)

    def test_every_status_and_reason_is_explained(self, language: str) -> None:
        anchors = {section.anchor for section in read_page("calls", language).sections}
        assert anchors == {*Status.values, *Reason.values}

    def test_the_numbers_said_to_be_the_same_are_read_as_one(self, language: str) -> None:
        sections = {section.anchor: section for section in read_page("numbers", language).sections}
        same = re.findall(r"<code>(.+?)</code>", sections["same-number"].html)
        assert len(same) >= 8
        assert [number for number in same if numbers_in(number) != {"+358400124387"}] == []
        unreadable = re.findall(r"<code>(.+?)</code>", sections["unreadable"].html)
        assert [number for number in unreadable if numbers_in(number)] == ["+46 8 123 456 78"]
        several = re.findall(r"<code>(.+?)</code>", sections["several-in-one-field"].html)
        assert [len(numbers_in(number)) for number in several] == [2, 2]


def test_a_page_that_nobody_wrote_is_not_found() -> None:
    assert Client().get("/documentation/faq/").status_code == 404
    assert Client().get("/documentation/no-such-page/").status_code == 404


def test_no_text_file_is_left_out() -> None:
    for language in LANGUAGES:
        files = {path.stem for path in Path(REPOSITORY / "guide" / "texts" / language).iterdir()}
        assert files == set(SLUGS)


class TestSearch:
    @pytest.mark.parametrize(
        ("language", "query", "expected"),
        [
            ("fi", "0400124387 muoto", "number-formats"),
            ("fi", "+358 50 999 8877 muoto", "number-formats"),
            ("fi", "MUODOSSA", "number-formats"),
            ("fi", "kayttajan lisenssi", "no_license"),
            ("fi", "voip", "voip"),
            ("fi", "miksi puheluita ei tallenneta", "not-logged"),
            ("fi", "api-tunnukset", "credentials"),
            ("fi", "evästeet", "cookies"),
            ("fi", "EVASTE", "cookies"),
            ("fi", "työkaverin puhelut", "colleague"),
            ("en", "0400124387 format", "number-formats"),
            ("en", "cookie", "cookies"),
            ("en", "colleagues", "colleague"),
            ("en", "where do i get the api credentials", "credentials"),
            ("en", "Start call", "start-call"),
        ],
    )
    def test_it_finds_the_answer(self, language: str, query: str, expected: str) -> None:
        assert expected in [hit.section.anchor for hit in search(query, language)][:3]

    @pytest.mark.parametrize("query", ["", "   ", "???", "xylofonikvartetti"])
    def test_it_finds_nothing_where_nothing_is(self, query: str) -> None:
        assert search(query, "fi") == []

    def test_whatever_a_title_says_leads_to_its_section(self) -> None:
        for language in LANGUAGES:
            for page in all_pages(language):
                for section in page.sections:
                    assert section in [hit.section for hit in search(section.title, language)], section.title

    @pytest.mark.parametrize("language", LANGUAGES)
    def test_each_hit_leads_to_its_place(self, language: str) -> None:
        page = Html(html_of("/documentation/search/?q=pipedrive", language))
        found = [link for link in page.links if "#" in link and not link.startswith("#")]
        assert len(found) > 5
        for link in found:
            path, _hash, anchor = link.partition("#")
            assert anchor in Html(html_of(path, language)).anchors

    def test_a_question_without_answer_leads_to_support(self) -> None:
        html = html_of("/documentation/search/?q=xylofonikvartetti", "en")
        assert "Nothing was found" in html
        assert "mailto:asiakaspalvelu@saashop.fi" in html

    def test_what_was_typed_is_only_shown(self) -> None:
        html = html_of("/documentation/search/?q=%3Cscript%3Ealert(1)%3C/script%3E", "en")
        assert "<script>alert" not in html
