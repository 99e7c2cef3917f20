"""Customers in Django admin: companies, people and licences, for SaaShop's support."""

from typing import Any

from allauth.account.models import EmailAddress
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, License, User
from accounts.signals import company_changed

admin.site.unregister(Group)
admin.site.site_header = admin.site.site_title = "Mustalinja Connector"
admin.site.index_title = _("Support")


@admin.register(Company)
class CompanyAdmin(admin.ModelAdmin[Company]):
    list_display = ("name", "language", "people_count", "free_license_count", "suspended_at", "created_at")
    list_filter = (("suspended_at", admin.EmptyFieldListFilter), "language")
    search_fields = ("name", "people__email")
    readonly_fields = ("admin_appointed_at", "created_at")
    date_hierarchy = "created_at"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Company]:
        free = Count("licenses", filter=Q(licenses__holder__isnull=True), distinct=True)
        return super().get_queryset(request).annotate(people_total=Count("people", distinct=True), free_total=free)

    @admin.display(description=_("people"), ordering="people_total")
    def people_count(self, company: Any) -> int:
        return int(company.people_total)

    @admin.display(description=_("free licenses"), ordering="free_total")
    def free_license_count(self, company: Any) -> int:
        return int(company.free_total)


class HeldLicenseInline(admin.TabularInline[License, User]):
    model = License
    fields = readonly_fields = ("code", "company", "valid_until", "redeemed_at")
    extra = 0
    can_delete = False
    verbose_name_plural = _("licenses")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User]):
    ordering = ("email",)
    list_display = ("email", "company", "is_company_admin", "is_active", "is_staff", "last_login")
    list_filter = ("is_company_admin", "is_active", "is_staff")
    list_select_related = ("company",)
    search_fields = ("email", "first_name", "last_name", "company__name", "pipedrive_connection__email")
    autocomplete_fields = ("company",)
    readonly_fields = ("last_login", "date_joined")
    inlines = (HeldLicenseInline,)
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "company", "is_company_admin")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "is_superuser", "user_permissions")}),
        (_("Times"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:  # noqa: FBT001 - Django's
        """A person whom support moves to another company leaves the old one's Pipedrive like one who moves alone. An
        email that support enters counts as confirmed, for logging in as well.
        """
        super().save_model(request, obj, form, change)
        if "email" in form.changed_data:
            EmailAddress.objects.filter(user=obj).delete()
            EmailAddress.objects.create(user=obj, email=obj.email, primary=True, verified=True)
        if change and "company" in form.changed_data:
            # After the commit: whoever listens asks Pipedrive, and on SQLite everybody else would wait for the lock.
            transaction.on_commit(lambda: company_changed.send(sender=User, user=obj))


@admin.register(License)
class LicenseAdmin(admin.ModelAdmin[License]):
    list_display = ("code", "company", "holder", "valid_until", "redeemed_at")
    list_filter = (("holder", admin.EmptyFieldListFilter), "valid_until")
    list_select_related = ("company", "holder")
    search_fields = ("code", "company__name", "holder__email")
    autocomplete_fields = ("company", "holder")
    readonly_fields = ("code", "redeemed_at", "created_at")
    date_hierarchy = "created_at"

    def get_fields(self, request: HttpRequest, obj: License | None = None) -> Any:
        """A new license has its code once it is saved; one shown before would be another."""
        made_by_people = ["company", "valid_until", "holder"]
        return ["code", *made_by_people, "redeemed_at", "created_at"] if obj else made_by_people

    def response_add(self, request: HttpRequest, obj: License, post_url_continue: str | None = None) -> HttpResponse:
        """To the new license's own page, where its code can be copied."""
        if {"_addanother", "_popup"} & set(request.POST):
            return super().response_add(request, obj, post_url_continue)
        self.message_user(request, _("The new license code is %(code)s.") % {"code": obj.code}, messages.SUCCESS)
        return redirect("admin:accounts_license_change", obj.pk)
