"""Staff's pages for files with all data of a company or of a person."""

import uuid

from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from accounts.access import person
from accounts.models import Company, User
from support.data_export import DataExport
from support.exporting import AlreadyAskedError, ask_for_export, export_with_key, file_of
from support.forms import ReasonForm
from support.rights import may
from support.search import company_url


def export_company_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for all data of a company, with a reason.

    Raises:
        PermissionDenied: the reader may not have such files made.
    """
    _check_right(request, "add")
    return _page(request, get_object_or_404(Company, pk=pk), None, company_url(pk))


def export_person_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask for all data of a person of a company, with a reason.

    Raises:
        PermissionDenied: the reader may not have such files made.
    """
    _check_right(request, "add")
    user = get_object_or_404(User.objects.select_related("company").filter(company__isnull=False), pk=pk)
    assert user.company is not None  # noqa: S101 - only people of a company are found
    return _page(request, user.company, user, reverse("admin:accounts_user_change", args=[pk]))


def export_file(request: HttpRequest, key: uuid.UUID) -> HttpResponseBase:
    """The file, whoever has asked for it.

    Raises:
        PermissionDenied: the reader may not have such files.
    """
    _check_right(request, "view")
    export = export_with_key(key)
    if export is None:
        raise Http404
    return file_of(export, request)


def _check_right(request: HttpRequest, deed: str) -> None:
    if not may(request, deed, DataExport):
        raise PermissionDenied


def _page(request: HttpRequest, company: Company, subject: User | None, back: str) -> HttpResponse:
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        reason = form.cleaned_data["reason"]
        try:
            ask_for_export(request=request, by=person(request), company=company, subject=subject, reason=reason)
        except AlreadyAskedError as error:
            messages.warning(request, str(error))
        else:
            messages.success(request, _("We mail you a link to the file, usually within minutes."))
        return redirect(back)
    title = _("Download all data of a person") if subject else _("Download all data of a company")
    context = {"title": title, "about": subject or company, "form": form, "back": back}
    return TemplateResponse(request, "support/export_data.html", {**site.each_context(request), **context})
