"""License, the right of one person; Invitation, which keeps one for somebody; CodeMail, codes that are to be mailed."""

import datetime
import secrets
from typing import Any, ClassVar, Protocol, Self

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# No 0/O, 1/I/L: a code is also read out on the phone. 16 of 31 letters are 79 bits, too many to guess.
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_GROUPS = 4
CODE_GROUP_LENGTH = 4
INVITATION_LASTS = datetime.timedelta(days=14)


class WorksForCompany(Protocol):
    """What is asked of a person here."""

    pk: Any
    company_id: Any


class LicenseQuerySet(models.QuerySet["License"]):
    """Which licences let somebody in."""

    def valid(self, today: datetime.date | None = None) -> Self:
        """Licences in force on a day (in Helsinki): the last day counts whole; neither suspended nor revoked."""
        today = today or timezone.localdate()
        in_time = models.Q(valid_until__isnull=True) | models.Q(valid_until__gte=today)
        return self.filter(in_time, suspended_at__isnull=True, revoked_at__isnull=True)

    def free(self) -> Self:
        return self.filter(holder__isnull=True)

    def unpromised(self) -> Self:
        """Licences that no invitation keeps for somebody."""
        return self.exclude(invitation__in=Invitation.objects.in_force())

    def held_by(self, user: WorksForCompany) -> Self:
        """A person's licences for the company they work for now."""
        return self.filter(holder=user.pk, company_id=user.company_id)


def new_license_code() -> str:
    """A fresh code such as `7K2M-QX9R-4HTB-WCPE`."""
    groups = ("".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_GROUP_LENGTH)) for _ in range(CODE_GROUPS))
    return "-".join(groups)


class License(models.Model):
    """The right of one person to use the connector for one company. The code is handed to that person.

    Attributes:
        suspended_at: out of force until it is resumed; the person's calls wait.
        revoked_at: out of force for good. The holder stays, who is told so.
        order: the web shop's order that brought it.
    """

    class State(models.TextChoices):
        FREE = "free", _("free")
        IN_USE = "in_use", _("in use")
        ENDED = "ended", _("ended")
        SUSPENDED = "suspended", _("suspended")
        REVOKED = "revoked", _("revoked")

    code = models.CharField(_("code"), max_length=32, unique=True, default=new_license_code)
    company = models.ForeignKey("accounts.Company", models.PROTECT, related_name="licenses", verbose_name=_("company"))
    valid_until = models.DateField(
        _("valid until"),
        null=True,
        blank=True,
        help_text=_("The last day, Helsinki time. Empty: for the time being."),
    )
    holder = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="licenses",
        verbose_name=_("holder"),
    )
    is_trial = models.BooleanField(_("trial"), default=False, db_default=False)
    suspended_at = models.DateTimeField(_("suspended"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)
    order = models.ForeignKey(
        "accounts.Order",
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="licenses",
        verbose_name=_("order"),
    )
    redeemed_at = models.DateTimeField(_("redeemed"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("issued"), auto_now_add=True)

    objects: ClassVar = LicenseQuerySet.as_manager()

    class Meta:
        verbose_name = _("license")
        verbose_name_plural = _("licenses")
        ordering: ClassVar = ["-created_at", "-id"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(is_trial=False) | models.Q(valid_until__isnull=False), name="trial_has_an_end"
            ),
            models.CheckConstraint(
                condition=models.Q(revoked_at__isnull=True) | models.Q(suspended_at__isnull=True),
                name="revoked_license_is_not_suspended_as_well",
            ),
        ]
        indexes: ClassVar = [models.Index(fields=["holder", "company", "valid_until"], name="license_of_holder")]

    def __str__(self) -> str:
        return self.code

    @property
    def state(self) -> "License.State":
        """What it is good for today."""
        if self.revoked_at is not None:
            return License.State.REVOKED
        if self.suspended_at is not None:
            return License.State.SUSPENDED
        if self.valid_until is not None and self.valid_until < timezone.localdate():
            return License.State.ENDED
        return License.State.FREE if self.holder_id is None else License.State.IN_USE


def end_of_new_invitation() -> datetime.datetime:
    return timezone.now() + INVITATION_LASTS


class InvitationQuerySet(models.QuerySet["Invitation"]):
    """Which invitations still keep a seat."""

    def in_force(self) -> Self:
        return self.filter(ends_at__gt=timezone.now())

    def over(self) -> Self:
        return self.filter(ends_at__lte=timezone.now())


class Invitation(models.Model):
    """A free seat that is kept for somebody who has been sent its code. It goes when the seat is taken, when it is
    withdrawn, and after 14 days; then the seat gets another code, and the one in the mail opens nothing.
    """

    company = models.ForeignKey(
        "accounts.Company", models.CASCADE, related_name="invitations", verbose_name=_("company")
    )
    email = models.EmailField(_("email"))
    license = models.OneToOneField(License, models.CASCADE, related_name="invitation", verbose_name=_("license"))
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        related_name="invitations",
        verbose_name=_("invited by"),
    )
    created_at = models.DateTimeField(_("invited"), auto_now_add=True)
    ends_at = models.DateTimeField(_("ends"), default=end_of_new_invitation)
    mailed_at = models.DateTimeField(_("mailed"), null=True, editable=False)

    objects: ClassVar = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering: ClassVar = ["email"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "email"], name="invited_once_to_a_company"),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="invited_email_in_lower_case"),
        ]

    def __str__(self) -> str:
        return self.email


class CodeMail(models.Model):
    """Codes that are to be mailed to an address: written down with what made them, and deleted once they are sent."""

    company = models.ForeignKey("accounts.Company", models.CASCADE, related_name="+", verbose_name=_("company"))
    email = models.EmailField(_("email"))
    language = models.CharField(max_length=2, blank=True, default="")
    licenses = models.ManyToManyField(License, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"codes of {self.company_id}"
