"""FollowUp: the task “call back” of a missed call, from the wish to have it to its end."""

import datetime
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from calls.errand import Errand


class FollowUp(Errand):
    """A task in Pipedrive to call a customer back, one at a time for each number. The row is the truth."""

    class State(models.TextChoices):
        WANTED = "wanted", _("to be made")
        OPEN = "open", _("open")
        CLOSING = "closing", _("to be marked as done")
        CLOSED = "closed", _("done")
        LEFT = "left", _("done or deleted by somebody in Pipedrive")
        DROPPED = "dropped", _("not needed any more, or not possible")
        PRIVATE = "private", _("to be deleted: the call is private")

    given_up = State.DROPPED
    give_up_after = datetime.timedelta(days=30)

    call = models.OneToOneField("calls.Call", models.CASCADE, related_name="follow_up", verbose_name=_("missed call"))
    missed_again = models.ForeignKey(
        "calls.Call",
        models.SET_NULL,
        null=True,
        related_name="+",
        db_index=False,
        verbose_name=_("missed again"),
        help_text=_(
            "A later missed call of the same number, which gets a task of its own if this one is done by then."
        ),
    )
    customer_number = models.CharField(_("number"), max_length=20, blank=True)
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.WANTED)
    due_on = models.DateField(_("due on"))
    due_at = models.DateTimeField(_("due at"), null=True, help_text=_("Empty: any time on the day."))
    owner_id = models.BigIntegerField(_("owner in Pipedrive"), null=True, editable=False)
    sending_since = models.DateTimeField(_("sending since"), null=True, editable=False)
    looked = models.PositiveSmallIntegerField(_("looked for the activity"), default=0, editable=False)

    class Meta:
        verbose_name = _("follow-up task")
        verbose_name_plural = _("follow-up tasks")
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["company", "customer_number"],
                condition=Q(state__in=("wanted", "open")),
                name="one_open_follow_up_a_number",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("open", "closing")) | Q(activity_id__isnull=False),
                name="open_follow_up_has_activity",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False), name="follow_up_to_work_on"
            ),
            models.Index(
                fields=["missed_again"], condition=Q(missed_again__isnull=False), name="follow_up_missed_again"
            ),
        ]

    def __str__(self) -> str:
        return self.reference_line

    @property
    def reference_line(self) -> str:
        """The line by which the task is known again; never part of a call's own, which has letters and digits only."""
        return f"Ref F-{self.call.reference}"

    @property
    def refused(self) -> str:
        return self.State.DROPPED if self.state == self.State.WANTED else self.State.LEFT

    def may_be_given_up(self, now: datetime.datetime) -> bool:
        """What may exist is looked for until that is known, and what is private is deleted."""
        is_certain = self.sending_since is None and self.state != self.State.PRIVATE
        return is_certain and super().may_be_given_up(now)
