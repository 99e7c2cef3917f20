"""What a change was, as the audit log may keep it for two years: never the value of a personal field, nor a secret.

A value is kept where its kind tells nothing of anybody: yes or no, a number, a time, one of a few choices, the key of
a row. Whatever is text is named only, so a field that is added later is safe before anybody thinks of it.
"""

import datetime
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import FieldDoesNotExist
from django.db import models

OPEN_KINDS = (models.BooleanField, models.IntegerField, models.DateField, models.ForeignKey)
OPEN_TEXTS = {"region", "activity_type"}
"""Text fields with a word of a vendor's or of a standard."""
Changes = dict[str, list[Any] | None]
"""By field: before and after; None: the value is not kept."""


def differences(before: models.Model, after: models.Model) -> Changes:
    """What differs between two states of a row."""
    fields = [field for field in before._meta.concrete_fields if not field.primary_key]
    values = {field: (field.value_from_object(before), field.value_from_object(after)) for field in fields}
    return {field.name: _kept(field, *pair) for field, pair in values.items() if pair[0] != pair[1]}


def named(names: Iterable[str]) -> Changes:
    """Changes of which only the names of the fields are kept."""
    return dict.fromkeys(names)


def form_changes(form: forms.BaseForm) -> Changes:
    """What somebody has changed in a form, which has been found valid."""
    instance = getattr(form, "instance", None)
    changes: Changes = {}
    for name in form.changed_data:
        try:
            field: Any = instance._meta.get_field(name) if instance is not None else None
        except FieldDoesNotExist:
            field = None
        before = form.get_initial_for_field(form.fields[name], name) if name in form.fields else None
        changes[name] = _kept(field, before, form.cleaned_data.get(name))
    return changes


def _kept(field: Any, before: Any, after: Any) -> list[Any] | None:
    if isinstance(field, models.ManyToManyField):
        return [sorted(row.pk for row in rows or ()) for rows in (before, after)]
    is_open = isinstance(field, OPEN_KINDS) or (field is not None and (field.choices or field.name in OPEN_TEXTS))
    return [_plain(before), _plain(after)] if is_open else None


def _plain(value: Any) -> Any:
    if isinstance(value, models.Model):
        return value.pk
    kept = value is None or isinstance(value, bool | int | str | datetime.date)
    return value if kept else str(value)
