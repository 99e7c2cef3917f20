"""Pulls of a company's calls from Mustalinja's list, with what each has recovered; the last sight of the portal."""

import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company

NUDGE_AGAIN_AFTER = datetime.timedelta(minutes=1)
"""How long a queued pull may wait for a worker before it is queued once more."""


class BackfillQuerySet(models.QuerySet["Backfill"]):
    """The questions that are asked of pulls, in words."""

    def unfinished(self) -> Self:
        return self.filter(ended_at=None)

    def complete(self) -> Self:
        """Pulls that have seen Mustalinja's list to its end."""
        return self.filter(ended_at__isnull=False, problem="")

    def due(self, now: datetime.datetime) -> Self:
        """Unfinished pulls whose time has come and that no living worker works on."""
        free = Q(working_until__isnull=True) | Q(working_until__lt=now)
        return self.unfinished().filter(free, next_step_at__lte=now)

    def unqueued(self, now: datetime.datetime) -> Self:
        """Pulls that are not, as far as we know, in the queue already."""
        return self.filter(Q(nudged_at__isnull=True) | Q(nudged_at__lt=now - NUDGE_AGAIN_AFTER))


class Backfill(models.Model):
    """One pull of a company's calls: the list is read from `since` on, and the calls that are not known are taken in.

    The row is the place in the list, too: it moves in the transaction that stores a page's calls, so that whoever goes
    on after a crash begins where the stored calls end. A company has one unfinished pull at most.
    """

    class Cause(models.TextChoices):
        NIGHTLY = "nightly", _("every night")
        INTERRUPTION = "interruption", _("the portal was away")
        REFUSAL = "refusal", _("call events were refused")
        LINKED = "linked", _("credentials were entered")
        ADMIN = "admin", _("asked for by the company's admin")
        SUPPORT = "support", _("asked for by support")

    class Problem(models.TextChoices):
        UNAVAILABLE = "unavailable", _("Mustalinja did not answer")
        BUSY = "busy", _("Mustalinja asked to wait")
        CREDENTIALS = "credentials", _("the credentials were not accepted")
        NO_LIST = "no_list", _("there is no list of calls")
        REFUSED = "refused", _("Mustalinja refused the request")
        ENDLESS = "endless", _("the list did not come to an end")
        FAULT = "fault", _("a fault in the connector")

    company = models.ForeignKey(Company, models.CASCADE, related_name="backfills", verbose_name=_("company"))
    cause = models.CharField(_("cause"), max_length=16, choices=Cause.choices)
    asked_at = models.DateTimeField(_("asked for"), default=timezone.now)
    began_at = models.DateTimeField(_("begun"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    since = models.DateTimeField(_("calls that ended since"))
    cursor = models.TextField(_("place in the list"), blank=True)
    restarts = models.PositiveSmallIntegerField(_("begun anew"), default=0)
    pages = models.PositiveIntegerField(_("pages"), default=0)
    seen = models.PositiveIntegerField(_("calls seen"), default=0)
    recovered = models.PositiveIntegerField(_("calls recovered"), default=0)
    quarantined = models.PositiveIntegerField(_("in quarantine"), default=0)
    problem = models.CharField(_("problem"), max_length=16, choices=Problem.choices, blank=True)
    detail = models.CharField(_("detail for support"), max_length=255, blank=True)
    failures_in_a_row = models.PositiveIntegerField(_("failures in a row"), default=0)
    next_step_at = models.DateTimeField(_("next step"), default=timezone.now)
    nudged_at = models.DateTimeField(_("queued"), null=True)
    working_until = models.DateTimeField(_("being worked on until"), null=True)

    objects = BackfillQuerySet.as_manager()

    class Meta:
        verbose_name = _("pull of missing calls")
        verbose_name_plural = _("pulls of missing calls")
        ordering: ClassVar = ["-asked_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company"], condition=Q(ended_at__isnull=True), name="one_unfinished_backfill_a_company"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "-asked_at"], name="backfill_of_company"),
            models.Index(fields=["next_step_at"], condition=Q(ended_at__isnull=True), name="backfill_unfinished"),
            models.Index(fields=["asked_at"], name="backfill_asked"),
        ]

    def __str__(self) -> str:
        return f"{self.company} {timezone.localtime(self.asked_at):%Y-%m-%d %H:%M}"


class Reachability(models.Model):
    """Whether the portal answers at its public address, as a worker sees it: one row.

    Attributes:
        seen_at: when it last answered.
        missed_at: when it last did not; empty once it has answered since.
    """

    seen_at = models.DateTimeField(_("last seen"), null=True)
    missed_at = models.DateTimeField(_("last missed"), null=True)

    class Meta:
        verbose_name = _("reachability")
        verbose_name_plural = _("reachability")

    def __str__(self) -> str:
        return str(self.seen_at or "")
