"""Erasing a whole company once it has left: everything of it goes, batch by batch, and can be gone on with at any time.

Its doors are closed first, then grants are revoked, then the long tables emptied, then people erased one by one, and
the company's row goes last: while it is there, something is left to do.
"""

import datetime
import json
import logging
import time
from collections.abc import Iterator

from django.contrib.admin.models import LogEntry
from django.core.cache import cache
from django.db import models, transaction
from django.db.models import Q
from django.utils import timezone

from accounts.audit import record
from accounts.audit_entry import Action, AuditEntry
from accounts.models import Company, Invitation, License, Order, User
from calls.models import Book, Call, CallStep, PastCall, PersonWord, WebhookDelivery
from integrations.connections import disconnect
from integrations.models import Contact, ContactNumber, MustalinjaAccount, Organization, PipedriveEvent
from integrations.mustalinja_users import cache_key
from support.data_export import DataExport
from support.erasing_companies import CompanyErasure
from support.erasure import clean_the_rest, erase_person, traces_of
from support.traces import Traces

logger = logging.getLogger(__name__)

AT_ONCE = 500
SECONDS = 60.0
"""After that a run ends and the next one goes on: a task may run for two minutes."""
LEASE = datetime.timedelta(minutes=5)
"""How long a worker has a company to itself: longer than a task may run."""
LONG_TABLES: tuple[tuple[type[models.Model], str], ...] = (
    (DataExport, "company"),
    (WebhookDelivery, "company"),
    (CallStep, "call__company"),
    (Call, "company"),
    (PastCall, "company"),
    (PersonWord, "company"),
    (Book, "company"),
    (PipedriveEvent, "account__company"),
    (ContactNumber, "account__company"),
    (Contact, "account__company"),
    (Organization, "account__company"),
)
"""With their ways to the company. What is short goes with the company's row."""


class OutOfTimeError(Exception):
    """The run ends here, and the next one goes on."""


def begin_erasure(company: Company, *, by: User, reason: str) -> CompanyErasure:
    """Close the doors: nothing comes in, nothing is logged, nobody logs in. What tells of the people is kept until the
    end, encrypted, because it is known from what goes before them.
    """
    everybody = [traces_of(user) for user in User.objects.filter(company=company, is_staff=False)]
    traces = {
        "words": sorted({word for each in everybody for word in each.words}),
        "numbers": sorted({number for each in everybody for number in each.numbers}),
    }
    for account_id in MustalinjaAccount.objects.filter(company=company).values_list("pk", flat=True):
        cache.delete(cache_key(account_id))
    with transaction.atomic():
        erasure, _is_new = CompanyErasure.objects.get_or_create(
            company=company, defaults={"by": by, "reason": reason, "traces": json.dumps(traces)}
        )
        Company.objects.filter(pk=company.pk, suspended_at=None).update(suspended_at=timezone.now())
        MustalinjaAccount.objects.filter(company=company).delete()
        # Staff keep their accounts.
        staff = User.objects.filter(company=company, is_staff=True)
        staff.update(company=None, is_company_admin=False, sees_all_calls=False)
        User.objects.filter(company=company).update(is_active=False)
    return erasure


def unfinished() -> list[int]:
    """The erasures that no worker has in hand."""
    free = Q(working_until__isnull=True) | Q(working_until__lt=timezone.now())
    return list(CompanyErasure.objects.filter(free).values_list("pk", flat=True))


def go_on_with(pk: int, *, seconds: float = SECONDS, at_once: int = AT_ONCE) -> bool:
    """Erase for a while. Whether nothing is left to do for who asks: it is done, or another worker is at it.

    Args:
        seconds: after which it stops.
        at_once: rows in one transaction.
    """
    mine = timezone.now() + LEASE
    free = CompanyErasure.objects.filter(Q(working_until__isnull=True) | Q(working_until__lt=timezone.now()), pk=pk)
    if not free.update(working_until=mine):
        return True
    erasure = CompanyErasure.objects.select_related("company", "by").get(pk=pk)
    try:
        _erase(erasure, until=time.monotonic() + seconds, at_once=at_once)
    except OutOfTimeError:
        return False
    finally:
        CompanyErasure.objects.filter(pk=pk, working_until=mine).update(working_until=None)
    return True


def _erase(erasure: CompanyErasure, *, until: float, at_once: int) -> None:
    company = erasure.company
    people = User.objects.filter(company=company, is_staff=False).order_by("pk")
    for user in User.objects.filter(pipedrive_connection__account__company=company):
        disconnect(user=user)
        _check(until)
    for model, way in LONG_TABLES:
        for _count in _batches(model._default_manager.filter(**{way: company}), at_once):
            _check(until)
    for user in people:
        erase_person(user, by=erasure.by, reason=erasure.reason)
        _check(until)
    traces = _traces(erasure)
    clean_the_rest(traces)
    _remove_company(erasure, reason=traces.out_of(erasure.reason))
    logger.info("company %s is erased", company.pk)


def _check(until: float) -> None:
    if time.monotonic() > until:
        raise OutOfTimeError


def _batches(rows: "models.QuerySet[models.Model]", at_once: int) -> Iterator[int]:
    """Delete rows batch by batch; how many each time."""
    while pks := list(rows.order_by("pk").values_list("pk", flat=True)[:at_once]):
        with transaction.atomic():
            rows.model._default_manager.filter(pk__in=pks).delete()
        yield len(pks)


def _traces(erasure: CompanyErasure) -> Traces:
    kept = json.loads(erasure.traces or "{}")
    return Traces(words=frozenset(kept.get("words", ())), numbers=frozenset(kept.get("numbers", ())))


def _remove_company(erasure: CompanyErasure, *, reason: str) -> None:
    """What was done for the company stays in the audit log by key, without why and from where."""
    company, key = erasure.company, erasure.company_id
    with transaction.atomic():
        AuditEntry.objects.filter(company=company).update(reason="", address=None)
        history = LogEntry.objects.filter(content_type__app_label="accounts", content_type__model="company")
        history.filter(object_id=str(key)).delete()
        record(action=Action.COMPANY_ERASED, actor=erasure.by, subject=company, reason=reason)
        # Their numbers stay, without the codes: an order that is sent again makes no company.
        Order.objects.filter(company=company).update(answer={})
        for model in (Invitation, License):
            model._default_manager.filter(company=company).delete()
        company.delete()
