"""The filters that are set, each as a chip that takes it away again."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict

from accounts.readable import day_words
from calls.filters import CallPageFilter


@dataclass(frozen=True, kw_only=True)
class Chip:
    """One filter that is set.

    Attributes:
        without: the query of the page without it.
    """

    label: str
    value: str
    without: str


def chips_of(filters: CallPageFilter, query: QueryDict) -> list[Chip]:
    """The filters that are set, in the order of the form; one that could not be used is marked in the form."""
    fields, values = filters.form.fields, filters.form.cleaned_data
    return [
        Chip(label=str(field.label), value=_words(field, values[name]), without=_without(query, name))
        for name, field in fields.items()
        if values.get(name) not in (None, "")
    ]


def _words(field: Any, value: Any) -> str:
    """A value as people read it; a choice by its label."""
    if isinstance(value, datetime.date):
        return day_words(value)
    typed = str(value).lower() if isinstance(value, bool) else str(value)
    return str(dict(getattr(field, "choices", ())).get(typed, typed))


def _without(query: QueryDict, name: str) -> str:
    rest = query.copy()
    rest.pop(name, None)
    return rest.urlencode()
