"""What a company and its people have linked: Pipedrive accounts, each rep's connection, Mustalinja."""

import secrets
from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, User
from integrations.encryption import EncryptedTextField


class PipedriveAccount(models.Model):
    """A Pipedrive company that somebody of one of our companies has connected. Its id never changes, its names may."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="pipedrive_accounts", verbose_name=_("company"))
    pipedrive_company_id = models.BigIntegerField(_("Pipedrive company id"))
    name = models.CharField(_("name"), max_length=255, blank=True)
    domain = models.CharField(_("domain"), max_length=255, blank=True)
    activity_types = models.JSONField(_("active activity types"), default=list, blank=True, editable=False)
    activity_types_read_at = models.DateTimeField(_("activity types read"), null=True, editable=False)
    failures_in_a_row = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    paused_until = models.DateTimeField(_("out of reach until"), null=True, editable=False)

    class Meta:
        verbose_name = _("Pipedrive account")
        verbose_name_plural = _("Pipedrive accounts")
        ordering: ClassVar = ["name"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["company", "pipedrive_company_id"], name="pipedrive_account_once")
        ]

    def __str__(self) -> str:
        return self.name or str(self.pipedrive_company_id)


class PipedriveConnection(models.Model):
    """One person's authorization at Pipedrive. Its row goes when the person disconnects or uninstalls the app."""

    class State(models.TextChoices):
        CONNECTED = "connected", _("connected")
        REAUTHORIZE = "reauthorize", _("must be authorized again")
        ACCOUNT_CLOSED = "account_closed", _("the Pipedrive account is not open")

    user = models.OneToOneField(User, models.CASCADE, related_name="pipedrive_connection", verbose_name=_("user"))
    account = models.ForeignKey(
        PipedriveAccount, models.CASCADE, related_name="connections", verbose_name=_("Pipedrive account")
    )
    pipedrive_user_id = models.BigIntegerField(_("Pipedrive user id"))
    name = models.CharField(_("name in Pipedrive"), max_length=255, blank=True)
    email = models.EmailField(_("email in Pipedrive"), blank=True)
    is_admin = models.BooleanField(_("admin in Pipedrive"), default=False)
    api_url = models.CharField(_("API address"), max_length=255)
    access_token = EncryptedTextField(_("access token"))
    refresh_token = EncryptedTextField(_("refresh token"))
    access_token_ends_at = models.DateTimeField(_("access token ends"))
    refreshed_at = models.DateTimeField(_("tokens refreshed"))
    refreshing_until = models.DateTimeField(_("refresh under way until"), null=True, editable=False)
    paused_until = models.DateTimeField(_("rate limited until"), null=True, editable=False)
    pauses_in_a_row = models.PositiveIntegerField(_("pauses in a row"), default=0, editable=False)
    state = models.CharField(_("state"), max_length=20, choices=State.choices, default=State.CONNECTED)
    checked_at = models.DateTimeField(_("checked"), default=timezone.now)
    connected_at = models.DateTimeField(_("connected"), default=timezone.now)

    class Meta:
        verbose_name = _("Pipedrive connection")
        verbose_name_plural = _("Pipedrive connections")
        ordering: ClassVar = ["user__email"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "pipedrive_user_id"], name="pipedrive_user_once")
        ]
        indexes: ClassVar = [models.Index(fields=["refreshed_at"], name="connection_refreshed")]

    def __str__(self) -> str:
        return f"{self.user} → {self.account}"

    def activity_url(self, activity_id: int) -> str:
        """Where people see an activity in Pipedrive."""
        return f"{self.api_url}/activities/list#dialog/activity/{activity_id}"

    @property
    def is_live(self) -> bool:
        return self.state == self.State.CONNECTED


class PendingRevocation(models.Model):
    """A refresh token that Pipedrive could not yet be told to revoke. Nobody uses it any more."""

    refresh_token = EncryptedTextField(_("refresh token"))
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("pending revocation")
        verbose_name_plural = _("pending revocations")
        ordering: ClassVar = ["created_at"]

    def __str__(self) -> str:
        return f"{self.created_at:%Y-%m-%d %H:%M}"


def new_webhook_key() -> str:
    """The unguessable part of a company's webhook address (192 bits)."""
    return secrets.token_urlsafe(24)


class MustalinjaAccount(models.Model):
    """A company's side of Mustalinja: its API credentials, its webhook address and how the webhook is authenticated."""

    class WebhookAuth(models.TextChoices):
        SIGNED = "signed", _("Signed (Standard Webhooks)")
        BEARER = "bearer", _("Bearer token")
        BASIC = "basic", _("HTTP Basic")
        URL = "url", _("The secret address alone")

    company = models.OneToOneField(Company, models.CASCADE, related_name="mustalinja", verbose_name=_("company"))
    api_key = models.CharField(_("API key"), max_length=255)
    api_secret = EncryptedTextField(_("API secret"))
    credentials_accepted = models.BooleanField(_("credentials accepted"), null=True, editable=False)
    credentials_checked_at = models.DateTimeField(_("credentials checked"), null=True, editable=False)
    webhook_key = models.CharField(
        _("webhook key"), max_length=64, unique=True, default=new_webhook_key, editable=False
    )
    webhook_auth = models.CharField(
        _("webhook authentication"), max_length=10, choices=WebhookAuth.choices, default=WebhookAuth.SIGNED
    )
    secret = EncryptedTextField(_("signing secret"))
    previous_secret = EncryptedTextField(_("previous signing secret"), blank=True)
    previous_secret_ends_at = models.DateTimeField(_("previous secret valid until"), null=True, editable=False)
    webhook_registered_at = models.DateTimeField(_("webhook registered"), null=True, editable=False)
    last_heard_at = models.DateTimeField(_("last heard from"), null=True, editable=False)
    last_refused_at = models.DateTimeField(_("last refused"), null=True, editable=False)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("Mustalinja account")
        verbose_name_plural = _("Mustalinja accounts")
        ordering: ClassVar = ["company__name"]

    def __str__(self) -> str:
        return str(self.company)

    def valid_secrets(self) -> list[str]:
        """The secrets a webhook may be authenticated with now: two for 24 hours after a rotation."""
        is_rotating = self.previous_secret_ends_at is not None and self.previous_secret_ends_at > timezone.now()
        return [self.secret, self.previous_secret] if is_rotating and self.previous_secret else [self.secret]
