"""DataExport: a file with all data of a company or of a person, kept encrypted until its link ends."""

import datetime
import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company
from integrations.encryption import EncryptedBinaryField

KEPT = datetime.timedelta(days=7)
"""How long the link works."""


class DataExport(models.Model):
    """Somebody has asked for all data of a company or of one of its people.

    Attributes:
        key: names it in links; whoever follows one has to be logged in as who asked, or have the right.
        person: whose data; None: the company's.
        ready_at: since when the file is whole; None: it is being made.
        mailed_at: when its link was mailed to who asked.
        working_until: until when a worker has it to itself.
        size: of the file, in bytes.
    """

    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    company = models.ForeignKey(Company, models.CASCADE, related_name="data_exports", verbose_name=_("company"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        null=True,
        blank=True,
        related_name="data_exports",
        verbose_name=_("person"),
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="asked_exports", verbose_name=_("asked by")
    )
    asked_at = models.DateTimeField(_("asked"), default=timezone.now)
    ready_at = models.DateTimeField(_("ready"), null=True)
    mailed_at = models.DateTimeField(_("mailed"), null=True)
    working_until = models.DateTimeField(_("being worked on until"), null=True)
    size = models.PositiveBigIntegerField(_("size in bytes"), default=0)

    class Meta:
        verbose_name = _("file with all data")
        verbose_name_plural = _("files with all data")
        ordering: ClassVar = ["-asked_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["asked_by"], condition=Q(ready_at__isnull=True), name="export_one_at_a_time_for_each_asker"
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["asked_at"], name="export_asked")]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.asked_at):%Y-%m-%d %H:%M}"

    @property
    def ends_at(self) -> datetime.datetime:
        """When the link stops working."""
        return self.asked_at + KEPT

    @property
    def is_there(self) -> bool:
        """Whether the file can be downloaded now."""
        return self.ready_at is not None and timezone.now() < self.ends_at


class DataExportPart(models.Model):
    """A piece of the file, in its place: any web process can give it out without holding all of it."""

    export = models.ForeignKey(
        DataExport, models.CASCADE, related_name="parts", verbose_name=_("file with all data"), db_index=False
    )
    place = models.PositiveIntegerField(_("place"))
    content = EncryptedBinaryField(_("content"))

    class Meta:
        verbose_name = _("part of a file with all data")
        verbose_name_plural = _("parts of files with all data")
        ordering: ClassVar = ["export", "place"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["export", "place"], name="export_part_once_in_its_place"),
        ]

    def __str__(self) -> str:
        return str(self.place)
