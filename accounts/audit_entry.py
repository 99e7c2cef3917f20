"""AuditEntry: who did what to which company, written down as it is done, never changed, kept for two years.

An entry names people and things by their keys only. What they are called is looked up when the entry is read, so a
person who has been erased is in no entry.
"""

from typing import ClassVar, Self

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Action(models.TextChoices):
    """What is written down: what somebody did, as a sentence goes on after their name. A deed in Django admin that is
    none of the first ones has the name of the admin's action.
    """

    CREATED = "created", pgettext_lazy("deed", "added")
    CHANGED = "changed", pgettext_lazy("deed", "changed")
    DELETED = "deleted", pgettext_lazy("deed", "deleted")
    VIEWED = "viewed", pgettext_lazy("deed", "looked at")
    REVEALED = "revealed", pgettext_lazy("deed", "had numbers shown in full")

    SIGNED_UP = "signed_up", pgettext_lazy("deed", "signed up")
    LICENSE_ENTERED = "license_entered", pgettext_lazy("deed", "entered a license code")
    SETTINGS = "settings", pgettext_lazy("deed", "changed the company's settings")
    OWN_SETTINGS = "own_settings", pgettext_lazy("deed", "changed their own settings")
    CREDENTIALS = "credentials", pgettext_lazy("deed", "entered Mustalinja credentials")
    SECRET_ROTATED = "secret_rotated", pgettext_lazy("deed", "made a new signing secret")
    WEBHOOK_AUTH = "webhook_auth", pgettext_lazy("deed", "changed the webhook's authentication")
    PIPEDRIVE_CONNECTED = "pipedrive_connected", pgettext_lazy("deed", "connected Pipedrive")
    PIPEDRIVE_DISCONNECTED = "pipedrive_disconnected", pgettext_lazy("deed", "disconnected Pipedrive")
    INVITED = "invited", pgettext_lazy("deed", "invited a person")
    INVITATION_WITHDRAWN = "invitation_withdrawn", pgettext_lazy("deed", "withdrew an invitation")
    RIGHTS = "rights", pgettext_lazy("deed", "changed a colleague's rights")
    SEAT_GIVEN = "seat_given", pgettext_lazy("deed", "gave a seat")
    SEAT_RELEASED = "seat_released", pgettext_lazy("deed", "took a seat back")
    ALIAS_ADDED = "alias_added", pgettext_lazy("deed", "added an email alias")
    ALIAS_REMOVED = "alias_removed", pgettext_lazy("deed", "removed an email alias")
    TOKEN_MADE = "token_made", pgettext_lazy("deed", "made an API token")
    TOKEN_REVOKED = "token_revoked", pgettext_lazy("deed", "revoked an API token")
    CALL_PRIVATE = "call_private", pgettext_lazy("deed", "marked a call private")
    CONTACT_CHOSEN = "contact_chosen", pgettext_lazy("deed", "chose the person of a call")
    CALLS_FETCHED = "calls_fetched", pgettext_lazy("deed", "fetched missing calls")
    CALL_TRIED = "call_tried", pgettext_lazy("deed", "had a call tried again")
    PERSON_CREATED = "person_created", pgettext_lazy("deed", "had a person created for a call")
    CALLS_EXPORTED = "calls_exported", pgettext_lazy("deed", "downloaded calls as a file")
    OWN_DATA_EXPORTED = "own_data_exported", pgettext_lazy("deed", "downloaded their own data")
    DATA_ASKED = "data_asked", pgettext_lazy("deed", "asked for a file with all data")
    DATA_DOWNLOADED = "data_downloaded", pgettext_lazy("deed", "downloaded the file with all data")
    ACCOUNT_DELETED = "account_deleted", pgettext_lazy("deed", "deleted their account")

    ISSUED = "issued", pgettext_lazy("deed", "issued licenses")
    SUSPENDED = "suspended", pgettext_lazy("deed", "suspended")
    RESUMED = "resumed", pgettext_lazy("deed", "resumed")
    REVOKED = "revoked", pgettext_lazy("deed", "revoked")
    EXTENDED = "extended", pgettext_lazy("deed", "changed the last day")
    HANDED_OVER = "handed_over", pgettext_lazy("deed", "handed over")
    RELEASED = "released", pgettext_lazy("deed", "released")
    PRINT_CODES = "print_codes", pgettext_lazy("deed", "had license codes shown")
    MAILED = "mailed", pgettext_lazy("deed", "mailed license codes")
    EXPORTED = "licenses_exported", pgettext_lazy("deed", "downloaded licenses as a file")
    VIEW_BEGUN = "view_begun", pgettext_lazy("deed", "began to view the portal as this person")
    VIEW_ENDED = "view_ended", pgettext_lazy("deed", "ended the view of the portal as this person")
    ERASED = "erased", pgettext_lazy("deed", "erased a person")
    COMPANY_ERASED = "company_erased", pgettext_lazy("deed", "erased a company")
    NUMBER_ERASED = "number_erased", pgettext_lazy("deed", "erased a phone number")
    SEND_AGAIN = "send_again", pgettext_lazy("deed", "had calls tried again")
    PARSE_AGAIN = "parse_again", pgettext_lazy("deed", "had a delivery parsed again")
    MAKE_LOST_CALL = "make_lost_call", pgettext_lazy("deed", "made a lost call again")
    MARK_AS_KNOWN = "mark_as_known", pgettext_lazy("deed", "marked something unknown as known")
    COUNT_AGAIN = "count_again", pgettext_lazy("deed", "had a day counted again")
    READ_ANEW = "read_anew", pgettext_lazy("deed", "had the persons in Pipedrive read anew")
    FETCH_MISSING_CALLS = "fetch_missing_calls", pgettext_lazy("deed", "fetched missing calls")
    MAKE_VERIFIED = "make_verified", pgettext_lazy("deed", "confirmed an email address")
    RESUBMIT_TASK = "resubmit_task", pgettext_lazy("deed", "queued a task again")


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    """Whose entries they are."""

    def of_company(self, company_id: int) -> Self:
        return self.filter(company=company_id)


class AuditEntry(models.Model):
    """One deed. Database triggers refuse to change it; only who did it, from where, for which company and why may be
    forgotten (accounts/migrations).

    Attributes:
        at: when, in UTC.
        actor: who; nobody, where the portal did it by itself or the person is gone.
        is_staff: whether the actor belonged to SaaShop's staff then.
        action: one of `Action`, as text, so that a new one needs no migration.
        subject: what it was done to, as `app.model key`.
        changes: by field, the values before and after; of personal data and secrets the name of the field only.
        reason: why, in the words of the staff.
        address: the IP address it came from.
    """

    at = models.DateTimeField(_("time"), default=timezone.now)
    company = models.ForeignKey(
        "accounts.Company",
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="audit_entries",
        verbose_name=_("company"),
    )
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="audit_entries",
        verbose_name=_("who"),
    )
    is_staff = models.BooleanField(_("staff"), default=False)
    action = models.CharField(_("action"), max_length=40)
    subject = models.CharField(_("what"), max_length=100, blank=True)
    changes = models.JSONField(_("changes"), default=dict, blank=True, encoder=DjangoJSONEncoder)
    reason = models.CharField(_("reason"), max_length=500, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)

    objects: ClassVar = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit log")
        ordering: ClassVar = ["-id"]
        indexes: ClassVar = [
            models.Index(fields=["company", "-id"], name="audit_of_company"),
            models.Index(fields=["at"], name="audit_time"),
            models.Index(fields=["actor", "-id"], name="audit_of_actor"),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.subject}"
