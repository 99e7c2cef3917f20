"""RetentionReport: what the nightly job has removed because its time was over."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class RetentionReport(models.Model):
    """One run of the job that ends what is kept for a time only (support/retention.py).

    Attributes:
        removed: how many of each kind, by the kind's name.
        is_finished: whether nothing was left; else the job goes on at once, with a report of its own.
    """

    at = models.DateTimeField(_("time"), default=timezone.now)
    removed = models.JSONField(_("removed"), default=dict)
    seconds = models.FloatField(_("seconds"), default=0)
    is_finished = models.BooleanField(_("finished"), default=True)

    class Meta:
        verbose_name = _("retention report")
        verbose_name_plural = _("retention reports")
        ordering: ClassVar = ["-at", "-id"]
        indexes: ClassVar = [models.Index(fields=["at"], name="retention_report_time")]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M}"
