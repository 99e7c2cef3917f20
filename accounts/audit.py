"""Writes down who did what to which company."""

import datetime
from collections.abc import Iterable
from typing import Any

from allauth.account.adapter import get_adapter
from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from accounts.audit_entry import Action, AuditEntry
from accounts.belonging import company_id_of
from accounts.models import Company, User

WRITTEN_AT_ONCE = 500


def record(
    *,
    action: Action | str,
    request: HttpRequest | None = None,
    actor: User | None = None,
    company: Company | None = None,
    subject: models.Model | None = None,
    changes: dict[str, Any] | None = None,
    reason: str = "",
    at: datetime.datetime | None = None,
) -> AuditEntry:
    """Write down a deed in the transaction of the deed. Without a request the portal itself did it; without a time it
    was done now.

    Args:
        actor: who did it, where the request does not say.
        company: whose log it is for; left out, that of the subject.
        changes: by field, the values before and after; None for the value of a personal field (accounts/changes.py).
    """
    of_subject = company_id_of(subject) if company is None and subject is not None else None
    entry = _entry(action=action, request=request, actor=actor)
    entry.company_id = company.pk if company is not None else of_subject
    entry.subject = name_of(subject._meta.model, subject.pk) if subject is not None else ""
    entry.changes, entry.reason, entry.at = changes or {}, reason, at or timezone.now()
    entry.save(force_insert=True)
    return entry


def record_each(
    *,
    action: Action | str,
    request: HttpRequest,
    model: type[models.Model],
    rows: Iterable[tuple[Any, int | None]],
    reason: str = "",
) -> None:
    """Write down one deed to many rows of a table: an entry for each.

    Args:
        rows: the key of each row, and that of its company.
    """
    entries = []
    for pk, company_id in rows:
        entry = _entry(action=action, request=request)
        entry.company_id, entry.subject, entry.reason = company_id, name_of(model, pk), reason
        entries.append(entry)
    AuditEntry.objects.bulk_create(entries, batch_size=WRITTEN_AT_ONCE)


def name_of(model: type[models.Model], pk: Any) -> str:
    """How an entry names a row."""
    return f"{model._meta.label_lower} {pk}"


def _entry(*, action: Action | str, request: HttpRequest | None, actor: User | None = None) -> AuditEntry:
    if actor is None and request is not None and isinstance(request.user, User):
        actor = request.user
    return AuditEntry(
        actor=actor,
        is_staff=actor is not None and actor.is_staff,
        action=action,
        address=get_adapter().get_client_ip(request) if request is not None else None,
    )
