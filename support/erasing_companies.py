"""CompanyErasure: a company that is being erased."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from integrations.encryption import EncryptedTextField


class CompanyErasure(models.Model):
    """A company is being erased; the row goes with the company.

    Attributes:
        traces: the addresses, names and numbers of its people, as JSON, encrypted.
        working_until: until when a worker has it to itself.
    """

    company = models.OneToOneField(Company, models.CASCADE, related_name="erasure", verbose_name=_("company"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="company_erasures",
        verbose_name=_("asked by"),
    )
    reason = models.CharField(_("reason"), max_length=500)
    traces = EncryptedTextField(_("what tells of its people"), blank=True)
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    working_until = models.DateTimeField(_("being worked on until"), null=True)

    class Meta:
        verbose_name = _("erasure of a company")
        verbose_name_plural = _("erasures of companies")
        ordering: ClassVar = ["asked_at", "id"]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.asked_at):%Y-%m-%d %H:%M}"
