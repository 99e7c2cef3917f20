"""Drift: what Mustalinja sends and we do not know, by company. The intake keeps it with each delivery; here it is
counted, so that somebody notices.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _


class Drift(models.Model):
    """An unknown field, or a value that is not understood, of one company.

    Attributes:
        what: a field's name, or `field=value`; long numbers are left out.
        known_since: since when support has taken notice, and no alarm is needed.
    """

    company = models.ForeignKey("accounts.Company", models.CASCADE, related_name="drifts", verbose_name=_("company"))
    what = models.CharField(_("field or value"), max_length=128)
    first_seen = models.DateTimeField(_("first seen"))
    last_seen = models.DateTimeField(_("last seen"))
    count = models.PositiveBigIntegerField(_("deliveries"), default=0)
    known_since = models.DateTimeField(_("known to support since"), null=True, blank=True)

    class Meta:
        verbose_name = _("unknown field or value")
        verbose_name_plural = _("unknown fields and values")
        ordering: ClassVar = ["-last_seen", "-id"]
        default_permissions: ClassVar = ["add", "change", "delete", "view", "mend"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "what"], name="drift_once_for_each_company"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["first_seen"], condition=models.Q(known_since__isnull=True), name="drift_nobody_knows_of"
            )
        ]

    def __str__(self) -> str:
        return self.what


class DriftMark(models.Model):
    """How far the deliveries are counted: one row.

    Attributes:
        counted_until: the key of the last delivery that is counted.
        seen_until: the key of the last one that was there at the previous count. What has a smaller key has been
            committed since, so that none is left out.
    """

    counted_until = models.BigIntegerField(default=0)
    seen_until = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.counted_until)
