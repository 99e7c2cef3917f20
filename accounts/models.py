"""Who may use the portal: companies (the tenants), their people and the licences that let people in."""

import datetime
import secrets
from typing import Any, ClassVar, Self

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

# No 0/O, 1/I/L: a code is also read out on the phone. 16 of 31 letters are 79 bits, too many to guess.
CODE_LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_GROUPS = 4
CODE_GROUP_LENGTH = 4


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
        return self.create_user(email, password, **{"is_staff": True, "is_superuser": True, **fields})

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)

    def colleagues_of(self, user: "User") -> "models.QuerySet[User]":
        """The people of a user's company, the user among them; nobody for staff without a company."""
        return self.filter(company=user.company) if user.company else self.none()


class User(AbstractUser):
    """A person who logs in by email: a rep, a company's admin, or (without a company) SaaShop's staff."""

    username = None  # type: ignore[assignment]
    email = models.EmailField(_("email"), unique=True)
    company = models.ForeignKey(
        Company, models.PROTECT, null=True, blank=True, related_name="people", verbose_name=_("company")
    )
    is_company_admin = models.BooleanField(_("company admin"), default=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects: ClassVar[UserManager] = UserManager()  # type: ignore[assignment]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering: ClassVar = ["email"]
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_in_lower_case"),
            models.CheckConstraint(
                condition=models.Q(is_company_admin=False) | models.Q(company__isnull=False),
                name="company_admin_has_a_company",
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def clean(self) -> None:
        super().clean()
        self.email = self.email.lower()

    @property
    def manages_company(self) -> bool:
        """Whether this person sees the whole company's calls and changes its settings."""
        return self.is_company_admin and self.company_id is not None


class LicenseQuerySet(models.QuerySet["License"]):
    def valid(self, today: datetime.date | None = None) -> Self:
        """Licences in force on a day (in Helsinki): the last day counts whole."""
        today = today or timezone.localdate()
        return self.filter(models.Q(valid_until__isnull=True) | models.Q(valid_until__gte=today))

    def free(self) -> Self:
        return self.filter(holder__isnull=True)

    def held_by(self, user: User) -> Self:
        """A person's licences for the company they work for now."""
        return self.filter(holder=user, company_id=user.company_id)


def new_license_code() -> str:
    """A fresh code such as `7K2M-QX9R-4HTB-WCPE`."""
    groups = ("".join(secrets.choice(CODE_LETTERS) for _ in range(CODE_GROUP_LENGTH)) for _ in range(CODE_GROUPS))
    return "-".join(groups)


class License(models.Model):
    """The right of one person to use the connector for one company. The code is handed to that person."""

    code = models.CharField(_("code"), max_length=32, unique=True, default=new_license_code)
    company = models.ForeignKey(Company, models.PROTECT, related_name="licenses", verbose_name=_("company"))
    valid_until = models.DateField(
        _("valid until"),
        null=True,
        blank=True,
        help_text=_("The last day, Helsinki time. Empty: for the time being."),
    )
    holder = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="licenses", verbose_name=_("holder")
    )
    redeemed_at = models.DateTimeField(_("redeemed"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(_("issued"), auto_now_add=True)

    objects: ClassVar = LicenseQuerySet.as_manager()

    class Meta:
        verbose_name = _("license")
        verbose_name_plural = _("licenses")
        ordering: ClassVar = ["-created_at", "-id"]
        indexes: ClassVar = [models.Index(fields=["holder", "company", "valid_until"], name="license_of_holder")]

    def __str__(self) -> str:
        return self.code
