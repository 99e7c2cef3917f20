"""The audit log in Django admin: read-only, bounded, found by company, staff, action and time; retention's reports; and
what libraries bring into the admin, held to the rights of staff's roles.
"""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _
from django_q.admin import resubmit_task

from accounts.audit_entry import Action, AuditEntry
from accounts.models import Company, User
from calls.call_list import BoundedPaginator
from integrations.admin import ReadOnlyMixin
from support.retention_report import RetentionReport

# The library lets whoever may look at a task run it again.
resubmit_task.allowed_permissions = ("change",)

FOUND_AT_MOST = 100
"""Companies, and people, of which a search shows the entries."""


class ActionFilter(admin.SimpleListFilter):
    """What was done."""

    title = _("action")
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(Action.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        return queryset.filter(action=self.value()) if self.value() else queryset


class StaffFilter(admin.SimpleListFilter):
    """Who of SaaShop's staff did it."""

    title = _("staff member")
    parameter_name = "staff"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        staff = User.objects.filter(is_staff=True).values_list("pk", "email")[:FOUND_AT_MOST]
        return [(str(pk), email) for pk, email in staff]

    def queryset(self, request: HttpRequest, queryset: QuerySet[AuditEntry]) -> QuerySet[AuditEntry]:
        chosen = self.value() or ""
        return queryset.filter(actor=int(chosen)) if chosen.isdecimal() else queryset


KIND_NAMES = {
    "bodies": _("bodies of deliveries"),
    "deliveries": _("deliveries"),
    "calls": _("calls"),
    "audit": _("entries of the audit log"),
    "admin_log": _("entries of the admin's own log"),
    "resends": _("resends"),
    "reports": _("retention reports"),
    "exports": _("files with all data"),
    "tasks": _("failed tasks"),
    "sessions": _("sessions"),
}
"""What the retention job removes, in words."""


@admin.register(AuditEntry)
class AuditEntryAdmin(ReadOnlyMixin, admin.ModelAdmin[AuditEntry]):
    """Of the newest entries; what is further back is found by filter and search. The company leads to its own."""

    list_display = ("at", "who", "company_link", "action_words", "subject", "reason")
    list_filter = (ActionFilter, "is_staff", StaffFilter, "at")
    list_select_related = ("company", "actor")
    search_fields = ("company__name", "actor__email", "subject")
    search_help_text = _("Company, email, or what it was done to, as it stands in the list")
    ordering = ("-id",)
    paginator = BoundedPaginator
    show_full_result_count = False
    fields = ("at", "who", "is_staff", "company", "action_words", "subject", "changes_shown", "reason", "address")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[AuditEntry], search_term: str
    ) -> tuple[QuerySet[AuditEntry], bool]:
        """By the keys of what the word names, since a search through all entries would read them all."""
        word = search_term.strip()
        if not word:
            return queryset, False
        companies = Company.objects.filter(name__icontains=word).values_list("pk", flat=True)[:FOUND_AT_MOST]
        people = User.objects.filter(email__icontains=word).values_list("pk", flat=True)[:FOUND_AT_MOST]
        return queryset.filter(Q(company__in=list(companies)) | Q(actor__in=list(people)) | Q(subject=word)), False

    @admin.display(description=_("who"))
    def who(self, entry: AuditEntry) -> str:
        return entry.actor.email if entry.actor else "–"

    @admin.display(description=_("company"))
    def company_link(self, entry: AuditEntry) -> str:
        if entry.company is None:
            return "–"
        address = reverse("admin:accounts_auditentry_changelist", query={"company__id__exact": entry.company_id})
        return format_html('<a href="{}">{}</a>', address, entry.company)

    @admin.display(description=_("action"))
    def action_words(self, entry: AuditEntry) -> str:
        return str(Action(entry.action).label) if entry.action in Action.values else entry.action

    @admin.display(description=_("changes"))
    def changes_shown(self, entry: AuditEntry) -> str:
        lines = ((f"{name}: {values[0]} → {values[1]}" if values else name,) for name, values in entry.changes.items())
        return format_html_join("", "<div>{}</div>", lines)

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "company__id__exact" or super().lookup_allowed(lookup, value, request)


@admin.register(RetentionReport)
class RetentionReportAdmin(ReadOnlyMixin, admin.ModelAdmin[RetentionReport]):
    """What was removed because its time was over."""

    list_display = ("at", "removed_words", "seconds", "is_finished")
    list_filter = ("is_finished", "at")
    show_full_result_count = False
    fields = ("at", "removed_words", "seconds", "is_finished")

    @admin.display(description=_("removed"))
    def removed_words(self, report: RetentionReport) -> str:
        counts = (f"{KIND_NAMES.get(kind, kind)}: {count}" for kind, count in report.removed.items())
        return ", ".join(counts) or "–"
