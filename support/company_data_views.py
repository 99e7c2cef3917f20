"""The page on which a company's admin asks for all of the company's data, and the file itself."""

import uuid
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views import View
from django.views.generic import TemplateView

from accounts.access import CompanyAdminMixin, person
from accounts.models import Company
from support.data_export import DataExport
from support.exporting import AlreadyAskedError, ask_for_export, export_with_key, file_of


class CompanyDataMixin(CompanyAdminMixin):
    """All calls are in the file, so it is for company admins who may see everyone's calls."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.user.is_authenticated and not person(request).sees_all_calls:
            raise PermissionDenied(_("Only company admins who may see everyone's calls can open this page."))
        return super().dispatch(request, *args, **kwargs)


class CompanyDataView(CompanyDataMixin, TemplateView):
    """Says what is in the file and what happens next; POST asks for it."""

    template_name = "support/company_data.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        mine = DataExport.objects.filter(asked_by=self.person, company=self.person.company_id, person=None)
        return super().get_context_data(export=mine.first(), **kwargs)

    def post(self, request: HttpRequest) -> HttpResponse:
        try:
            ask_for_export(request=request, by=self.person, company=cast("Company", self.person.company))
        except AlreadyAskedError as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, _("We mail you a link to the file, usually within minutes."))
        return redirect("support:company_data")


class CompanyDataFileView(CompanyDataMixin, View):
    """Only for who asked for it, and only while they belong to the company."""

    http_method_names = ("get", "head")

    def get(self, request: HttpRequest, key: uuid.UUID) -> HttpResponseBase:
        export = export_with_key(key)
        if export is None or export.asked_by_id != self.person.pk or export.company_id != self.person.company_id:
            raise Http404(_("This file is not there any more. Ask for a new one on the company's settings page."))
        return file_of(export, request)
