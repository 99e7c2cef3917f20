"""Calls and raw deliveries in Django admin, with the two mends: try again, parse again."""

import json
from typing import Any, ClassVar, cast

from django.contrib import admin, messages
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from calls import number_admin  # noqa: F401 - admins of this app in a file of their own
from calls.book_admin import BookAdmin
from calls.books import LOST
from calls.call_list import BoundedPaginator, ReasonFilter, found_calls, ordering_of
from calls.delivery_shape import differences_html
from calls.drift_admin import DriftAdmin
from calls.follow_up import FollowUp
from calls.intake import Receipt, read_delivery
from calls.masking import masked_text
from calls.models import Call, CallQuerySet, LoggingPolicy, WebhookDelivery, WorkerHeartbeat
from calls.planned_call import PlannedCall
from calls.policy import RULES
from calls.policy_form import PolicyForm
from calls.resend_admin import ResendAdmin, ask_and_resend
from calls.resume import settings_changed
from calls.revealing import RevealableAdmin
from calls.rules import PREFIX_MARK
from calls.story_lines import story_html
from calls.working_hours import DAYS
from integrations.admin import ReadOnlyMixin

__all__ = ["BookAdmin", "DriftAdmin", "ResendAdmin"]


class DeliveryInline(ReadOnlyMixin, admin.TabularInline[WebhookDelivery, Call]):
    model = WebhookDelivery
    fields = ("received_at", "event", "event_id", "outcome", "unknown_fields")
    readonly_fields = ("unknown_fields",)
    extra = 0
    can_delete = False
    show_change_link = True

    @admin.display(description=_("unknown fields and values"))
    def unknown_fields(self, delivery: WebhookDelivery) -> str:
        return _unknown(delivery) and masked_text(_unknown(delivery))


def _unknown(delivery: WebhookDelivery) -> str:
    return json.dumps(delivery.unknown, ensure_ascii=False) if delivery.unknown else ""


@admin.register(Call)
class CallAdmin(ReadOnlyMixin, RevealableAdmin):
    """A list of a million, the latest received first. A drill-down by dates (`date_hierarchy`) would read them all for
    each page: measured, 17 s; days are chosen in the filter instead.
    """

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
    list_filter = ("status", ReasonFilter, "direction", "answered", "started_at")
    list_per_page = 50
    paginator = BoundedPaginator
    show_full_result_count = False
    list_select_related = ("company",)
    search_fields = ("reference",)
    search_help_text = _("Support code, Mustalinja's call id, the rep's email, company, or a number in any spelling")
    inlines = (DeliveryInline,)
    actions = audited_by_deeds = ("send_again",)
    fieldsets = (
        (None, {"fields": ("support_code", "reference", "company", "rep", "rep_email", "external_id")}),
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
                    "story",
                    "detail_shown",
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
        return self.number_of(call, call.customer_number, typed=call.customer_display)

    @admin.display(description=_("own number"))
    def own_display(self, call: Call) -> str:
        return self.number_of(call, call.own_number)

    @admin.display(description=_("link to the activity"))
    def activity_link(self, call: Call) -> str:
        return format_html('<a href="{0}">{0}</a>', call.activity_url) if call.activity_url else ""

    @admin.display(description=_("support code"))
    def support_code(self, call: Call) -> str:
        return call.support_code

    @admin.display(description=_("story"))
    def story(self, call: Call) -> str:
        return mark_safe(self.text_of(call, story_html(call)))  # noqa: S308 - it was safe before

    @admin.display(description=_("detail for support"))
    def detail_shown(self, call: Call) -> str:
        return self.text_of(call, call.detail)

    @admin.display(description=_("explanation"))
    def explanation(self, call: Call) -> str:
        return call.explanation

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Call], search_term: str
    ) -> tuple[QuerySet[Call], bool]:
        found = found_calls(cast("CallQuerySet", queryset), search_term.strip()) if search_term else queryset
        return found, False

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return ordering_of(request)

    @admin.action(description=_("Try again"), permissions=["mend"])
    def send_again(self, request: HttpRequest, calls: QuerySet[Call]) -> HttpResponse:
        """After its page in between, the page on which one sees what becomes of them."""
        return ask_and_resend(self, request, calls)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyMixin, RevealableAdmin):
    """As long a list as that of the calls."""

    list_per_page = 50
    list_display = ("received_at", "company", "event", "source", "outcome", "problem", "call")
    list_filter = ("outcome", "source", "received_at")
    ordering = ("-id",)
    paginator = BoundedPaginator
    show_full_result_count = False
    list_select_related = ("company", "call")
    search_fields = ("delivery_id", "event_id", "company__name", "call__reference")
    actions = ("parse_again", "make_lost_call")
    fields = (
        "company",
        "received_at",
        "source",
        "delivery_id",
        "event",
        "event_id",
        "external_id",
        "outcome",
        "problem_shown",
        "unknown_fields",
        "differences",
        "call",
        "raw_body",
    )

    def revealed_with(self, row: WebhookDelivery) -> list[Model]:
        """Whoever may see a call's numbers may see what was delivered of it."""
        return [row, row.call] if row.call is not None else [row]

    @admin.display(description=_("unknown fields and values"))
    def unknown_fields(self, delivery: WebhookDelivery) -> str:
        return self.text_of(delivery, _unknown(delivery))

    @admin.display(description=_("problem"))
    def problem_shown(self, delivery: WebhookDelivery) -> str:
        return self.text_of(delivery, delivery.problem)

    @admin.display(description=_("compared with the known shape"))
    def differences(self, delivery: WebhookDelivery) -> str:
        return differences_html(delivery)

    @admin.display(description=_("body"))
    def raw_body(self, delivery: WebhookDelivery) -> str:
        return self.text_of(delivery, bytes(delivery.body).decode(errors="backslashreplace"))

    @admin.action(description=_("Parse again"), permissions=["mend"])
    def parse_again(self, request: HttpRequest, deliveries: QuerySet[WebhookDelivery]) -> None:
        quarantined = deliveries.filter(outcome=WebhookDelivery.Outcome.QUARANTINED)
        receipts = _read_again(quarantined)
        understood = sum(not receipt.is_quarantined for receipt in receipts)
        text = ngettext(
            "%(understood)d of %(count)d delivery in quarantine is understood now.",
            "%(understood)d of %(count)d deliveries in quarantine are understood now.",
            len(receipts),
        )
        counts = {"understood": understood, "count": len(receipts)}
        self.message_user(request, text % counts, messages.SUCCESS if understood else messages.WARNING)

    @admin.action(description=_("Make the lost call again"), permissions=["mend"])
    def make_lost_call(self, request: HttpRequest, deliveries: QuerySet[WebhookDelivery]) -> None:
        """For a day that does not balance: what was accepted as a call and has none."""
        count = len(_read_again(deliveries.filter(LOST)))
        text = ngettext("%d lost call is there again.", "%d lost calls are there again.", count)
        self.message_user(request, text % count, messages.SUCCESS if count else messages.WARNING)


def _read_again(deliveries: QuerySet[WebhookDelivery]) -> list[Receipt]:
    """Each is looked at once more under the lock: two people who click at the same time must not read one twice, for
    the second reading would make a duplicate of it. SQLite's lock is the transaction's. Of what is without its body
    by now, nothing can be read.
    """
    receipts = []
    kept = deliveries.exclude(body=b"")
    for pk in kept.order_by("received_at", "pk").values_list("pk", flat=True):
        with transaction.atomic():
            delivery = deliveries.order_by().select_for_update(of=("self",)).select_related("company").filter(pk=pk)
            receipts += [read_delivery(still_there) for still_there in delivery]
    return receipts


@admin.register(LoggingPolicy)
class LoggingPolicyAdmin(RevealableAdmin):
    """Blocked numbers may be those of people's families: masked, and edited by who has said why they need them."""

    form = PolicyForm
    list_display = ("company", "activity_type", *RULES, "several_contacts", "unknown_caller", "deals")
    list_filter = ("several_contacts", "unknown_caller", "deals")
    list_select_related = ("company",)
    search_fields = ("company__name",)
    autocomplete_fields = ("company",)
    radio_fields: ClassVar = {
        "several_contacts": admin.VERTICAL,
        "unknown_caller": admin.VERTICAL,
        "deals": admin.VERTICAL,
        "planned_calls": admin.VERTICAL,
    }
    fieldsets = (
        (None, {"fields": ("company", "activity_type", "deals", "planned_calls")}),
        (_("Whom a call is logged to"), {"fields": ("several_contacts", "unknown_caller", "create_person_for")}),
        (_("What becomes of each kind of call"), {"fields": RULES}),
        (_("Calls that are left out"), {"fields": ("minimum_seconds", "blocked_numbers")}),
        (_("Working hours"), {"fields": (*(f"hours_{day}" for day in DAYS), "outside_hours")}),
        (_("Follow-up tasks"), {"fields": ("follow_up", "follow_up_after", "follow_up_unit", "follow_up_for")}),
        (
            _("Texts of the activities"),
            {"fields": tuple(f"{part}_{kind}" for kind in RULES for part in ("subject", "note"))},
        ),
    )

    def get_fieldsets(self, request: HttpRequest, obj: LoggingPolicy | None = None) -> Any:
        fieldsets = super().get_fieldsets(request, obj)
        if self._are_numbers_edited(request, obj):
            return fieldsets
        return [
            (name, {"fields": ["blocked_shown" if each == "blocked_numbers" else each for each in part["fields"]]})
            for name, part in fieldsets
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: LoggingPolicy | None = None) -> Any:
        masked = () if self._are_numbers_edited(request, obj) else ("blocked_numbers", "blocked_shown")
        return (*super().get_readonly_fields(request, obj), *masked)

    def _are_numbers_edited(self, request: HttpRequest, policy: LoggingPolicy | None) -> bool:
        """What was being edited when the time was over is saved nevertheless."""
        if policy is None:
            return True
        is_open = getattr(policy, "shows_numbers", False) or "blocked_numbers" in request.POST
        return is_open and self.has_change_permission(request, policy)

    @admin.display(description=_("blocked numbers"))
    def blocked_shown(self, policy: LoggingPolicy) -> str:
        """A prefix is nobody's number."""
        numbers = (
            each if each.endswith(PREFIX_MARK) else self.number_of(policy, each) for each in policy.blocked_numbers
        )
        return format_html_join("", "<div>{}</div>", ((number,) for number in numbers)) or "–"

    def save_model(self, request: HttpRequest, obj: LoggingPolicy, form: Any, change: bool) -> None:  # noqa: FBT001
        before = LoggingPolicy.of(obj.company)
        super().save_model(request, obj, form, change)
        settings_changed(obj.company, before=before)


@admin.register(WorkerHeartbeat)
class WorkerHeartbeatAdmin(ReadOnlyMixin, admin.ModelAdmin[WorkerHeartbeat]):
    list_display = ("beat_at", "host", "pid", "started_at", "restarts")


@admin.register(FollowUp, PlannedCall)
class ErrandAdmin(ReadOnlyMixin, RevealableAdmin):
    list_display = ("created_at", "company", "call", "state", "activity_id", "next_attempt_at")
    list_filter = ("state",)
    list_select_related = ("company", "call")
    search_fields = ("call__reference", "company__name")
    show_full_result_count = False
    paginator = BoundedPaginator
    exclude = ("claimed_until", "customer_number", "detail")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        numbers = ["number_display"] if hasattr(self.model, "customer_number") else []
        return [*super().get_fields(request, obj), "detail_shown", *numbers]

    @admin.display(description=_("detail for support"))
    def detail_shown(self, row: Any) -> str:
        """What Pipedrive said may repeat what was sent."""
        return self.text_of(row, row.detail)

    @admin.display(description=_("number"))
    def number_display(self, row: Any) -> str:
        return self.number_of(row, row.customer_number)
