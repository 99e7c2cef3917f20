"""What each company wants logged, to whom, and which numbers are its own."""

from collections.abc import Collection
from typing import ClassVar

from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, User
from calls.call_texts import CallTexts
from calls.masking import masked
from integrations.models import PipedriveAccount


class LogRule(models.TextChoices):
    """What becomes of a kind of call."""

    DONE = "done", _("Log as done")
    OPEN = "open", _("Log as open")
    NONE = "none", _("Do not log")


RULES = ("in_answered", "in_missed", "out_answered", "out_unanswered")
"""The kinds of calls, each with a rule of its own."""


class SeveralContacts(models.TextChoices):
    """Whom a call goes to when several people have the number."""

    BEST = "best", _("log to the best match")
    ASK = "ask", _("ask")


class UnknownCaller(models.TextChoices):
    """What becomes of a call with a number that nobody in Pipedrive has."""

    WAIT = "wait", _("wait until somebody has it")
    CREATE_PERSON = "create_person", _("create a person")


class Deals(models.TextChoices):
    """Which deal an activity is linked to."""

    NONE = "none", _("do not link")
    SINGLE_OPEN = "single_open", _("the person's open deal, if there is exactly one")
    NEWEST_OPEN = "newest_open", _("the person's newest open deal")


class PlannedCalls(models.TextChoices):
    """What becomes of a call that the rep had planned in Pipedrive."""

    NONE = "none", _("leave them as they are")
    COMPLETE = "complete", _("mark the rep's planned call with the person as done")


class OutsideHours(models.TextChoices):
    """What becomes of a call that begins outside the company's working hours."""

    LOG = "log", _("log it like any other")
    SKIP = "skip", _("do not log it")


class FollowUpUnit(models.TextChoices):
    """In what the time until a follow-up task is due is counted."""

    HOURS = "hours", _("hours")
    WORKING_DAYS = "working_days", _("working days")


class FollowUpFor(models.TextChoices):
    """Whose task a follow-up is."""

    REP = "rep", _("the rep whose call was missed")
    OWNER = "owner", _("the owner of the contact in Pipedrive")


FOLLOW_UP_AFTER_AT_MOST = 99


def every_kind() -> list[str]:
    """All kinds of calls, as a field's default."""
    return list(RULES)


class LoggingPolicy(CallTexts):
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
    several_contacts = models.CharField(
        _("several people with one number"),
        max_length=4,
        choices=SeveralContacts.choices,
        default=SeveralContacts.BEST,
        help_text=_(
            "The best match is the rep's own contact, then the one updated last. Asked, the rep or the company's admin"
            " chooses on the call's page, and the choice is remembered for that number."
        ),
    )
    unknown_caller = models.CharField(
        _("a number that nobody has"),
        max_length=13,
        choices=UnknownCaller.choices,
        default=UnknownCaller.WAIT,
        help_text=_("A waiting call is logged by itself when the number is added to somebody in Pipedrive."),
    )
    create_person_for = models.JSONField(_("create a person after"), default=every_kind, blank=True)
    deals = models.CharField(
        _("deals"),
        max_length=11,
        choices=Deals.choices,
        default=Deals.NONE,
        help_text=_(
            "Looking for deals costs 10 of your company's Pipedrive tokens for each call; logging one costs 5."
        ),
    )

    planned_calls = models.CharField(
        _("planned calls"),
        max_length=8,
        choices=PlannedCalls.choices,
        default=PlannedCalls.NONE,
        db_default=PlannedCalls.NONE,
        help_text=_(
            "After an answered call, the rep's own open call activity with that person on that day is marked as done,"
            " one for each call: the nearest in time. A call that nobody answers leaves it open. Looking costs 10 of"
            " your company's Pipedrive tokens for each answered call, marking as done 5 more."
        ),
    )

    working_hours = models.JSONField(
        _("working hours"),
        default=dict,
        db_default={},
        blank=True,
        help_text=_("Each working day with its hours, by the clock in Helsinki. Empty: no hours are set."),
    )
    outside_hours = models.CharField(
        _("calls outside working hours"),
        max_length=4,
        choices=OutsideHours.choices,
        default=OutsideHours.LOG,
        db_default=OutsideHours.LOG,
        help_text=_("Counts only where working hours are set. What counts is when the call began."),
    )

    follow_up = models.BooleanField(
        _("make a follow-up task for missed calls"),
        default=False,
        db_default=False,
        help_text=_(
            "A task “Call back” with the customer, one at a time for each number. It is marked as done by itself when"
            " anybody of your company speaks with the customer. Costs 5 of your company's Pipedrive tokens to make and"
            " 5 to mark as done."
        ),
    )
    follow_up_after = models.PositiveSmallIntegerField(
        _("due after"),
        default=2,
        db_default=2,
        validators=[MinValueValidator(1), MaxValueValidator(FOLLOW_UP_AFTER_AT_MOST)],
    )
    follow_up_unit = models.CharField(
        _("counted in"),
        max_length=12,
        choices=FollowUpUnit.choices,
        default=FollowUpUnit.HOURS,
        db_default=FollowUpUnit.HOURS,
        help_text=_("Working days are those with working hours, otherwise Monday to Friday; holidays are not known."),
    )
    follow_up_for = models.CharField(
        _("whose task it is"),
        max_length=5,
        choices=FollowUpFor.choices,
        default=FollowUpFor.REP,
        db_default=FollowUpFor.REP,
    )

    class Meta:
        verbose_name = _("logging policy")
        verbose_name_plural = _("logging policies")
        constraints: ClassVar = [
            *(
                models.CheckConstraint(condition=Q(**{f"{kind}__in": LogRule.values}), name=f"rule_{kind}_is_known")
                for kind in RULES
            ),
            models.CheckConstraint(
                condition=Q(several_contacts__in=SeveralContacts.values), name="several_contacts_is_known"
            ),
            models.CheckConstraint(
                condition=Q(unknown_caller__in=UnknownCaller.values), name="unknown_caller_is_known"
            ),
            models.CheckConstraint(condition=Q(deals__in=Deals.values), name="deals_is_known"),
            models.CheckConstraint(condition=Q(planned_calls__in=PlannedCalls.values), name="planned_calls_is_known"),
            models.CheckConstraint(condition=Q(outside_hours__in=OutsideHours.values), name="outside_hours_is_known"),
            models.CheckConstraint(condition=Q(follow_up_unit__in=FollowUpUnit.values), name="follow_up_unit_is_known"),
            models.CheckConstraint(condition=Q(follow_up_for__in=FollowUpFor.values), name="follow_up_for_is_known"),
            models.CheckConstraint(
                condition=Q(follow_up_after__gte=1, follow_up_after__lte=FOLLOW_UP_AFTER_AT_MOST),
                name="follow_up_after_is_sensible",
            ),
        ]

    def __str__(self) -> str:
        return str(self.company)

    def validate_constraints(self, exclude: Collection[str] | None = None) -> None:
        """The fields check their choices and the database keeps its constraints; asking it for each of them before
        writing would take 20 statements more.
        """

    @classmethod
    def of(cls, company: Company) -> "LoggingPolicy":
        """The company's policy; unsaved defaults where it has none."""
        return cls.objects.filter(company=company).first() or cls(company=company)


class NumberChoice(models.Model):
    """Somebody has said which of several contacts a number means. It holds for all later calls with that number."""

    account = models.ForeignKey(
        PipedriveAccount, models.CASCADE, related_name="+", verbose_name=_("Pipedrive account"), db_index=False
    )
    number = models.CharField(_("number"), max_length=20)
    person_id = models.BigIntegerField(_("person in Pipedrive"))
    chosen_by = models.ForeignKey(
        User, models.SET_NULL, null=True, related_name="+", verbose_name=_("chosen by"), db_index=False
    )
    chosen_at = models.DateTimeField(_("chosen"), default=timezone.now)

    class Meta:
        verbose_name = _("choice of a contact")
        verbose_name_plural = _("choices of contacts")
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "number"], name="number_choice_once")]

    def __str__(self) -> str:
        return str(self.person_id)


class OwnNumber(models.Model):
    """A telephone number of the company's own people, never a customer's: learned from Mustalinja or entered by hand.
    One taken off the list by hand is kept, so that it is not learned again.
    """

    company = models.ForeignKey(
        Company, models.CASCADE, related_name="own_numbers", verbose_name=_("company"), db_index=False
    )
    number = models.CharField(_("number"), max_length=20)
    is_entered = models.BooleanField(_("entered by hand"), default=False)
    is_removed = models.BooleanField(_("taken off the list"), default=False)
    seen_at = models.DateTimeField(_("last seen"), default=timezone.now)

    class Meta:
        verbose_name = _("own number")
        verbose_name_plural = _("own numbers")
        constraints: ClassVar = [models.UniqueConstraint(fields=["company", "number"], name="own_number_once")]

    def __str__(self) -> str:
        """For the admin, whose pages and log show no whole number."""
        return masked(self.number)
