"""What the desk's figures are made of."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.db import models
from django.urls import reverse


@dataclass(frozen=True, kw_only=True)
class Figure:
    """Something that needs a hand: how much of it there is, and where it is listed.

    Attributes:
        shown: the figure as people read it; a count, an age.
    """

    shown: str
    text: str
    url: str


Source = Callable[[], Iterable[Figure]]
"""Asks the database, and gives a figure for each thing that is not fine."""


def list_url(model: type[models.Model], **query: object) -> str:
    """The admin's list of a model, filtered."""
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
    return reverse(name, query={key: str(value) for key, value in query.items()} or None)
