"""Django admin as support's desk."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from accounts.second_step import is_staff_session
from support import cockpit_views
from support.audited_admin import audited
from support.company_erasure_views import erase_company_page
from support.dashboard import what_needs_a_hand
from support.erasure_views import erase_person_page, numbers_page
from support.export_views import export_company_page, export_file, export_person_page
from support.license_files import import_licenses, licenses_csv, licenses_xlsx
from support.search_views import search_page
from support.viewing_views import begin_view, end_view


class SupportSite(AdminSite):
    """Where SaaShop's staff look after customers, once they have logged in with both steps."""

    site_header = site_title = "Mustalinja Connector"
    index_title = gettext_lazy("Support")
    index_template = "support/desk.html"
    # The search box leads everywhere, and the lists of calls need the width.
    enable_nav_sidebar = False

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Support's own pages before those of Django admin."""
        company = "support/companies/<int:pk>/"
        own = [
            path("support/search/", self.admin_view(search_page), name="support_search"),
            path("support/licenses.csv", self.admin_view(licenses_csv), name="support_licenses_csv"),
            path("support/licenses.xlsx", self.admin_view(licenses_xlsx), name="support_licenses_xlsx"),
            path("support/licenses/import/", self.admin_view(import_licenses), name="support_licenses_import"),
            path(company, self.admin_view(cockpit_views.company_page), name="support_company"),
            path(f"{company}notes/", self.admin_view(cockpit_views.add_note), name="support_note"),
            path("support/people/<int:pk>/erase/", self.admin_view(erase_person_page), name="support_erase_person"),
            path("support/numbers/", self.admin_view(numbers_page), name="support_numbers"),
            path(f"{company}mend/<slug:name>/", self.admin_view(cockpit_views.mend), name="support_mend"),
        ]
        own += [
            path("support/people/<int:pk>/view/", self.admin_view(begin_view), name="support_view_as"),
            path("support/view/end/", self.admin_view(end_view), name="support_end_view"),
        ]
        own += [
            path(f"{company}erase/", self.admin_view(erase_company_page), name="support_erase_company"),
            path(f"{company}export/", self.admin_view(export_company_page), name="support_export_company"),
            path("support/people/<int:pk>/export/", self.admin_view(export_person_page), name="support_export_person"),
            path("support/exports/<uuid:key>.zip", self.admin_view(export_file), name="support_export_file"),
        ]
        return [*own, *super().get_urls()]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> TemplateResponse:
        """What needs a hand now, above the list of models."""
        desk = {"groups": what_needs_a_hand(request)}
        return super().index(request, {**desk, **(extra_context or {})})

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin[Any]] | None = None,
        **options: Any,
    ) -> None:
        """What staff do with any model goes into the audit log."""
        super().register(model_or_iterable, audited(admin_class or ModelAdmin), **options)

    def has_permission(self, request: HttpRequest) -> bool:
        return is_staff_session(request)

    @method_decorator(never_cache)
    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to what is missing: the portal's own log-in, which asks for both steps, or setting up the second.

        Raises:
            PermissionDenied: a customer is logged in.
        """
        if self.has_permission(request):
            return redirect(_wanted_page(request))
        if not request.user.is_authenticated:
            return redirect_to_login(_wanted_page(request), reverse("account_login"))
        if not request.user.is_staff:
            raise PermissionDenied(_("Only SaaShop's staff can open the admin."))
        messages.warning(request, _("Only two-step login opens the admin, so please turn it on now."))
        return redirect("mfa_activate_totp")


def _wanted_page(request: HttpRequest) -> str:
    """The page of the admin to which the log-in is to lead; its front page where none of ours is named."""
    wanted = request.GET.get(REDIRECT_FIELD_NAME, "")
    is_ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if is_ours else reverse("admin:index")
