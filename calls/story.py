"""What happened to a call, step by step, kept as it happens and told in the reader's language when somebody looks."""

from collections.abc import Sequence
from functools import cache
from typing import Any, ClassVar

from django.db import DEFAULT_DB_ALIAS, connections, models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from calls.reasons import Reason

ONE_OF = ("call_id", "kind", "reason")
"""A step is one of its call, kind and reason: happening again, it is counted and takes the place of the one before."""


class CallStep(models.Model):
    """One thing that happened to a call. There is no name and no number in it, only ids and words of our own: whoever
    makes a call private needs to change nothing here.

    Receiving a call is no row of its own: the call and its deliveries tell of it, and intake has nothing more to write.
    """

    class Kind(models.TextChoices):
        ATTEMPT = "attempt", _("attempt to log it")
        CHOSEN = "chosen", _("contact chosen")
        AGAIN = "again", _("tried again by hand")
        ANYWAY = "anyway", _("logged by wish, whatever the rules say")
        PERSON = "person", _("person created by wish")
        PRIVATE = "private", _("marked private")
        PLANNED = "planned", _("planned call marked as done")
        TASK = "task", _("follow-up task created")
        TASK_DONE = "taskdone", _("follow-up task marked as done")
        TASK_LEFT = "taskleft", _("follow-up task done or deleted by somebody in Pipedrive")
        TASK_GONE = "taskgone", _("follow-up task of a private call deleted")

    call = models.ForeignKey("calls.Call", models.CASCADE, related_name="steps", verbose_name=_("call"), db_index=False)
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    reason = models.CharField(
        _("reason"), max_length=32, choices=Reason.choices, blank=True, help_text=_("What an attempt came to.")
    )
    first_at = models.DateTimeField(_("first time"), default=timezone.now)
    at = models.DateTimeField(_("last time"), default=timezone.now)
    times = models.PositiveIntegerField(_("times"), default=1)
    by = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+", verbose_name=_("by"), db_index=False)
    data = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("step of a call")
        verbose_name_plural = _("steps of calls")
        ordering: ClassVar = ["at", "id"]
        constraints: ClassVar = [
            # Also the bound: a call has no more steps than there are reasons and kinds, however often it is tried.
            models.UniqueConstraint(fields=["call", "kind", "reason"], name="step_once_for_each_reason"),
        ]
        indexes: ClassVar = [
            models.Index(fields=["by"], condition=models.Q(by__isnull=False), name="step_by_person"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reason}".rstrip()


def keep(steps: Sequence[CallStep]) -> None:
    """Write down steps of different calls in one statement, whether they are new or happened before. Django's own
    `bulk_create` can replace what is there but not count it.
    """
    if not steps:
        return
    connection = connections[DEFAULT_DB_ALIAS]
    fields = [each for each in CallStep._meta.local_concrete_fields if not each.primary_key]
    one = f"({', '.join(['%s'] * len(fields))})"
    begin, end = _statement()
    values: list[Any] = [
        each.get_db_prep_save(each.pre_save(step, add=True), connection) for step in steps for each in fields
    ]
    with connection.cursor() as cursor:
        cursor.execute(f"{begin} VALUES {', '.join([one] * len(steps))} {end}", values)


def tell(call_id: int, kind: CallStep.Kind, *, by: User | None = None) -> None:
    """Write down what a person did with a call, or the portal because of it."""
    keep([CallStep(call_id=call_id, kind=kind, by=by)])


@cache
def _statement() -> tuple[str, str]:
    """What stands before and after the values. SQLite and PostgreSQL understand the same."""
    meta = CallStep._meta
    columns = [each.get_attname() for each in meta.local_concrete_fields if not each.primary_key]
    replaced = [f'"{name}" = excluded."{name}"' for name in ("at", "by_id", "data")]
    counted = f'"times" = "{meta.db_table}"."times" + 1'
    begin = f'INSERT INTO "{meta.db_table}" ({_quoted(columns)})'
    return begin, f"ON CONFLICT ({_quoted(ONE_OF)}) DO UPDATE SET {', '.join([*replaced, counted])}"


def _quoted(columns: Sequence[str]) -> str:
    return ", ".join(f'"{column}"' for column in columns)
