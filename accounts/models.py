"""Who may use the portal: companies (the tenants), their people and the licences that let people in."""

from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.audit_entry import AuditEntry
from accounts.license import (
    CODE_LETTERS,
    CodeMail,
    Invitation,
    License,
    end_of_new_invitation,
    new_license_code,
)
from accounts.order import Order

__all__ = [
    "CODE_LETTERS",
    "ApiToken",
    "AuditEntry",
    "CodeMail",
    "Company",
    "EmailAlias",
    "Invitation",
    "Letter",
    "License",
    "Order",
    "User",
    "end_of_new_invitation",
    "new_license_code",
]


class Company(models.Model):
    """A customer of SaaShop: the tenant to which people, licences, connections and calls belong."""

    class Language(models.TextChoices):
        FINNISH = "fi", _("Finnish")
        ENGLISH = "en", _("English")

    name = models.CharField(_("name"), max_length=200, unique=True)
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=Language.choices,
        default=Language.FINNISH,
        help_text=_("The language of the activities written to Pipedrive."),
    )
    region = models.CharField(
        _("country of the numbers"),
        max_length=2,
        default="FI",
        help_text=_("Numbers without a country code are read as this country's."),
        validators=[RegexValidator(r"^[A-Z]{2}$")],
    )
    suspended_at = models.DateTimeField(
        _("suspended"),
        null=True,
        blank=True,
        help_text=_("While this is set, calls are received and kept but not logged."),
    )
    admin_appointed_at = models.DateTimeField(_("first company admin appointed"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering: ClassVar = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_suspended(self) -> bool:
        return self.suspended_at is not None


class UserManager(BaseUserManager["User"]):
    """Makes people by email: there is no user name."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> "User":
        user = self.model(email=email.lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> "User":
        """Whoever runs `createsuperuser` vouches for the email: it counts as confirmed."""
        user = self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})
        EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
        return user

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)

    def colleagues_of(self, user: "User") -> "models.QuerySet[User]":
        """The people of a user's company, the user among them; nobody for staff without a company."""
        return self.filter(company=user.company_id) if user.company_id else self.none()


LONGEST_HOLD_MINUTES = 15


class User(AbstractUser):
    """A person who logs in by email: a rep, a company's admin, or (without a company) SaaShop's staff."""

    class Language(models.TextChoices):
        BROWSER = "", _("as in the browser")
        FINNISH = "fi", _("Finnish")
        ENGLISH = "en", _("English")

    class Summary(models.TextChoices):
        NONE = "none", _("no summaries")
        DAILY = "daily", _("every day")
        WEEKLY = "weekly", _("every week")

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("email"), unique=True)
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("company")
    )
    is_company_admin = models.BooleanField(
        _("company admin"), default=False, help_text=_("Manages people, licenses and the company's settings.")
    )
    sees_all_calls = models.BooleanField(
        _("sees everyone's calls"),
        default=False,
        db_default=False,
        help_text=_("Sees the calls of all colleagues, whether company admin or not."),
    )
    gets_digest = models.BooleanField(
        _("weekly digest by email"),
        default=True,
        db_default=True,
        help_text=_("Of the company's calls that could not be logged; for company admins."),
    )
    language = models.CharField(
        _("language"),
        max_length=2,
        choices=Language.choices,
        default=Language.BROWSER,
        db_default=Language.BROWSER,
        blank=True,
        help_text=_("The language of the portal and of the mails to this person."),
    )
    hold_minutes = models.PositiveSmallIntegerField(
        _("minutes before a call is logged"),
        default=0,
        db_default=0,
        validators=[MaxValueValidator(LONGEST_HOLD_MINUTES)],
        help_text=_("So long after the end of a call there is time to mark it private. At most 15."),
    )
    summary = models.CharField(
        _("summary by email"),
        max_length=6,
        choices=Summary.choices,
        default=Summary.NONE,
        db_default=Summary.NONE,
    )

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering: ClassVar = ["email"]
        permissions: ClassVar = [
            ("manage_user", "Can change how people log in and what they may"),
            ("manage_staff", "Can make people staff and give them roles"),
            ("view_as_user", "Can view the portal as a customer"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_in_lower_case"),
            models.CheckConstraint(
                condition=models.Q(is_company_admin=False) | models.Q(company__isnull=False),
                name="company_admin_has_a_company",
            ),
            models.CheckConstraint(
                condition=models.Q(sees_all_calls=False) | models.Q(company__isnull=False),
                name="who_sees_all_calls_has_a_company",
            ),
            models.CheckConstraint(condition=models.Q(language__in=["", "fi", "en"]), name="user_language_is_known"),
            models.CheckConstraint(
                condition=models.Q(hold_minutes__gte=0, hold_minutes__lte=LONGEST_HOLD_MINUTES),
                name="user_hold_is_short",
            ),
            models.CheckConstraint(
                condition=models.Q(summary__in=["none", "daily", "weekly"]), name="user_summary_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    @property
    def manages_company(self) -> bool:
        """Whether this person looks after the company's people and settings. Seeing their calls is another right."""
        return self.is_company_admin and self.company_id is not None


class EmailAlias(models.Model):
    """Another address by which Mustalinja knows one of a company's people."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="email_aliases", verbose_name=_("company"))
    email = models.EmailField(_("email in Mustalinja"))
    person = models.ForeignKey(User, models.CASCADE, related_name="email_aliases", verbose_name=_("person"))
    created_at = models.DateTimeField(_("added"), auto_now_add=True)

    class Meta:
        verbose_name = _("email alias")
        verbose_name_plural = _("email aliases")
        ordering: ClassVar = ["email"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "email"], name="alias_once_in_a_company"),
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="alias_in_lower_case"),
        ]

    def __str__(self) -> str:
        return self.email


class Letter(models.Model):
    """A mail that was sent to an address, or is being sent: written down before it leaves, so that no two workers send
    the same one.

    Attributes:
        occasion: what it was about, such as a week or a day: one mail of a kind, address and occasion.
    """

    class Kind(models.TextChoices):
        INVITATION = "invitation", _("invitation")
        DIGEST = "digest", _("weekly digest")
        SUMMARY = "summary", _("summary")
        LICENSE_END = "license_end", _("end of a license")
        CODES = "codes", _("license codes")

    email = models.EmailField(_("email"))
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    occasion = models.CharField(_("occasion"), max_length=64)
    sent_at = models.DateTimeField(_("sent"), default=timezone.now)

    class Meta:
        verbose_name = _("letter")
        verbose_name_plural = _("letters")
        ordering: ClassVar = ["-sent_at", "-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["email", "kind", "occasion"], name="letter_once_for_its_occasion"),
        ]
        indexes: ClassVar = [models.Index(fields=["sent_at"], name="letter_sent")]

    def __str__(self) -> str:
        return f"{self.kind} {self.occasion}"


class ApiToken(models.Model):
    """A key with which a program acts as a person. Of the key itself only the digest is kept: it is 256 bits of chance,
    so nobody can try them all.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="api_tokens", verbose_name=_("user"))
    name = models.CharField(_("name"), max_length=100)
    digest = models.CharField(_("digest"), max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)

    class Meta:
        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering: ClassVar = ["-created_at", "-id"]

    def __str__(self) -> str:
        return self.name
