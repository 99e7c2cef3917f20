"""Resend: calls that support sent once more together, and what has become of them since."""

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Resend(models.Model):
    """Keys of calls, and not a table between the two: a call may be deleted without asking it."""

    at = models.DateTimeField(_("time"), default=timezone.now)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+", verbose_name=_("who")
    )
    reason = models.CharField(_("reason"), max_length=500)
    count = models.PositiveIntegerField(_("calls"))
    calls = models.JSONField(editable=False)

    class Meta:
        verbose_name = _("resend")
        verbose_name_plural = _("resends")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [models.Index(fields=["at"], name="resend_time")]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M}"
