"""Every column of the database in which a text can stand, found by asking Django for its tables: so is a new one."""

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import models

from accounts.belonging import way_to_company
from integrations.encryption import EncryptedBinaryField, EncryptedTextField
from support.traces import Traces

KEPT_AS_THEY_ARE = {
    "account.emailaddress",
    "accounts.auditentry",
    "accounts.company",
    "accounts.emailalias",
    "accounts.user",
    "integrations.pipedriveaccount",
}
"""The log cannot be changed and names nobody, a company's name is the company's, colleagues keep their accounts and
addresses; the person's own go with the account.
"""
NOT_OF_PEOPLE = {"auth.group", "auth.permission", "contenttypes.contenttype", "django_q.schedule"}
ROWS_AT_ONCE = 500


def text_columns(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The columns of a table that can hold a text: neither choices nor ciphers."""
    kinds = (models.CharField, models.TextField, models.JSONField, models.BinaryField)
    return [
        field
        for field in model._meta.concrete_fields
        if isinstance(field, kinds)
        and not isinstance(field, EncryptedTextField | EncryptedBinaryField)
        and not field.choices
        and not field.primary_key
    ]


def clean_company(company_id: int, traces: Traces) -> int:
    """Take what tells of somebody out of all rows of a company; how many rows it stood in."""
    ways = {model: way_to_company(model) for model in _tables()}
    return sum(_clean(model._base_manager.filter(**{way: company_id}), traces) for model, way in ways.items() if way)


def clean_rows_of_nobody(traces: Traces) -> int:
    """The same of the rows that belong to no company, such as those of Django's own log."""
    ways = {model: way_to_company(model) for model in _tables()}
    return sum(
        _clean(model._base_manager.filter(**({f"{way}__isnull": True} if way else {})), traces)
        for model, way in ways.items()
    )


def _tables() -> Iterator[type[models.Model]]:
    for model in apps.get_models():
        meta = model._meta
        if meta.managed and not meta.proxy and meta.label_lower not in KEPT_AS_THEY_ARE | NOT_OF_PEOPLE:
            yield model


def _clean(rows: "models.QuerySet[Any]", traces: Traces) -> int:
    columns = [field.name for field in text_columns(rows.model)]
    if not columns:
        return 0
    changed = 0
    for pk, *values in rows.order_by("pk").values_list("pk", *columns).iterator(chunk_size=ROWS_AT_ONCE):
        clean = {name: _cleaned(value, traces) for name, value in zip(columns, values, strict=True)}
        changes = {name: clean[name] for name, value in zip(columns, values, strict=True) if clean[name] != value}
        if changes:
            changed += rows.model._base_manager.filter(pk=pk).update(**changes)
    return changed


def _cleaned(value: Any, traces: Traces) -> Any:
    match value:
        case None:
            return None
        case str():
            return traces.out_of(value)
        case bytes() | memoryview():
            body = bytes(value)
            clean = traces.out_of_body(body)
            return value if clean == body else clean
    return traces.out_of_json(value)
