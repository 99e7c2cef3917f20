"""What staff and customer have changed in a company, told from the audit log. Names are looked up as they are now."""

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.dateparse import parse_date, parse_datetime
from django.utils.formats import localize
from django.utils.translation import gettext as _

from accounts.audit_entry import Action, AuditEntry
from accounts.models import Company, Invitation, License, User
from accounts.readable import day_words, moment_words
from calls.models import Call, LoggingPolicy, OwnNumber
from integrations.models import MustalinjaAccount

SHOWN = 30
SETTINGS: tuple[type[models.Model], ...] = (LoggingPolicy, MustalinjaAccount)
NAMED: dict[str, tuple[type[models.Model], str]] = {
    model._meta.label_lower: (model, field)
    for model, field in ((User, "email"), (License, "code"), (Call, "reference"), (Invitation, "email"))
}
"""What rows are called by; others are told by their kind."""


@dataclass(frozen=True, kw_only=True)
class Deed:
    """One entry as people read it.

    Attributes:
        changes: each as `field: before → after`, or the field alone.
    """

    at: datetime.datetime
    who: str
    is_staff: bool
    action: str
    subject: str
    changes: list[str]
    reason: str


def timeline_of(company: Company) -> list[Deed]:
    """What has been changed in a company, the latest first. What staff looked at is in the log. Two queries."""
    changes = AuditEntry.objects.of_company(company.pk).exclude(action__in=(Action.VIEWED, Action.REVEALED))
    return deeds_of(changes.select_related("actor")[:SHOWN])


def deeds_of(entries: Iterable[AuditEntry], *, reader: Company | None = None) -> list[Deed]:
    """Entries as people read them; one query for all the names.

    Args:
        reader: the company that reads them, which learns no names of what is another company's by now; None: staff.
    """
    entries = list(entries)
    names = _names((entry.subject for entry in entries), reader=reader)
    return [_deed(entry, names, reader=reader) for entry in entries]


def _deed(entry: AuditEntry, names: dict[str, str], *, reader: Company | None) -> Deed:
    label, _space, _key = entry.subject.partition(" ")
    model = _model(label)
    kind = str(model._meta.verbose_name) if model is not None else label
    name = names.get(entry.subject, "")
    action = Action(entry.action).label if entry.action in Action.values else entry.action
    return Deed(
        at=entry.at,
        who=_who(entry, reader=reader),
        is_staff=entry.is_staff,
        action=str(action),
        subject=f"{kind} {name}".strip(),
        changes=[_change(model, field, values) for field, values in entry.changes.items()],
        reason=entry.reason,
    )


def _who(entry: AuditEntry, *, reader: Company | None) -> str:
    if entry.actor is not None and (reader is None or entry.actor.company_id == reader.pk):
        return str(entry.actor.email)
    is_gone = entry.actor is not None or entry.is_staff or entry.address
    return _("somebody who is gone") if is_gone else _("the portal itself")


def _names(subjects: Iterable[str], *, reader: Company | None) -> dict[str, str]:
    """The names of those subjects that still have one."""
    keys: dict[str, set[int]] = {}
    for subject in subjects:
        label, _space, key = subject.partition(" ")
        if label in NAMED and key.isdecimal():
            keys.setdefault(label, set()).add(int(key))
    if not keys:
        return {}
    first, *others = (_names_of(label, pks, reader=reader) for label, pks in keys.items())
    return {f"{label} {pk}": str(name) for label, pk, name in first.union(*others, all=True)}


def _names_of(label: str, pks: set[int], *, reader: Company | None) -> "models.QuerySet[Any, tuple[str, int, str]]":
    """Key and name of rows of one kind, in the shape that those of other kinds have."""
    model, field = NAMED[label]
    rows = model._default_manager.order_by().filter(pk__in=pks)
    if reader is not None:
        rows = rows.filter(company=reader.pk)
    return rows.values_list(models.Value(label), "pk", field)


def _model(label: str) -> type[models.Model] | None:
    try:
        return apps.get_model(label)
    except (LookupError, ValueError):
        return None


def _change(model: type[models.Model] | None, field: str, values: Any) -> str:
    name, choices = field.replace("_", " "), {}
    described = _described(model, field)
    if described is not None:
        name, choices = str(described.verbose_name), dict(described.flatchoices)
    elif field == "own_numbers":
        name = str(OwnNumber._meta.verbose_name_plural)
    if not (isinstance(values, list) and len(values) == 2):
        return name
    before, after = (_value(value, choices) for value in values)
    return f"{name}: {before} → {after}"


def _described(model: type[models.Model] | None, name: str) -> "models.Field[Any, Any] | None":
    """The field of a name; a company's settings lie in several tables."""
    known = [model] if model is not None else []
    for each in [*known, *(SETTINGS if model is Company else ())]:
        try:
            field = each._meta.get_field(name)
        except FieldDoesNotExist:
            continue
        if isinstance(field, models.Field):
            return field
    return None


def _value(value: Any, choices: dict[Any, Any]) -> str:
    """A value of a change as people write it."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, str):
        return str(choices.get(value) or _time(value) or value)
    return str(localize(value))


def _time(text: str) -> str:
    """A day or a moment as people write it; empty where the text is neither."""
    try:
        if (day := parse_date(text)) is not None:
            return day_words(day)
        moment = parse_datetime(text)
    except ValueError:
        return ""
    return moment_words(moment) if moment is not None and moment.tzinfo is not None else ""
