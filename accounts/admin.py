"""Customers in Django admin: companies and people, for SaaShop's support."""

from typing import Any

from allauth.account.admin import EmailAddressAdmin as AllauthEmailAddressAdmin
from allauth.account.models import EmailAddress
from allauth.mfa.admin import AuthenticatorAdmin
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from accounts.license_admin import LicenseAdmin, OrderAdmin
from accounts.models import Company, License, User
from accounts.signals import company_changed
from accounts.staff_rights import (
    ADMINISTRATOR,
    DELETE_PEOPLE,
    LEAD,
    MANAGE_PEOPLE,
    SUPPORT,
    locked_fields,
    manageable_by,
    may_be_deleted,
    may_manage,
)

__all__ = ["LicenseAdmin", "OrderAdmin"]

admin.site.unregister(Group)


@admin.register(Company)
class CompanyAdmin(admin.ModelAdmin[Company]):
    list_display = ("name", "language", "people_count", "free_license_count", "suspended_at", "created_at", "page")
    list_filter = (("suspended_at", admin.EmptyFieldListFilter), "language")
    search_fields = ("name", "people__email")
    ordering = ("name",)
    readonly_fields = ("admin_appointed_at", "created_at")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Company]:
        """Each figure is counted by itself: joined, people times licenses would be counted for every company."""
        people = User.objects.filter(company=OuterRef("pk")).order_by().values("company")
        free = License.objects.valid().free().filter(company=OuterRef("pk")).order_by().values("company")
        counts = {
            "people_total": Coalesce(Subquery(people.annotate(n=Count("pk")).values("n")), 0),
            "free_total": Coalesce(Subquery(free.annotate(n=Count("pk")).values("n")), 0),
        }
        return super().get_queryset(request).annotate(**counts)

    def has_delete_permission(self, request: HttpRequest, obj: Company | None = None) -> bool:
        """Only of a company in which nobody is: with it go its calls, and an account without a company would stay."""
        return super().has_delete_permission(request, obj) and (obj is None or not obj.people.exists())

    @admin.display(description=_("people"), ordering="people_total")
    def people_count(self, company: Any) -> int:
        return int(company.people_total)

    @admin.display(description=_("free licenses"), ordering="free_total")
    def free_license_count(self, company: Any) -> int:
        return int(company.free_total)

    @admin.display(description=_("everything"))
    def page(self, company: Company) -> str:
        """Where support looks first."""
        return format_html('<a href="{}">{}</a>', reverse("admin:support_company", args=[company.pk]), _("Open"))


class HeldLicenseInline(admin.TabularInline[License, User]):
    model = License
    fields = readonly_fields = ("code", "company", "state", "valid_until", "redeemed_at")
    extra = 0
    can_delete = False
    verbose_name_plural = _("licenses")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_("state"))
    def state(self, license_: License) -> str:
        return str(license_.state.label)


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
        (_("Person"), {"fields": ("first_name", "last_name", "company", "is_company_admin", "sees_all_calls")}),
        (_("Rights"), {"fields": ("is_active", "is_staff", "groups", "is_superuser", "user_permissions")}),
        (_("Times"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or may_manage(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Customers are erased (support/erasure.py): deleted here, their email would stay on their calls."""
        is_possible = obj is None or may_be_deleted(request.user, obj)
        return is_possible and super().has_delete_permission(request, obj)

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> Any:
        return (*super().get_readonly_fields(request, obj), *locked_fields(request.user))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """Without the password, which would offer its change, for who may not change how people log in."""
        first, *others = super().get_fieldsets(request, obj)
        if obj is None or request.user.has_perm(MANAGE_PEOPLE):
            return [first, *others]
        return [(None, {"fields": ("email",)}), *others]

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        if not request.user.has_perm(MANAGE_PEOPLE):
            raise PermissionDenied
        return super().user_change_password(request, id, form_url)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Of the groups only the roles: another one may hold rights that whoever gives it does not have."""
        if db_field.name == "groups" and not request.user.is_superuser:
            kwargs["queryset"] = Group.objects.filter(name__in=(SUPPORT, LEAD, ADMINISTRATOR))
        return super().formfield_for_manytomany(db_field, request, **kwargs)

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


admin.site.unregister(Authenticator)


@admin.register(Authenticator)
class SecondStepAdmin(AuthenticatorAdmin):  # type: ignore[misc]
    """With what somebody logs in besides the password: support takes it away from people who have lost it, and never
    sees its secret.
    """

    fields = readonly_fields = ("user", "type", "created_at", "last_used_at")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return super().has_delete_permission(request, obj) and (obj is None or may_manage(request.user, obj.user))


admin.site.unregister(EmailAddress)


@admin.register(EmailAddress)
class EmailAddressAdmin(AllauthEmailAddressAdmin):  # type: ignore[misc]
    """The addresses with which people log in, to look at; they are changed on the person's page."""

    list_select_related = ("user",)

    def has_add_permission(self, _request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """With an account that may be deleted; Django asks for each row that goes with it."""
        return obj is not None and may_be_deleted(request.user, obj.user) and request.user.has_perm(DELETE_PEOPLE)

    def has_manage_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm(MANAGE_PEOPLE)

    @admin.action(description=_("Mark as confirmed"), permissions=["manage"])
    def make_verified(self, request: HttpRequest, queryset: QuerySet[EmailAddress]) -> None:
        super().make_verified(request, queryset.filter(user__in=manageable_by(request.user)))
