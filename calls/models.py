"""Calls, the raw deliveries they came from, and what each company wants logged. The call's row is the truth; the queue
is only a nudge.
"""

import datetime
import secrets
from typing import ClassVar, Self

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import CODE_LETTERS, Company, User
from calls.reasons import EXPLANATIONS, REASONS_OF, Reason, Status
from integrations.phone_numbers import for_display

REFERENCE_LENGTH = 12
CLAIM_LASTS = datetime.timedelta(minutes=3)
"""Longer than a task may run (Q_CLUSTER timeout, 120 s), so that a claim only outlives a dead worker."""
OWN_NUMBER_FOR = datetime.timedelta(days=90)
"""A phone number that no event has named for so long may be somebody else's by now."""
NUDGE_AGAIN_AFTER = datetime.timedelta(minutes=1)
"""How long a queued call may wait for a worker before it is queued once more."""


def new_reference() -> str:
    """A name for a call that can be shown, searched for and read out: 12 of 31 letters, 59 bits."""
    return "".join(secrets.choice(CODE_LETTERS) for _letter in range(REFERENCE_LENGTH))


class LogRule(models.TextChoices):
    """What becomes of a kind of call."""

    DONE = "done", _("Log as done")
    OPEN = "open", _("Log as open")
    NONE = "none", _("Do not log")


RULES = ("in_answered", "in_missed", "out_answered", "out_unanswered")
"""The kinds of calls, each with a rule of its own."""


class LoggingPolicy(models.Model):
    """What a company wants to have logged, and how. A company without a row has the defaults."""

    company = models.OneToOneField(Company, models.CASCADE, related_name="logging_policy", verbose_name=_("company"))
    activity_type = models.CharField(
        _("activity type"),
        max_length=64,
        default="call",
        help_text=_(
            "The key of an active activity type in Pipedrive, for example “call”. If it is not active, “call” is used."
        ),
        validators=[RegexValidator(r"^[\w-]+$", _("Letters, digits, hyphens and underscores only."))],
    )
    in_answered = models.CharField(_("incoming, answered"), max_length=4, choices=LogRule.choices, default=LogRule.DONE)
    in_missed = models.CharField(_("incoming, missed"), max_length=4, choices=LogRule.choices, default=LogRule.DONE)
    out_answered = models.CharField(
        _("outgoing, answered"), max_length=4, choices=LogRule.choices, default=LogRule.DONE
    )
    out_unanswered = models.CharField(
        _("outgoing, unanswered"), max_length=4, choices=LogRule.choices, default=LogRule.DONE
    )
    minimum_seconds = models.PositiveIntegerField(
        _("shortest talk time"),
        default=0,
        help_text=_("Answered calls with a shorter talk time, in seconds, are not logged."),
    )
    blocked_numbers = models.JSONField(_("blocked numbers"), default=list, blank=True)

    class Meta:
        verbose_name = _("logging policy")
        verbose_name_plural = _("logging policies")
        constraints: ClassVar = [
            models.CheckConstraint(condition=Q(**{f"{kind}__in": LogRule.values}), name=f"rule_{kind}_is_known")
            for kind in RULES
        ]

    def __str__(self) -> str:
        return str(self.company)

    @classmethod
    def of(cls, company: Company) -> "LoggingPolicy":
        """The company's policy; unsaved defaults where it has none."""
        return cls.objects.filter(company=company).first() or cls(company=company)


class CallQuerySet(models.QuerySet["Call"]):
    """The questions that are asked of calls, in words."""

    def visible_to(self, user: User) -> Self:
        """A rep's own calls; all of the company's for its admin; none for people without a company."""
        if user.company_id is None:
            return self.none()
        own_company = self.filter(company_id=user.company_id)
        return own_company if user.is_company_admin else own_company.filter(rep=user)

    def is_own_number(self, company: Company, number: str) -> bool:
        """Whether a number is the phone of one of the company's people, as far as events have lately named them."""
        lately = timezone.now() - OWN_NUMBER_FOR
        return self.filter(company=company, rep_number=number, received_at__gte=lately).exists()

    def due(self, now: datetime.datetime) -> Self:
        """Pending calls whose time has come and that no living worker holds, oldest first."""
        unclaimed = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)
        return self.filter(unclaimed, status=Status.PENDING, next_attempt_at__lte=now).order_by("next_attempt_at")

    def unqueued(self, now: datetime.datetime) -> Self:
        """Calls that are not, as far as we know, in the queue already."""
        return self.filter(Q(nudged_at__isnull=True) | Q(nudged_at__lt=now - NUDGE_AGAIN_AFTER))

    def claim(self, pk: int) -> "Call | None":
        """Take a due call for this worker; None when it is not due or somebody else has it."""
        now = timezone.now()
        claimed = self.due(now).order_by().filter(pk=pk).update(claimed_until=now + CLAIM_LASTS)
        return self.select_related("company").get(pk=pk) if claimed else None


class Call(models.Model):
    """One ended call of one rep, and what became of it in Pipedrive."""

    class Direction(models.TextChoices):
        IN = "in", _("incoming")
        OUT = "out", _("outgoing")

    reference = models.CharField(
        _("reference"), max_length=REFERENCE_LENGTH, unique=True, default=new_reference, editable=False
    )
    company = models.ForeignKey(Company, models.CASCADE, related_name="calls", verbose_name=_("company"))
    external_id = models.CharField(_("Mustalinja's call id"), max_length=255)
    rep_key = models.CharField(
        _("rep key"),
        max_length=270,
        help_text=_("Whose leg of the call this is, as Mustalinja names the user."),
    )
    rep = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="calls", verbose_name=_("rep"))
    rep_email = models.EmailField(_("email in Mustalinja"), blank=True)
    rep_number = models.CharField(_("rep's number"), max_length=64, blank=True)

    direction = models.CharField(_("direction"), max_length=3, choices=Direction.choices)
    answered = models.BooleanField(_("answered"))
    result = models.CharField(_("result"), max_length=32)
    customer_number = models.CharField(_("customer's number"), max_length=20, blank=True)
    customer_number_typed = models.CharField(_("customer's number as received"), max_length=64, blank=True)
    own_number = models.CharField(_("own number"), max_length=64, blank=True)
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True)
    ring_seconds = models.PositiveIntegerField(_("ring time (s)"), default=0)
    talk_seconds = models.PositiveIntegerField(_("talk time (s)"), default=0)
    received_at = models.DateTimeField(_("received"), default=timezone.now)

    status = models.CharField(_("status"), max_length=8, choices=Status.choices, default=Status.PENDING)
    reason = models.CharField(_("reason"), max_length=32, choices=Reason.choices, default=Reason.QUEUED)
    detail = models.TextField(_("detail for support"), blank=True)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    crashes = models.PositiveSmallIntegerField(_("faults of our own"), default=0, editable=False)
    tried_since = models.DateTimeField(_("tried since"), default=timezone.now, editable=False)
    next_attempt_at = models.DateTimeField(_("next attempt"), null=True, blank=True, default=timezone.now)
    nudged_at = models.DateTimeField(_("queued"), null=True, editable=False)
    claimed_until = models.DateTimeField(_("claimed until"), null=True, editable=False)
    sending_since = models.DateTimeField(
        _("sending since"),
        null=True,
        editable=False,
        help_text=_("Set before a request leaves that creates the activity; cleared when its outcome is known."),
    )
    looked = models.PositiveSmallIntegerField(_("looked for the activity"), default=0, editable=False)

    person_id = models.BigIntegerField(_("person in Pipedrive"), null=True, editable=False)
    person_name = models.CharField(_("person's name"), max_length=255, blank=True, editable=False)
    organization_id = models.BigIntegerField(_("organization in Pipedrive"), null=True, editable=False)
    organization_name = models.CharField(_("organization's name"), max_length=255, blank=True, editable=False)
    activity_id = models.BigIntegerField(_("activity in Pipedrive"), null=True, editable=False)
    activity_url = models.CharField(_("link to the activity"), max_length=300, blank=True, editable=False)
    logged_at = models.DateTimeField(_("logged"), null=True, editable=False)

    objects: ClassVar = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        ordering: ClassVar = ["-started_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "external_id", "rep_key"], name="call_once_for_each_rep"),
            models.UniqueConstraint(
                fields=["company", "external_id", "rep"],
                condition=Q(rep__isnull=False),
                name="call_once_for_each_user",
            ),
            models.CheckConstraint(
                condition=Q(
                    *(Q(status=status, reason__in=sorted(reasons)) for status, reasons in REASONS_OF.items()),
                    _connector=Q.OR,
                ),
                name="call_reason_fits_status",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.LOGGED) | Q(activity_id__isnull=False),
                name="logged_call_has_activity",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.PENDING) | Q(next_attempt_at__isnull=False),
                name="pending_call_has_next_attempt",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["company", "-started_at", "-id"], name="call_of_company"),
            models.Index(fields=["rep", "-started_at", "-id"], name="call_of_rep"),
            models.Index(fields=["company", "rep_number"], name="call_by_rep_number"),
            models.Index(fields=["next_attempt_at"], condition=Q(status=Status.PENDING), name="call_pending"),
            models.Index(fields=["reason", "company"], condition=Q(status=Status.WAITING), name="call_waiting"),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("calls:detail", args=[self.reference])

    @property
    def explanation(self) -> str:
        """What became of the call and why, in one sentence of the reader's language."""
        return str(EXPLANATIONS[Reason(self.reason)])

    @property
    def customer_display(self) -> str:
        """The customer's number as people write it."""
        if self.customer_number:
            return for_display(self.customer_number)
        return self.customer_number_typed or gettext("hidden number")

    @property
    def own_display(self) -> str:
        return for_display(self.own_number) if self.own_number.startswith("+") else self.own_number

    @property
    def duration_display(self) -> str:
        """Talk time as people say it: `2 min 52 s`."""
        return duration_words(self.talk_seconds) if self.answered else ""


def duration_words(seconds: int) -> str:
    """`1 h 0 min 5 s`, `2 min 52 s`, `7 s`: the same in Finnish and English."""
    hours, rest = divmod(seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    if hours:
        return f"{hours} h {minutes} min {seconds} s"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


class WebhookDelivery(models.Model):
    """An authenticated delivery as it came, byte for byte, so that nothing is lost and it can be parsed again."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        DUPLICATE = "duplicate", _("duplicate")
        QUARANTINED = "quarantined", _("quarantined")

    company = models.ForeignKey(Company, models.CASCADE, related_name="deliveries", verbose_name=_("company"))
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    delivery_id = models.CharField(_("webhook-id"), max_length=255, blank=True)
    body = models.BinaryField(_("body"))
    event = models.CharField(_("event"), max_length=255, blank=True)
    event_id = models.CharField(_("event id"), max_length=255, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices)
    problem = models.CharField(_("problem"), max_length=255, blank=True)
    unknown = models.JSONField(_("unknown fields and values"), default=list, blank=True)
    call = models.ForeignKey(
        Call, models.SET_NULL, null=True, blank=True, related_name="deliveries", verbose_name=_("call")
    )

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        ordering: ClassVar = ["-received_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["company", "-received_at"], name="delivery_of_company"),
            models.Index(fields=["outcome", "-received_at"], name="delivery_by_outcome"),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.received_at):%Y-%m-%d %H:%M:%S} {self.get_outcome_display()}"


class WorkerHeartbeat(models.Model):
    """A sign of life that only a working cluster gives: written by a task that went through the queue."""

    beat_at = models.DateTimeField(_("last sign of life"))

    class Meta:
        verbose_name = _("worker heartbeat")
        verbose_name_plural = _("worker heartbeats")

    def __str__(self) -> str:
        return f"{timezone.localtime(self.beat_at):%Y-%m-%d %H:%M:%S}"
