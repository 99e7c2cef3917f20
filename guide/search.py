"""Searching the FAQ and the documentation in the reader's language.

A word is found by its stem, wherever it stands in a word: Finnish puts words together and bends them. Case and
diacritics do not count, and any telephone number means the word for it.
"""

import math
import re
import unicodedata
from dataclasses import dataclass
from functools import cache

import snowballstemmer
from django.utils.text import Truncator

from guide.pages import LANGUAGES, Page, Section, all_pages

STEMMERS = {"fi": "finnish", "en": "english"}
NUMBER_WORD = {"fi": "numero", "en": "number"}
TELEPHONE_NUMBER = re.compile(r"\+?\d[\d\s()/.-]{4,}\d")
WORD = re.compile(r"\w+")
LONGEST_QUERY = 200
SHORTEST_INSIDE = 4
"""A shorter stem has to stand at the beginning of a word."""
AT_MOST = 12
GOOD_ENOUGH = 0.35
"""Of the best score; what has less is chaff."""
EXCERPT_WORDS = 32
IN_TITLE, IN_TEXT = 5, 1
TIE_BREAK = 0.1
"""Of two titles that have the word, the shorter one is more about it."""


@dataclass(frozen=True, kw_only=True)
class Hit:
    """A section that answers."""

    page: Page
    section: Section

    @property
    def url(self) -> str:
        return f"{self.page.get_absolute_url()}#{self.section.anchor}"

    @property
    def excerpt(self) -> str:
        return Truncator(self.section.text).words(EXCERPT_WORDS)


@dataclass(frozen=True, kw_only=True)
class _Entry:
    hit: Hit
    title: frozenset[str]
    text: frozenset[str]

    def weight(self, stem: str) -> float:
        if any(_has(word, stem) for word in self.title):
            return IN_TITLE + TIE_BREAK / len(self.title)
        return IN_TEXT if any(_has(word, stem) for word in self.text) else 0


def search(query: str, language: str) -> list[Hit]:
    """The sections that answer best, the best first. A word counts by how few sections have it."""
    language = language if language in LANGUAGES else "en"
    entries = _entries(language)
    scores = [0.0] * len(entries)
    for stem in _stems(query[:LONGEST_QUERY], language):
        weights = [entry.weight(stem) for entry in entries]
        rarity = math.log(1 + len(entries) / (1 + sum(map(bool, weights))))
        scores = [score + weight * rarity for score, weight in zip(scores, weights, strict=True)]
    enough = max(scores) * GOOD_ENOUGH
    found = [(score, entry.hit) for score, entry in zip(scores, entries, strict=True) if score and score >= enough]
    return [hit for _score, hit in sorted(found, key=lambda each: -each[0])[:AT_MOST]]


def _stems(text: str, language: str) -> list[str]:
    words = WORD.findall(TELEPHONE_NUMBER.sub(f" {NUMBER_WORD[language]} ", text).lower())
    stemmer = snowballstemmer.stemmer(STEMMERS[language])
    return list(dict.fromkeys(_folded(stem) for stem in stemmer.stemWords(words)))


def _words(text: str, language: str) -> frozenset[str]:
    """As they stand and as stems: the stem of `tallennettu` is no part of it."""
    return frozenset(WORD.findall(_folded(text))) | frozenset(_stems(text, language))


def _has(word: str, stem: str) -> bool:
    return stem in word if len(stem) >= SHORTEST_INSIDE else word.startswith(stem)


def _folded(text: str) -> str:
    """Without case and diacritics: `Ä` is `a`."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


@cache
def _entries(language: str) -> tuple[_Entry, ...]:
    return tuple(
        _Entry(
            hit=Hit(page=page, section=section),
            title=_words(section.title, language),
            text=_words(section.text, language),
        )
        for page in all_pages(language)
        for section in page.sections
    )
