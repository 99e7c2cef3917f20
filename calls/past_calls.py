"""Calls that were removed because their time was over: known again by their ids, so that none is logged twice."""

import datetime
from collections.abc import Iterable
from hashlib import sha256
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company

MONTH = datetime.timedelta(days=30.44)


class PastCall(models.Model):
    """A removed call. Of its id only a digest is kept: it tells nothing but that it was here."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", verbose_name=_("company"), db_index=False)
    digest = models.CharField(_("digest"), max_length=64)

    class Meta:
        verbose_name = _("removed call")
        verbose_name_plural = _("removed calls")
        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "digest"], name="past_call_once")]

    def __str__(self) -> str:
        return self.digest


def calls_kept() -> datetime.timedelta:
    """How long a call is kept. The numbers of its day stay in the books, without people."""
    kept: datetime.timedelta = settings.KEEP_CALLS_MONTHS * MONTH
    return kept


def remember(calls: Iterable[tuple[int, str]]) -> None:
    """Keep the ids of calls that are about to be removed, each with its company."""
    rows = [PastCall(company_id=company_id, digest=_digest(external_id)) for company_id, external_id in calls]
    PastCall.objects.bulk_create(rows, ignore_conflicts=True)


def is_past(company_id: int, external_id: str, *, started_at: datetime.datetime) -> bool:
    """Whether a call was here and has been removed. Only for one that is as old is the database asked."""
    is_old = started_at < timezone.now() - calls_kept()
    return is_old and PastCall.objects.filter(company=company_id, digest=_digest(external_id)).exists()


def _digest(external_id: str) -> str:
    return sha256(external_id.encode(errors="backslashreplace")).hexdigest()
