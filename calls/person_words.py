"""The words of the names of persons that calls were logged to, so that a call is found by any part of a name.

A database finds the beginning of a column by an index, and not a word in the middle of it; and each database has its
own idea of letters. So each word of a name is a row of its own, in plain small letters, found by its first three.
"""

import re
import unicodedata
from typing import ClassVar

from django.db import models
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Company

INITIAL_LETTERS = 3
LONGEST_WORD = 60
WORDS_OF_A_NAME = 8
DELETED_AT_ONCE = 500
MANY_PERSONS = 500
"""So many are looked up one by one; the calls of more are so frequent that the newest calls are looked through."""


class PersonWord(models.Model):
    """A word of the name of a person of Pipedrive, as a call of the company has it."""

    company = models.ForeignKey(
        Company, models.CASCADE, related_name="+", verbose_name=_("company"), db_index=False, editable=False
    )
    initial = models.CharField(max_length=INITIAL_LETTERS, editable=False)
    word = models.CharField(max_length=LONGEST_WORD, editable=False)
    person_id = models.BigIntegerField(_("person in Pipedrive"), editable=False)

    class Meta:
        verbose_name = _("word of a name")
        verbose_name_plural = _("words of names")
        # The person before the word: for a usual name each call that is looked through asks whether its person has it.
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "initial", "person_id", "word"], name="person_word_once"),
        ]

    def __str__(self) -> str:
        return self.word


def words_of(name: str) -> list[str]:
    """`Åsa Mäki-Aho` as `asa`, `maki`, `aho`: what people type has other letters, marks and hyphens."""
    plain = unicodedata.normalize("NFKD", name.casefold())
    without_marks = "".join(letter for letter in plain if not unicodedata.combining(letter))
    return [word[:LONGEST_WORD] for word in re.findall(r"[^\W_]+", without_marks)][:WORDS_OF_A_NAME]


def word_rows(*, company_id: int, person_id: int, name: str) -> list[PersonWord]:
    return [
        PersonWord(company_id=company_id, initial=word[:INITIAL_LETTERS], word=word, person_id=person_id)
        for word in dict.fromkeys(words_of(name))
    ]


def remember_name(*, company_id: int, person_id: int, name: str) -> None:
    """A call is about to be logged to this person; a name that is known already changes nothing."""
    PersonWord.objects.bulk_create(
        word_rows(company_id=company_id, person_id=person_id, name=name), ignore_conflicts=True
    )


def calls_with(calls: QuerySet, typed: str, *, company_id: int) -> QuerySet:  # type: ignore[type-arg]
    """The calls with persons in whose names each typed word begins a word; one or two letters are a whole word."""
    words = words_of(typed)
    if not words:
        return calls.none()
    # A call that was made private has lost the name, and is not to be found by it.
    calls = calls.exclude(person_name="")
    first, *others = (_with_word(word, company_id=company_id) for word in words)
    persons = first
    for other in others:
        persons = persons.filter(person_id__in=other.values("person_id"))
    few = list(persons.order_by().values_list("person_id", flat=True).distinct()[: MANY_PERSONS + 1])
    if len(few) <= MANY_PERSONS:
        return calls.filter(person_id__in=few)
    return calls.filter(Exists(persons.filter(person_id=OuterRef("person_id"))))


def forget_names(named_calls: QuerySet) -> None:  # type: ignore[type-arg]
    """Delete the words of persons of whom no call has the name any more."""
    named = named_calls.filter(company=OuterRef("company"), person_id=OuterRef("person_id"))
    stale = list(PersonWord.objects.filter(~Exists(named)).values_list("pk", flat=True))
    for first in range(0, len(stale), DELETED_AT_ONCE):
        PersonWord.objects.filter(pk__in=stale[first : first + DELETED_AT_ONCE]).delete()


def _with_word(word: str, *, company_id: int) -> "QuerySet[PersonWord]":
    words = PersonWord.objects.filter(company_id=company_id, initial=word[:INITIAL_LETTERS])
    return words.filter(word__startswith=word) if len(word) >= INITIAL_LETTERS else words.filter(word=word)
