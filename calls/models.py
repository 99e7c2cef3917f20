"""Calls and the raw deliveries they came from. The call's row is the truth; the queue is only a nudge."""

import datetime
import secrets
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import CODE_LETTERS, Company, User
from accounts.readable import duration_words, time_words
from calls.drift import Drift, DriftMark
from calls.follow_up import FollowUp
from calls.holding import HELD, hold_end
from calls.ledger import Book
from calls.new_persons import NewPerson
from calls.past_calls import PastCall
from calls.person_words import PersonWord
from calls.personal import PrivateNumber, RepPolicy
from calls.planned_call import PlannedCall
from calls.policy import LoggingPolicy, LogRule, NumberChoice, OwnNumber
from calls.reasons import OF_PRIVATE_CALLS, REASONS_OF, Reason, Status, explanation_of
from calls.resend import Resend
from calls.story import CallStep
from calls.workers import Turn, WorkerHeartbeat
from integrations.phone_numbers import for_display

__all__ = [
    "Book",
    "Call",
    "CallStep",
    "Drift",
    "DriftMark",
    "FollowUp",
    "LogRule",
    "LoggingPolicy",
    "NewPerson",
    "NumberChoice",
    "OwnNumber",
    "PastCall",
    "PersonWord",
    "PlannedCall",
    "PrivateNumber",
    "RepPolicy",
    "Resend",
    "Turn",
    "WebhookDelivery",
    "WorkerHeartbeat",
]

REFERENCE_LENGTH, CODE_LENGTH = 12, 6
CLAIM_LASTS = datetime.timedelta(minutes=3)
"""Longer than a task may run (Q_CLUSTER timeout, 120 s), so that a claim only outlives a dead worker. Whoever takes
over the company's turn from a dead worker ends it sooner."""


def new_reference() -> str:
    """A name for a call that can be shown, searched for and read out: 12 of 31 letters, 59 bits."""
    number = secrets.randbelow(len(CODE_LETTERS) ** REFERENCE_LENGTH)
    letters = []
    for _letter in range(REFERENCE_LENGTH):
        number, letter = divmod(number, len(CODE_LETTERS))
        letters.append(CODE_LETTERS[letter])
    return "".join(letters)


class CallQuerySet(models.QuerySet["Call"]):
    """The questions that are asked of calls, in words."""

    def visible_to(self, user: User) -> Self:
        """A person's own calls; all of the company's for who may see everyone's; none for people without a company."""
        if user.company_id is None:
            return self.none()
        own_company = self.filter(company_id=user.company_id)
        return own_company if user.sees_all_calls else own_company.filter(rep=user)

    def with_code(self, typed: str) -> Self:
        """Those with a support code, however it is spelled, or with the whole reference: the code is how that begins.
        A range leads to the index in any database and collation.
        """
        code = "".join(letter for letter in typed.upper() if letter not in " -")
        if not (CODE_LENGTH <= len(code) <= REFERENCE_LENGTH and set(code) <= set(CODE_LETTERS)):
            return self.none()
        first, last = (code.ljust(REFERENCE_LENGTH, letter) for letter in (min(CODE_LETTERS), max(CODE_LETTERS)))
        return self.filter(reference__gte=first, reference__lte=last)

    def due(self, now: datetime.datetime) -> Self:
        """Pending calls whose time has come and that no living worker holds, oldest first."""
        unclaimed = Q(claimed_until__isnull=True) | Q(claimed_until__lt=now)
        due = self.filter(unclaimed, status=Status.PENDING, next_attempt_at__lte=now)
        return due.order_by("next_attempt_at", "started_at", "id")

    def claim(self, pks: list[int]) -> "list[Call]":
        """Take calls for this worker, in the order given; without those that are not due or that somebody else has."""
        now = timezone.now()
        # Told from a claim of the same instant by its microseconds.
        until = now + CLAIM_LASTS + datetime.timedelta(microseconds=secrets.randbelow(1_000_000))
        if not pks or not self.due(now).order_by().filter(pk__in=pks).update(claimed_until=until):
            return []
        claimed = self.select_related("company", "rep__rep_policy").filter(pk__in=pks, claimed_until=until)
        return sorted(claimed, key=lambda call: pks.index(call.pk))

    def hand_back(self) -> int:
        """End the claims on pending calls."""
        held = self.filter(status=Status.PENDING, claimed_until__isnull=False)
        return held.update(claimed_until=None)


class Call(models.Model):
    """One ended call of one rep, and what became of it in Pipedrive."""

    class Direction(models.TextChoices):
        IN = "in", _("incoming")
        OUT = "out", _("outgoing")

    class Wish(models.TextChoices):
        """What somebody who sees the call wants for this one, whatever the company's rules say."""

        LOG = "log", _("log it")
        PERSON = "person", _("log it, to a new person if need be")

    reference = models.CharField(
        _("reference"), max_length=REFERENCE_LENGTH, unique=True, default=new_reference, editable=False
    )
    company = models.ForeignKey(
        Company, models.CASCADE, related_name="calls", verbose_name=_("company"), db_index=False
    )
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
    claimed_until = models.DateTimeField(_("claimed until"), null=True, editable=False)
    private_since = models.DateTimeField(
        _("private since"),
        null=True,
        editable=False,
        help_text=_("From then on nothing of the other side is kept, and the activity is deleted."),
    )
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
    wish = models.CharField(
        _("by wish"), max_length=6, choices=Wish.choices, blank=True, default="", db_default="", editable=False
    )
    activity_id = models.BigIntegerField(_("activity in Pipedrive"), null=True, editable=False)
    activity_url = models.CharField(_("link to the activity"), max_length=300, blank=True, editable=False)
    pipedrive_company_id = models.BigIntegerField(
        _("Pipedrive company id"),
        null=True,
        editable=False,
        help_text=_("Where the activity is. The address in its link may change."),
    )
    logged_at = models.DateTimeField(_("logged"), null=True, editable=False)

    objects: ClassVar = CallQuerySet.as_manager()

    class Meta:
        verbose_name = _("call")
        verbose_name_plural = _("calls")
        default_permissions: ClassVar = ["add", "change", "delete", "view", "mend"]
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
                condition=Q(private_since__isnull=True)
                | Q(customer_number="", customer_number_typed="", person_name="", organization_name=""),
                name="private_call_names_nobody",
            ),
            models.CheckConstraint(
                condition=~Q(reason=Reason.PRIVATE_NUMBER)
                | Q(private_since__isnull=False, activity_id__isnull=True, person_id__isnull=True),
                name="private_call_has_no_activity",
            ),
            models.CheckConstraint(
                condition=Q(private_since__isnull=True)
                | Q(status__in=[Status.PENDING, Status.WAITING, Status.FAILED])
                | Q(reason=Reason.PRIVATE_NUMBER),
                name="private_call_ends_private",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.PENDING) | Q(next_attempt_at__isnull=False),
                name="pending_call_has_next_attempt",
            ),
        ]
        # tests/calls/test_plans.py holds what these are for. SQLite has no statistics: of two indexes it takes the one
        # with more columns that are asked for by equality, hence the company before the rep, and nearly all calls left
        # out of `call_not_logged`. It reads the row for a column that is not in the index, even where the index's own
        # condition says what is in it, hence `status` in those that the sweep reads every minute.
        indexes: ClassVar = [
            models.Index(fields=["company", "-started_at", "-id"], name="call_of_company"),
            models.Index(fields=["company", "rep", "-started_at", "-id"], name="call_of_companys_rep"),
            models.Index(fields=["company", "customer_number", "-started_at", "-id"], name="call_of_number"),
            models.Index(
                fields=["company", "person_id", "-started_at", "-id"],
                condition=Q(person_id__isnull=False),
                name="call_of_person",
            ),
            models.Index(
                fields=["company", "status", "-started_at", "-id"],
                condition=~Q(status=Status.LOGGED),
                name="call_not_logged",
            ),
            models.Index(
                fields=["company", "next_attempt_at", "started_at"],
                condition=Q(status=Status.PENDING),
                name="call_pending_of_company",
            ),
            models.Index(fields=["company", "received_at"], name="call_received"),
            models.Index(
                fields=["status", "reason", "company", "rep", "customer_number"],
                condition=Q(status=Status.WAITING),
                name="call_waiting_for",
            ),
            models.Index(
                fields=["status", "rep", "rep_email", "company", "reason"],
                condition=Q(status=Status.WAITING, rep__isnull=True),
                name="call_of_unknown_rep",
            ),
            models.Index(
                fields=["status", "next_attempt_at"], condition=Q(status=Status.WAITING), name="call_to_look_at_again"
            ),
            models.Index(
                fields=["status", "started_at"], condition=Q(status=Status.WAITING), name="call_waiting_since"
            ),
            models.Index(
                fields=["status", "reason", "started_at"],
                condition=Q(status=Status.FAILED) | Q(status=Status.SKIPPED),
                name="call_failed_or_skipped",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    def get_absolute_url(self) -> str:
        return reverse("calls:detail", args=[self.reference])

    @property
    def explanation(self) -> str:
        """What became of the call and why, in one sentence of the reader's language. While a new version is being
        deployed, its workers may give reasons that this one does not know.
        """
        if self.reason not in Reason.values:
            return gettext("The connector is being updated. Look at this call again in a few minutes.")
        if held_until := self.held_until:
            return HELD % {"time": time_words(held_until)}
        if self.private_since is not None and self.reason != Reason.ERROR:
            return str(OF_PRIVATE_CALLS[Status(self.status)])
        return explanation_of(Reason(self.reason), self.detail)

    @property
    def support_code(self) -> str:
        """How the reference begins, in groups to be read out on the phone: `K7M-2QX`. Of 31 letters, six tell 887
        million calls from one another.
        """
        return f"{self.reference[:3]}-{self.reference[3:CODE_LENGTH]}"

    @cached_property
    def findings(self) -> dict[str, object]:
        """What a worker has found out about the call in the step that it is taking, for the call's story."""
        return {}

    @property
    def held_until(self) -> datetime.datetime | None:
        """Until when the rep's own settings hold the call back; None when they do not."""
        is_new = self.status == Status.PENDING and self.sending_since is None and self.private_since is None
        if not is_new or self.rep is None:
            return None
        return hold_end(self.rep.hold_minutes, received_at=self.received_at, tried_since=self.tried_since)

    @property
    def customer_display(self) -> str:
        """The customer's number as people write it."""
        if self.customer_number:
            return for_display(self.customer_number)
        if self.private_since is not None:
            return gettext("private number")
        return self.customer_number_typed or gettext("hidden number")

    @property
    def own_display(self) -> str:
        return for_display(self.own_number) if self.own_number.startswith("+") else self.own_number

    @property
    def duration_display(self) -> str:
        """Talk time as people say it: `2 min 52 s`."""
        return duration_words(self.talk_seconds) if self.answered else ""


class WebhookDelivery(models.Model):
    """An authenticated delivery as it came, byte for byte, so that nothing is lost and it can be parsed again."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted", _("accepted")
        DUPLICATE = "duplicate", _("duplicate")
        QUARANTINED = "quarantined", _("quarantined")

    class Source(models.TextChoices):
        WEBHOOK = "webhook", _("webhook")
        BACKFILL = "backfill", _("pulled from Mustalinja's list")

    company = models.ForeignKey(
        Company, models.CASCADE, related_name="deliveries", verbose_name=_("company"), db_index=False
    )
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    source = models.CharField(
        _("source"), max_length=8, choices=Source.choices, default=Source.WEBHOOK, db_default=Source.WEBHOOK
    )
    delivery_id = models.CharField(_("webhook-id"), max_length=255, blank=True)
    body = models.BinaryField(_("body"))
    event = models.CharField(_("event"), max_length=255, blank=True)
    event_id = models.CharField(_("event id"), max_length=255, blank=True)
    outcome = models.CharField(_("outcome"), max_length=12, choices=Outcome.choices)
    problem = models.CharField(_("problem"), max_length=255, blank=True)
    unknown = models.JSONField(_("unknown fields and values"), default=list, blank=True)
    external_id = models.CharField(
        _("Mustalinja's call id"),
        max_length=255,
        blank=True,
        default="",
        db_default="",
        help_text=_("Of a delivery that made no call: the call that it names."),
    )
    original = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    """A keyed digest of the body as it came, by which one in quarantine is known again after it was redacted."""
    call = models.ForeignKey(
        Call, models.SET_NULL, null=True, blank=True, related_name="deliveries", verbose_name=_("call")
    )

    class Meta:
        verbose_name = _("webhook delivery")
        verbose_name_plural = _("webhook deliveries")
        default_permissions: ClassVar = ["add", "change", "delete", "view", "mend"]
        ordering: ClassVar = ["-received_at", "-id"]
        indexes: ClassVar = [
            models.Index(fields=["company", "-received_at"], name="delivery_of_company"),
            models.Index(fields=["outcome", "-received_at"], name="delivery_by_outcome"),
            models.Index(
                fields=["company", "external_id"], condition=Q(call__isnull=True), name="delivery_without_call"
            ),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.received_at):%Y-%m-%d %H:%M:%S} {self.get_outcome_display()}"
