"""Which company's turn it is, and which workers there are."""

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company


class Turn(models.Model):
    """A company's place among those that wait for a worker: queued once, and worked on by one worker at a time."""

    company = models.OneToOneField(
        Company, models.CASCADE, primary_key=True, related_name="turn", verbose_name=_("company")
    )
    queued_at = models.DateTimeField(_("queued"), null=True)
    working_until = models.DateTimeField(_("being worked on until"), null=True)
    worker = models.CharField(_("worker"), max_length=32, blank=True)

    class Meta:
        verbose_name = _("turn")
        verbose_name_plural = _("turns")
        indexes: ClassVar = [
            models.Index(fields=["worker"], condition=~Q(worker=""), name="turn_of_worker"),
        ]

    def __str__(self) -> str:
        return str(self.company_id)


class WorkerHeartbeat(models.Model):
    """A worker and its last sign of life, which only a task that went through its queue writes. The database has
    defaults for whatever older code beside this one does not know.
    """

    worker = models.CharField(_("worker"), max_length=32, unique=True, db_default="")
    host = models.CharField(_("machine"), max_length=255, db_default="")
    pid = models.PositiveIntegerField(_("process"), db_default=0)
    started_at = models.DateTimeField(_("running since"), db_default=Now())
    restarts = models.PositiveIntegerField(_("restarts of its processes"), db_default=0)
    beat_at = models.DateTimeField(_("last sign of life"))

    class Meta:
        verbose_name = _("worker heartbeat")
        verbose_name_plural = _("worker heartbeats")

    def __str__(self) -> str:
        return f"{timezone.localtime(self.beat_at):%Y-%m-%d %H:%M:%S}"
