"""The books of a company: a row for each day. How they are kept is in calls/books.py."""

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company


class Book(models.Model):
    """How many calls of a company were received on one day, counted by their deliveries, and what has become of them,
    counted by the calls. Both count the same calls, so a difference is a call lost or counted twice (calls/books.py).
    """

    company = models.ForeignKey(
        Company, models.CASCADE, related_name="books", verbose_name=_("company"), db_index=False
    )
    day = models.DateField(_("day"), help_text=_("On which the calls were received, Helsinki time."))
    received = models.PositiveIntegerField(_("received"), default=0)
    pending = models.PositiveIntegerField(_("being processed"), default=0)
    logged = models.PositiveIntegerField(_("logged"), default=0)
    waiting = models.PositiveIntegerField(_("waiting"), default=0)
    skipped = models.PositiveIntegerField(_("skipped"), default=0)
    failed = models.PositiveIntegerField(_("failed"), default=0)
    difference = models.GeneratedField(
        expression=F("received") - F("pending") - F("logged") - F("waiting") - F("skipped") - F("failed"),
        output_field=models.IntegerField(),
        db_persist=True,
        verbose_name=_("difference"),
    )
    checked_at = models.DateTimeField(_("checked"), default=timezone.now)

    class Meta:
        verbose_name = _("calls of a day")
        verbose_name_plural = _("calls by day")
        default_permissions: ClassVar = ["add", "change", "delete", "view", "mend"]
        ordering: ClassVar = ["-day", "company__name"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "day"], name="book_once")]
        indexes: ClassVar = [
            models.Index(fields=["-day"], name="book_by_day"),
            models.Index(fields=["day"], condition=~Q(difference=0), name="book_with_difference"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.company}"

    @property
    def accounted_for(self) -> int:
        """The calls of the day that are in one of the five statuses."""
        return self.pending + self.logged + self.waiting + self.skipped + self.failed

    @property
    def is_balanced(self) -> bool:
        """Whether every received call is there, and no other; also of a row that is not saved."""
        return self.received == self.accounted_for
