"""Calls and raw deliveries in Django admin, with the two mends: try again, parse again."""

from typing import Any

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from calls.intake import read_delivery
from calls.models import Call, LoggingPolicy, WebhookDelivery, WorkerHeartbeat
from calls.resume import settings_changed, try_again
from integrations.admin import ReadOnlyMixin
from integrations.phone_numbers import read_dialled


class DeliveryInline(ReadOnlyMixin, admin.TabularInline[WebhookDelivery, Call]):
    model = WebhookDelivery
    fields = ("received_at", "event", "event_id", "outcome", "unknown")
    extra = 0
    can_delete = False
    show_change_link = True


@admin.register(Call)
class CallAdmin(ReadOnlyMixin, admin.ModelAdmin[Call]):
    view_on_site = False
    list_display = (
        "reference",
        "started_at",
        "company",
        "status",
        "reason",
        "rep_email",
        "direction",
        "answered",
        "customer_display",
        "person_name",
    )
    list_filter = ("status", "reason", "direction", "answered")
    list_select_related = ("company",)
    search_fields = ("reference", "external_id", "rep_email", "company__name", "person_name")
    search_help_text = _("Reference, Mustalinja's call id, email, company, person, or a number in any spelling")
    date_hierarchy = "started_at"
    show_full_result_count = False
    inlines = (DeliveryInline,)
    actions = ("send_again",)
    fieldsets = (
        (None, {"fields": ("reference", "company", "rep", "rep_email", "external_id")}),
        (
            _("Call"),
            {
                "fields": (
                    "direction",
                    "answered",
                    "result",
                    "customer_display",
                    "own_display",
                    "started_at",
                    "ended_at",
                    "ring_seconds",
                    "talk_seconds",
                    "received_at",
                )
            },
        ),
        (
            _("What became of it"),
            {
                "fields": (
                    "status",
                    "reason",
                    "explanation",
                    "detail",
                    "attempts",
                    "next_attempt_at",
                    "sending_since",
                    "person_id",
                    "person_name",
                    "organization_id",
                    "organization_name",
                    "activity_id",
                    "activity_link",
                    "logged_at",
                )
            },
        ),
    )

    @admin.display(description=_("customer's number"))
    def customer_display(self, call: Call) -> str:
        return call.customer_display

    @admin.display(description=_("own number"))
    def own_display(self, call: Call) -> str:
        return call.own_display

    @admin.display(description=_("link to the activity"))
    def activity_link(self, call: Call) -> str:
        return format_html('<a href="{0}">{0}</a>', call.activity_url) if call.activity_url else ""

    @admin.display(description=_("explanation"))
    def explanation(self, call: Call) -> str:
        return call.explanation

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Call], search_term: str
    ) -> tuple[QuerySet[Call], bool]:
        """Also by the customer's number, however it is written."""
        number = read_dialled(search_term)
        if number is not None and number.e164:
            return queryset.filter(Q(customer_number=number.e164) | Q(external_id=search_term)), False
        return super().get_search_results(request, queryset, search_term)

    @admin.action(description=_("Try again"), permissions=["view"])
    def send_again(self, request: HttpRequest, calls: QuerySet[Call]) -> None:
        count = try_again(calls)
        text = ngettext("%d call is in the queue.", "%d calls are in the queue.", count)
        self.message_user(request, text % count, messages.SUCCESS)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyMixin, admin.ModelAdmin[WebhookDelivery]):
    list_display = ("received_at", "company", "event", "outcome", "problem", "call")
    list_filter = ("outcome", "event")
    list_select_related = ("company", "call")
    search_fields = ("delivery_id", "event_id", "company__name", "call__reference")
    date_hierarchy = "received_at"
    show_full_result_count = False
    actions = ("parse_again",)
    fields = (
        "company",
        "received_at",
        "delivery_id",
        "event",
        "event_id",
        "outcome",
        "problem",
        "unknown",
        "call",
        "raw_body",
    )

    @admin.display(description=_("body"))
    def raw_body(self, delivery: WebhookDelivery) -> str:
        return bytes(delivery.body).decode(errors="backslashreplace")

    @admin.action(description=_("Parse again"), permissions=["view"])
    def parse_again(self, request: HttpRequest, deliveries: QuerySet[WebhookDelivery]) -> None:
        quarantined = deliveries.filter(outcome=WebhookDelivery.Outcome.QUARANTINED).select_related("company")
        receipts = [_read_again(delivery) for delivery in quarantined]
        understood = sum(not receipt.is_quarantined for receipt in receipts)
        text = ngettext(
            "%(understood)d of %(count)d delivery in quarantine is understood now.",
            "%(understood)d of %(count)d deliveries in quarantine are understood now.",
            len(receipts),
        )
        counts = {"understood": understood, "count": len(receipts)}
        self.message_user(request, text % counts, messages.SUCCESS if understood else messages.WARNING)


def _read_again(delivery: WebhookDelivery) -> Any:
    with transaction.atomic():
        return read_delivery(delivery)


@admin.register(LoggingPolicy)
class LoggingPolicyAdmin(admin.ModelAdmin[LoggingPolicy]):
    list_display = ("company", "activity_type", "in_answered", "in_missed", "out_answered", "out_unanswered")
    list_select_related = ("company",)
    search_fields = ("company__name",)
    autocomplete_fields = ("company",)

    def save_model(self, request: HttpRequest, obj: LoggingPolicy, form: Any, change: bool) -> None:  # noqa: FBT001
        super().save_model(request, obj, form, change)
        settings_changed(obj.company)


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(ReadOnlyMixin, admin.ModelAdmin[WorkerHeartbeat]):
    list_display = ("beat_at",)
