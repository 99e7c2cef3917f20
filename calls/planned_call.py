"""PlannedCall: the activity in Pipedrive with which a rep had planned a call that has been made by now."""

import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from calls.errand import Errand


class PlannedCall(Errand):
    """The wish to complete it, for a call that has been logged. Where none had been planned, the row goes again."""

    class State(models.TextChoices):
        LOOKING = "looking", _("to be looked for")
        CLOSING = "closing", _("to be marked as done")
        CLOSED = "closed", _("done")
        LEFT = "left", _("left as it is")

    given_up = State.LEFT
    give_up_after = datetime.timedelta(days=1)

    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.LOOKING)

    class Meta:
        verbose_name = _("planned call")
        verbose_name_plural = _("planned calls")
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "activity_id"],
                condition=Q(activity_id__isnull=False),
                name="planned_call_completed_by_one",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("closing", "closed")) | Q(activity_id__isnull=False),
                name="chosen_planned_call_has_activity",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="planned_call_to_work_on"
            ),
        ]

    def __str__(self) -> str:
        return self.call.reference

    @property
    def is_only_for_the_rep(self) -> bool:
        """The plan is the rep's own, and so is the hand that marks it as done."""
        return True
