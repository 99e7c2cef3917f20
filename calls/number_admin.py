"""Rows about one number each in Django admin: choices of contacts, created persons, own numbers."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from calls.models import NewPerson, NumberChoice, OwnNumber
from calls.revealing import RevealableAdmin
from integrations.admin import ReadOnlyMixin
from integrations.phone_numbers import read_dialled


class NumberAdmin(ReadOnlyMixin, RevealableAdmin):
    """Rows about one number each: shown as people write it, masked at first, found however it is written."""

    search_help_text = _("Company, or a number in any spelling")

    @admin.display(description=_("number"), ordering="number")
    def number_display(self, row: Any) -> str:
        """In one line, however narrow the column."""
        return self.number_of(row, row.number).replace(" ", "\N{NO-BREAK SPACE}")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        number = read_dialled(search_term)
        if number is not None and number.e164:
            return queryset.filter(number=number.e164), False
        return super().get_search_results(request, queryset, search_term)


@admin.register(NumberChoice)
class NumberChoiceAdmin(NumberAdmin):
    """Chosen in the portal; support may take a choice away, and the company's rules decide again."""

    list_display = ("number_display", "account", "company", "person_id", "chosen_by", "chosen_at")
    list_select_related = ("account__company", "chosen_by")
    search_fields = ("account__name", "account__company__name")
    fields = ("account", "company", "number_display", "person_id", "chosen_by", "chosen_at")
    date_hierarchy = "chosen_at"

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_delete_permission(self, request, obj)

    @admin.display(description=_("company"), ordering="account__company__name")
    def company(self, row: NumberChoice) -> str:
        return str(row.account.company)


@admin.register(NewPerson)
class NewPersonAdmin(NumberAdmin):
    """Without its row a person would be created a second time."""

    list_display = ("number_display", "account", "company", "person_id", "began_at")
    list_select_related = ("account__company",)
    search_fields = ("account__name", "account__company__name")
    fields = ("account", "company", "number_display", "person_id", "began_at")
    date_hierarchy = "began_at"

    @admin.display(description=_("company"), ordering="account__company__name")
    def company(self, row: NewPerson) -> str:
        return str(row.account.company)


@admin.register(OwnNumber)
class OwnNumberAdmin(NumberAdmin):
    """Learned or entered in the portal; support may take a number off the list or put it back."""

    list_display = ("number_display", "company", "is_entered", "is_removed", "seen_at")
    list_filter = ("is_entered", "is_removed")
    list_select_related = ("company",)
    search_fields = ("company__name",)
    fields = ("company", "number_display", "is_entered", "is_removed", "seen_at")
    readonly_fields = ("company", "number_display", "is_entered", "seen_at")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return admin.ModelAdmin.has_change_permission(self, request, obj)
