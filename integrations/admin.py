"""Links to the outside world in Django admin. Tokens and secrets are never shown, not even encrypted."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from integrations.models import MustalinjaAccount, PendingRevocation, PipedriveAccount, PipedriveConnection


class ReadOnlyMixin:
    """Made by the portal itself, not by hand. A deleted call would be logged again by a repeated event."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(PipedriveAccount)
class PipedriveAccountAdmin(ReadOnlyMixin, admin.ModelAdmin[PipedriveAccount]):
    list_display = ("name", "company", "domain", "pipedrive_company_id", "activity_types_read_at")
    list_select_related = ("company",)
    search_fields = ("name", "domain", "company__name", "=pipedrive_company_id")
    fields = (
        "company",
        "pipedrive_company_id",
        "name",
        "domain",
        "activity_types",
        "activity_types_read_at",
    )


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
        "api_url",
        "access_token_ends_at",
        "refreshed_at",
        "paused_until",
        "checked_at",
        "connected_at",
    )

    @admin.display(description=_("company"), ordering="user__company__name")
    def company(self, connection: PipedriveConnection) -> str:
        return str(connection.user.company or "")


@admin.register(MustalinjaAccount)
class MustalinjaAccountAdmin(admin.ModelAdmin[MustalinjaAccount]):
    list_display = (
        "company",
        "webhook_auth",
        "credentials_accepted",
        "credentials_checked_at",
        "webhook_registered_at",
        "last_heard_at",
    )
    list_filter = ("webhook_auth", "credentials_accepted")
    list_select_related = ("company",)
    search_fields = ("company__name", "api_key")
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

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """The webhook's address would go with it, and Mustalinja's calls with that."""
        return False

    def save_model(self, request: HttpRequest, obj: MustalinjaAccount, form: Any, change: bool) -> None:  # noqa: FBT001
        """Only what the page shows: a secret renewed or unreadable meanwhile must not be written back."""
        obj.save(update_fields=["webhook_auth"])


@admin.register(PendingRevocation)
class PendingRevocationAdmin(ReadOnlyMixin, admin.ModelAdmin[PendingRevocation]):
    list_display = ("id", "created_at")
    fields = ("created_at",)
