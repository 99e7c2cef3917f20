"""Calls by day in Django admin: whether each day balances."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from calls.books import CHECKED_DAYS, balance, bounds, days_up_to_today
from calls.models import Book
from calls.reasons import Status
from integrations.admin import ReadOnlyMixin
from integrations.mustalinja.webhook import CALL_ENDED


class BalanceFilter(admin.SimpleListFilter):
    """The days on which what was received is not what is there."""

    title = _("balance")
    parameter_name = "balance"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("off", _("does not balance")), ("even", _("balances"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Book]) -> QuerySet[Book]:
        if self.value() == "off":
            return queryset.exclude(difference=0)
        return queryset.filter(difference=0) if self.value() == "even" else queryset


@admin.register(Book)
class BookAdmin(ReadOnlyMixin, admin.ModelAdmin[Book]):
    """The difference leads to the deliveries that have lost their call, where it can be made again."""

    list_display = ("day", "company_link", "received", *Status.values, "difference_link", "checked_at")
    list_filter = (BalanceFilter, "day")
    list_select_related = ("company",)
    search_fields = ("company__name",)
    list_per_page = 50
    show_full_result_count = False
    actions = ("count_again",)
    fields = ("company", "day", "received", *Status.values, "difference", "checked_at")

    @admin.display(description=_("company"), ordering="company__name")
    def company_link(self, book: Book) -> str:
        address = reverse("admin:accounts_company_change", args=[book.company_id])
        return format_html('<a href="{}">{}</a>', address, book.company)

    @admin.display(description=_("difference"), ordering="difference")
    def difference_link(self, book: Book) -> str:
        if book.is_balanced:
            return "0"
        lost = {"company__id__exact": book.company_id, "outcome__exact": "accepted", "call__isnull": "True"}
        lost |= {"event__exact": CALL_ENDED}
        begins, ends = bounds(book.day)
        lost |= {"received_at__gte": begins.isoformat(), "received_at__lt": ends.isoformat()}
        address = reverse("admin:calls_webhookdelivery_changelist", query=lost)
        return format_html('<a href="{}">{}</a>', address, book.received - book.accounted_for)

    @admin.action(description=_("Count again"), permissions=["mend"])
    def count_again(self, request: HttpRequest, books: QuerySet[Book]) -> None:
        """The chosen days that are still checked; older ones keep what they have."""
        days = set(books.filter(day__gte=days_up_to_today(CHECKED_DAYS)[-1]).values_list("day", flat=True))
        balance(sorted(days))
        text = ngettext("%d day was counted again.", "%d days were counted again.", len(days))
        self.message_user(request, text % len(days), messages.SUCCESS)
