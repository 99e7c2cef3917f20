"""Errand: something to be done at Pipedrive because a call has been logged. Each kind is a table of its own."""

import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company


class Errand(models.Model):
    """What all kinds have: their call, how far they are, when they are worked on next. The row is the truth."""

    given_up: ClassVar[str]
    """The state of one that never worked."""
    give_up_after: ClassVar[datetime.timedelta]

    company = models.ForeignKey(Company, models.CASCADE, related_name="+", verbose_name=_("company"), db_index=False)
    call = models.OneToOneField("calls.Call", models.CASCADE, related_name="+", verbose_name=_("call"))
    state = models.CharField(_("state"), max_length=7)
    activity_id = models.BigIntegerField(_("activity in Pipedrive"), null=True, editable=False)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, default=timezone.now)
    claimed_until = models.DateTimeField(_("claimed until"), null=True, editable=False)
    detail = models.TextField(_("detail for support"), blank=True)
    created_at = models.DateTimeField(_("made"), default=timezone.now)

    class Meta:
        abstract = True

    @property
    def refused(self) -> str:
        """The state of one that Pipedrive refuses."""
        return self.given_up

    @property
    def is_only_for_the_rep(self) -> bool:
        """Whether only the rep's own connection will do; otherwise any of the company's does."""
        return self.activity_id is None

    def may_be_given_up(self, now: datetime.datetime) -> bool:
        """Whether it has been tried for long enough."""
        return self.created_at < now - self.give_up_after
