"""Links to the outside world in Django admin. Tokens and secrets are never shown, not even encrypted."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from integrations.backfills import Backfill
from integrations.contact_upkeep import sweep_soon
from integrations.missing_calls import ask_for_calls_now
from integrations.models import (
    ContactIndex,
    MustalinjaAccount,
    PendingRevocation,
    PipedriveAccount,
    PipedriveConnection,
    PipedriveSubscription,
    TokenSpending,
)
from integrations.pause_texts import pause_sentence
from integrations.pauses import account_pause
from integrations.trouble_filters import MustalinjaTroubleFilter, PipedriveTroubleFilter


class MendingMixin:
    """With an action that mends something: it asks for a right between looking at rows and changing them by hand."""

    model: Any

    def has_mend_permission(self, request: HttpRequest) -> bool:
        options = self.model._meta
        return request.user.has_perm(f"{options.app_label}.mend_{options.model_name}")


class ReadOnlyMixin(MendingMixin):
    """Made by the portal itself, not by hand. A deleted call would be logged again by a repeated event."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(PipedriveAccount)
class PipedriveAccountAdmin(ReadOnlyMixin, admin.ModelAdmin[PipedriveAccount]):
    list_display = (
        "name",
        "company",
        "domain",
        "pipedrive_company_id",
        "pause",
        "tokens_left",
        "missing_activity_type",
    )
    list_filter = (PipedriveTroubleFilter, "pause_kind")
    list_select_related = ("company",)
    search_fields = ("name", "domain", "company__name", "=pipedrive_company_id")
    fields = (
        "company",
        "pipedrive_company_id",
        "name",
        "domain",
        "activity_types",
        "activity_types_read_at",
        "missing_activity_type",
        "users_read_at",
        "failures_in_a_row",
        "pause",
        "paused_until",
        "probing_until",
        "daily_tokens",
        "tokens_left",
        "tokens_left_at",
    )

    @admin.display(description=_("left alone"), ordering="paused_until")
    def pause(self, account: PipedriveAccount) -> str:
        """Why nothing is sent to this Pipedrive now, and until when."""
        pause = account_pause(account)
        return pause_sentence(pause) if pause else ""


@admin.register(PipedriveConnection)
class PipedriveConnectionAdmin(ReadOnlyMixin, admin.ModelAdmin[PipedriveConnection]):
    list_display = (
        "user",
        "company",
        "account",
        "email",
        "is_admin",
        "state",
        "refreshed_at",
        "paused_until",
    )
    list_filter = ("state", "is_admin")
    list_select_related = ("user__company", "account__company")
    search_fields = ("user__email", "email", "account__name", "user__company__name")
    fields = (
        "user",
        "account",
        "pipedrive_user_id",
        "name",
        "email",
        "is_admin",
        "state",
        "is_deactivated",
        "api_url",
        "access_token_ends_at",
        "refreshed_at",
        "paused_until",
        "person_mailed_at",
        "admins_mailed_at",
        "checked_at",
        "connected_at",
    )

    @admin.display(description=_("company"), ordering="user__company__name")
    def company(self, connection: PipedriveConnection) -> str:
        return str(connection.user.company or "")


@admin.register(ContactIndex)
class ContactIndexAdmin(ReadOnlyMixin, admin.ModelAdmin[ContactIndex]):
    """How far each index is. The persons themselves are not shown: nobody needs to browse them."""

    list_display = ("account", "company", "persons", "swept_at", "polled_at", "next_step_at", "problem")
    list_select_related = ("account__company",)
    search_fields = ("account__name", "account__company__name")
    actions = ("read_anew",)
    fields = (
        "account",
        "reader",
        "reader_is_admin",
        "region",
        "phone_fields",
        "begun_at",
        "sweep_started_at",
        "sweep_persons",
        "swept_at",
        "persons",
        "changed_until",
        "polled_at",
        "next_step_at",
        "working_until",
        "failures_in_a_row",
        "problem",
    )

    @admin.display(description=_("company"), ordering="account__company__name")
    def company(self, index: ContactIndex) -> str:
        return str(index.account.company)

    @admin.action(description=_("Read all persons anew"), permissions=["mend"])
    def read_anew(self, request: HttpRequest, indexes: QuerySet[ContactIndex]) -> None:
        for index in indexes:
            sweep_soon(index)
        self.message_user(request, _("The persons are being read anew."), messages.SUCCESS)


@admin.register(PipedriveSubscription)
class PipedriveSubscriptionAdmin(ReadOnlyMixin, admin.ModelAdmin[PipedriveSubscription]):
    """Pipedrive's webhooks of an account; neither their address nor their password is shown."""

    list_display = ("account", "owner", "heard_at", "missed_at", "verify_at", "problem")
    list_select_related = ("account", "owner__user", "owner__account")
    search_fields = ("account__name", "account__company__name")
    fields = ("account", "owner", "webhook_ids", "heard_at", "missed_at", "verify_at", "problem")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The key of the address lies there in plain text: it must not be guessed by filtering."""
        return not lookup.startswith("key") and super().lookup_allowed(lookup, value, request)


@admin.register(TokenSpending)
class TokenSpendingAdmin(ReadOnlyMixin, admin.ModelAdmin[TokenSpending]):
    list_display = ("day", "account", "company", "operation", "requests", "tokens")
    list_filter = ("operation", "day")
    list_per_page = 50
    list_select_related = ("account__company",)
    search_fields = ("account__name", "account__company__name")

    @admin.display(description=_("company"), ordering="account__company__name")
    def company(self, spending: TokenSpending) -> str:
        return str(spending.account.company)


@admin.register(MustalinjaAccount)
class MustalinjaAccountAdmin(MendingMixin, admin.ModelAdmin[MustalinjaAccount]):
    list_display = (
        "company",
        "webhook_auth",
        "credentials_accepted",
        "credentials_checked_at",
        "webhook_registered_at",
        "last_heard_at",
    )
    list_filter = (MustalinjaTroubleFilter, "webhook_auth", "credentials_accepted")
    list_select_related = ("company",)
    search_fields = ("company__name", "api_key")
    actions = ("fetch_missing_calls",)
    fields = (
        "company",
        "api_key",
        "webhook_auth",
        "credentials_accepted",
        "credentials_checked_at",
        "webhook_registered_at",
        "previous_secret_ends_at",
        "last_heard_at",
        "last_refused_at",
        "created_at",
    )
    readonly_fields = tuple(name for name in fields if name != "webhook_auth")

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """The key of the webhook address lies there in plain text: it must not be guessed by filtering."""
        return not lookup.startswith("webhook_key") and super().lookup_allowed(lookup, value, request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.action(description=_("Fetch missing calls"), permissions=["mend"])
    def fetch_missing_calls(self, request: HttpRequest, accounts: QuerySet[MustalinjaAccount]) -> None:
        if not settings.MUSTALINJA_API_URL:
            self.message_user(request, _("The address of Mustalinja's API is not set."), messages.WARNING)
            return
        for account in accounts.select_related("company"):
            ask_for_calls_now(account, Backfill.Cause.SUPPORT)
        self.message_user(request, _("Missing calls are being fetched."), messages.SUCCESS)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The webhook's address would go with it, and Mustalinja's calls with that."""
        return False

    def save_model(self, request: HttpRequest, obj: MustalinjaAccount, form: Any, change: bool) -> None:  # noqa: FBT001
        """Only what the page shows: a secret renewed or unreadable meanwhile must not be written back."""
        obj.save(update_fields=["webhook_auth"])


@admin.register(Backfill)
class BackfillAdmin(ReadOnlyMixin, admin.ModelAdmin[Backfill]):
    """What was pulled from Mustalinja's list of calls, and why a pull does not get on."""

    list_display = ("asked_at", "company", "cause", "ended_at", "seen", "recovered", "quarantined", "problem")
    list_filter = ("cause", "problem")
    list_select_related = ("company",)
    search_fields = ("company__name",)
    date_hierarchy = "asked_at"
    fields = (
        "company",
        "cause",
        "asked_at",
        "began_at",
        "ended_at",
        "since",
        "cursor",
        "restarts",
        "pages",
        "seen",
        "recovered",
        "quarantined",
        "problem",
        "detail",
        "failures_in_a_row",
        "next_step_at",
        "working_until",
    )


@admin.register(PendingRevocation)
class PendingRevocationAdmin(ReadOnlyMixin, admin.ModelAdmin[PendingRevocation]):
    list_display = ("id", "created_at")
    fields = ("created_at",)
