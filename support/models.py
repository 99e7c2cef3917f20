"""What support's desk keeps: what staff write down about a company, and reports of what was removed."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from support.data_export import DataExport, DataExportPart
from support.erasing_companies import CompanyErasure
from support.retention_report import RetentionReport

__all__ = ["CompanyErasure", "DataExport", "DataExportPart", "Note", "RetentionReport"]


class Note(models.Model):
    """A note about a company for the next colleague who has it on the phone. The company never sees it."""

    company = models.ForeignKey(
        Company, models.CASCADE, related_name="support_notes", verbose_name=_("company"), db_index=False
    )
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="support_notes",
        verbose_name=_("author"),
    )
    text = models.TextField(_("note"), max_length=2_000)
    at = models.DateTimeField(_("written"), default=timezone.now)

    class Meta:
        verbose_name = _("support note")
        verbose_name_plural = _("support notes")
        ordering: ClassVar = ["-at", "-id"]
        constraints: ClassVar = [models.CheckConstraint(condition=~Q(text=""), name="note_says_something")]
        indexes: ClassVar = [models.Index(fields=["company", "-at", "-id"], name="note_of_company")]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M}"
