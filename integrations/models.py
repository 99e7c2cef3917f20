"""What a company and its people have linked: Pipedrive accounts, each rep's connection, Mustalinja."""

import secrets
from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, User
from integrations.backfills import Backfill, Reachability  # noqa: F401 - models of this app in a file of their own
from integrations.encryption import EncryptedTextField
from integrations.hidden_organizations import HiddenOrganization
from integrations.limits import BurstLimit, PauseKind, TokenSpending

__all__ = [
    "BurstLimit",
    "Contact",
    "ContactIndex",
    "ContactNumber",
    "HiddenOrganization",
    "MustalinjaAccount",
    "Organization",
    "PauseKind",
    "PendingRevocation",
    "PipedriveAccount",
    "PipedriveConnection",
    "PipedriveEvent",
    "PipedriveSubscription",
    "TokenSpending",
]


def new_webhook_key() -> str:
    """The unguessable part of a webhook's address, or a password (192 bits)."""
    return secrets.token_urlsafe(24)


class PipedriveAccount(models.Model):
    """A Pipedrive company that somebody of one of our companies has connected. Its id never changes, its names may."""

    company = models.ForeignKey(Company, models.CASCADE, related_name="pipedrive_accounts", verbose_name=_("company"))
    pipedrive_company_id = models.BigIntegerField(_("Pipedrive company id"))
    name = models.CharField(_("name"), max_length=255, blank=True)
    domain = models.CharField(_("domain"), max_length=255, blank=True)
    activity_types = models.JSONField(_("active activity types"), default=list, blank=True, editable=False)
    activity_type_names = models.JSONField(
        _("names of the activity types"), default=dict, db_default={}, blank=True, editable=False
    )
    activity_types_read_at = models.DateTimeField(_("activity types read"), null=True, editable=False)
    activity_types_reading_until = models.DateTimeField(_("activity types being read until"), null=True, editable=False)
    missing_activity_type = models.CharField(
        _("activity type that is missing"),
        max_length=64,
        blank=True,
        editable=False,
        help_text=_("The company's choice, while Pipedrive does not have it and another type is used in its place."),
    )
    users_read_at = models.DateTimeField(_("users read"), null=True, editable=False)
    failures_in_a_row = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    pause_kind = models.CharField(
        _("why it is left alone"),
        max_length=20,
        choices=PauseKind.choices,
        blank=True,
        default="",
        # An older version beside this one knows no such column.
        db_default="",
        editable=False,
    )
    paused_until = models.DateTimeField(
        _("left alone until"),
        null=True,
        editable=False,
        help_text=_("Then a single request sees whether the trouble is over, before the others follow."),
    )
    probing_until = models.DateTimeField(_("being tried until"), null=True, editable=False)
    daily_tokens = models.PositiveIntegerField(
        _("tokens a day"),
        null=True,
        editable=False,
        help_text=_("As Pipedrive has told, for the whole company and all its integrations."),
    )
    tokens_left = models.PositiveIntegerField(_("tokens left"), null=True, editable=False)
    tokens_left_at = models.DateTimeField(_("tokens left, as of"), null=True, editable=False)

    goes_ahead = False
    """Of the loaded object, not of the row: whether its holder is the one who tries Pipedrive after a pause."""

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
    is_deactivated = models.BooleanField(_("deactivated in Pipedrive"), default=False, editable=False)
    told_at = models.DateTimeField(_("time of the latest event"), null=True, editable=False)
    person_mailed_at = models.DateTimeField(_("person mailed to authorize again"), null=True, editable=False)
    admins_mailed_at = models.DateTimeField(_("company admins mailed of it"), null=True, editable=False)
    reading_refused_until = models.DateTimeField(_("may not read persons until"), null=True, editable=False)
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


class ContactIndex(models.Model):
    """How far the phone index of a Pipedrive account is: the numbers of its persons, kept here so that a call costs no
    search. The row goes with the last connection, and everything read with it.
    """

    account = models.OneToOneField(
        PipedriveAccount, models.CASCADE, related_name="contact_index", verbose_name=_("Pipedrive account")
    )
    reader = models.ForeignKey(
        PipedriveConnection,
        models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("reader"),
        help_text=_("With whose eyes the persons are read: an admin's, where one is connected."),
    )
    reader_is_admin = models.BooleanField(_("read as an admin"), default=False)
    is_sweep_wanted = models.BooleanField(_("to be read anew"), default=False)
    region = models.CharField(_("region of the numbers"), max_length=2, blank=True)
    phone_fields = models.JSONField(_("custom phone fields"), default=list)
    begun_at = models.DateTimeField(_("begun"), default=timezone.now)
    sweep_started_at = models.DateTimeField(_("sweep started"), null=True)
    sweep_since = models.DateTimeField(_("sweep started, by Pipedrive's clock"), null=True)
    sweep_cursor = models.TextField(_("place in the sweep"), blank=True)
    sweep_persons = models.PositiveIntegerField(_("persons read in this sweep"), default=0)
    swept_at = models.DateTimeField(_("swept as a whole"), null=True)
    persons = models.PositiveIntegerField(_("persons in Pipedrive"), default=0)
    changed_until = models.DateTimeField(
        _("changes known until"), null=True, help_text=_("By Pipedrive's clock; the next poll asks for what is later.")
    )
    asked_at = models.DateTimeField(_("changes asked for"), null=True)
    polled_at = models.DateTimeField(
        _("changes answered"), null=True, help_text=_("When the latest question was asked that Pipedrive has answered.")
    )
    next_step_at = models.DateTimeField(_("next step"), default=timezone.now)
    nudged_at = models.DateTimeField(_("queued"), null=True)
    working_until = models.DateTimeField(_("being read until"), null=True)
    failures_in_a_row = models.PositiveIntegerField(_("failures in a row"), default=0)
    problem = models.CharField(_("problem"), max_length=255, blank=True)

    class Meta:
        verbose_name = _("contact index")
        verbose_name_plural = _("contact indexes")
        default_permissions: ClassVar = ["add", "change", "delete", "view", "mend"]
        ordering: ClassVar = ["account__name"]
        indexes: ClassVar = [models.Index(fields=["next_step_at"], name="contact_index_due")]

    def __str__(self) -> str:
        return str(self.account)

    @property
    def is_ready(self) -> bool:
        """Whether every person has been read once, so that an unknown number is known to be unknown."""
        return self.swept_at is not None


class Contact(models.Model):
    """A person of Pipedrive with a number, as far as matching and the history need it. One that is gone, or has no
    number any more, stays for a while, nameless, so that word of an older state cannot bring it back.
    """

    account = models.ForeignKey(PipedriveAccount, models.CASCADE, related_name="contacts", db_index=False)
    person_id = models.BigIntegerField(_("person in Pipedrive"))
    name = models.CharField(_("name"), max_length=255, blank=True)
    owner_id = models.BigIntegerField(_("owner in Pipedrive"), null=True)
    organization_id = models.BigIntegerField(_("organization in Pipedrive"), null=True)
    updated_at = models.DateTimeField(_("updated in Pipedrive"))
    heard_at = models.DateTimeField(_("time of the latest event"), null=True)
    seen_at = models.DateTimeField(_("last seen"))
    is_gone = models.BooleanField(_("deleted"), default=False)

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts")
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "person_id"], name="contact_once")]

    def __str__(self) -> str:
        return str(self.person_id)


class ContactNumber(models.Model):
    """One E.164 number of a contact. Whoever deletes contacts deletes their numbers first, in one statement each: an
    index of 100,000 persons goes at once when the app is uninstalled.
    """

    account = models.ForeignKey(PipedriveAccount, models.CASCADE, related_name="+", db_index=False)
    contact = models.ForeignKey(Contact, models.DO_NOTHING, related_name="numbers", db_index=False)
    e164 = models.CharField(_("number"), max_length=20)

    class Meta:
        verbose_name = _("contact's number")
        verbose_name_plural = _("contacts' numbers")
        constraints: ClassVar = [models.UniqueConstraint(fields=["contact", "e164"], name="contact_number_once")]
        indexes: ClassVar = [models.Index(fields=["account", "e164"], name="contact_by_number")]

    def __str__(self) -> str:
        return str(self.contact_id)


class Organization(models.Model):
    """The name of an organization that a logged call's person belongs to, so that the history can show it."""

    account = models.ForeignKey(PipedriveAccount, models.CASCADE, related_name="organizations", db_index=False)
    organization_id = models.BigIntegerField(_("organization in Pipedrive"))
    name = models.CharField(_("name"), max_length=255, blank=True)
    # Written by earlier versions, which erased the name with it; who does not see it is in HiddenOrganization.
    is_hidden = models.BooleanField(_("refused with activities"), default=False)
    read_at = models.DateTimeField(_("read"))

    class Meta:
        verbose_name = _("organization")
        verbose_name_plural = _("organizations")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["account", "organization_id"], name="organization_once")
        ]

    def __str__(self) -> str:
        return self.name


class PipedriveSubscription(models.Model):
    """A Pipedrive account's webhooks: they tell of every person and user that changes, and cost no tokens."""

    account = models.OneToOneField(
        PipedriveAccount, models.CASCADE, related_name="subscription", verbose_name=_("Pipedrive account")
    )
    key = models.CharField(_("webhook key"), max_length=64, unique=True, default=new_webhook_key, editable=False)
    password = EncryptedTextField(_("password"), default=new_webhook_key)
    owner = models.ForeignKey(
        PipedriveConnection, models.SET_NULL, null=True, related_name="+", verbose_name=_("registered by")
    )
    webhook_ids = models.JSONField(_("webhooks in Pipedrive"), default=list)
    address = models.CharField(_("registered address"), max_length=500, blank=True)
    verify_at = models.DateTimeField(_("next verification"), default=timezone.now)
    problem = models.CharField(_("problem"), max_length=255, blank=True)
    heard_at = models.DateTimeField(_("last heard from"), null=True)
    missed_at = models.DateTimeField(
        _("last missed"), null=True, help_text=_("When a poll found a change that no webhook had told of.")
    )
    nudged_at = models.DateTimeField(_("queued"), null=True)
    working_until = models.DateTimeField(_("events being carried out until"), null=True)

    class Meta:
        verbose_name = _("Pipedrive webhooks")
        verbose_name_plural = _("Pipedrive webhooks")
        ordering: ClassVar = ["account__name"]

    def __str__(self) -> str:
        return str(self.account)

    @property
    def is_proven(self) -> bool:
        """Whether events arrive: some have, and since the last one nothing was missed."""
        if not self.webhook_ids or self.heard_at is None:
            return False
        return self.missed_at is None or self.heard_at > self.missed_at


class PipedriveEvent(models.Model):
    """An event of a webhook, kept until it is carried out; its id is kept longer, because Pipedrive may send it
    again.
    """

    account = models.ForeignKey(PipedriveAccount, models.CASCADE, related_name="events", db_index=False)
    event_id = models.CharField(_("event id"), max_length=64)
    entity = models.CharField(_("entity"), max_length=32)
    occurred_at = models.DateTimeField(_("occurred"))
    body = models.JSONField(_("body"), default=dict)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    done_at = models.DateTimeField(_("carried out"), null=True)

    class Meta:
        verbose_name = _("Pipedrive event")
        verbose_name_plural = _("Pipedrive events")
        constraints: ClassVar = [models.UniqueConstraint(fields=["account", "event_id"], name="pipedrive_event_once")]
        indexes: ClassVar = [
            models.Index(fields=["account", "occurred_at"], condition=Q(done_at=None), name="pipedrive_event_to_do"),
            models.Index(fields=["received_at"], name="pipedrive_event_received"),
        ]

    def __str__(self) -> str:
        return self.event_id


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
        default_permissions: ClassVar = ["add", "change", "delete", "view", "mend"]
        ordering: ClassVar = ["company__name"]

    def __str__(self) -> str:
        return str(self.company)

    def valid_secrets(self) -> list[str]:
        """The secrets a webhook may be authenticated with now: two for 24 hours after a rotation."""
        is_rotating = self.previous_secret_ends_at is not None and self.previous_secret_ends_at > timezone.now()
        return [self.secret, self.previous_secret] if is_rotating and self.previous_secret else [self.secret]
