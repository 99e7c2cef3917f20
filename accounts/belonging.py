"""Which company a row of any table belongs to."""

from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db import models

WAYS = ("company", "account", "user", "holder", "call")
"""The relations that lead to a company, the shortest way first."""


def way_to_company(model: type[models.Model]) -> str:
    """The lookup from a table to the key of a row's company; empty: its rows are no company's."""
    if model._meta.label_lower == "accounts.company":
        return "pk"
    for name in WAYS:
        try:
            related: Any = model._meta.get_field(name).related_model
        except FieldDoesNotExist:
            continue
        further = way_to_company(related) if related else ""
        if further:
            return f"{name}_id" if further == "pk" else f"{name}__{further}"
    return ""


def company_id_of(row: models.Model) -> int | None:
    """The key of the company that a row belongs to; None: to none."""
    way = way_to_company(row._meta.model)
    found: Any = row if way else None
    for step in way.split("__"):
        found = getattr(found, step, None)
    company_id: int | None = found
    return company_id
