"""Licences as files: the list of the admin as CSV and XLSX; new ones from a CSV file, shown before they are issued."""

import datetime
import io
from collections.abc import Iterator

from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.audit import record
from accounts.audit_entry import Action
from accounts.license_deeds import SHOWN_CODES, Why
from accounts.license_import import COLUMNS, ImportForm, carry_out_lines, read_lines
from accounts.models import License
from calls.export import Cell, csv_lines, write_xlsx
from calls.export_views import XLSX, file_name
from support.rights import may

READ_AT_ONCE = 1_000


def licenses_csv(request: HttpRequest) -> HttpResponseBase:
    """The licences that the list shows by its filter and search, as text."""
    pieces = csv_lines(_headings(), _rows(_filtered(request)))
    return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=_named("csv"))


def licenses_xlsx(request: HttpRequest) -> HttpResponseBase:
    """The same as a workbook."""
    file = io.BytesIO()
    write_xlsx(file, _headings(), _rows(_filtered(request)), name=_("Licenses"))
    file.seek(0)
    return FileResponse(file, content_type=XLSX, headers=_named("xlsx"))


def import_licenses(request: HttpRequest) -> HttpResponse:
    """Choose a file; see what it comes to; issue the licences, whose codes are shown then.

    Raises:
        PermissionDenied: the reader may not issue licences.
    """
    if not may(request, "add", License):
        raise PermissionDenied
    form = ImportForm(request.POST or None, request.FILES or None)
    context = {**site.each_context(request), "opts": License._meta, "title": _("Import licenses"), "columns": COLUMNS}
    lines = []
    if form.is_valid():
        try:
            lines = read_lines(form.cleaned_data["text"])
        except ValidationError as error:
            form.add_error("file", error)
    can_be_issued = bool(lines) and not any(line.problem for line in lines)
    if can_be_issued and "confirmed" in request.POST:
        issued = carry_out_lines(lines, why=Why(reason=form.cleaned_data["reason"], request=request))
        request.session[SHOWN_CODES] = [license_.pk for license_ in issued]
        text = ngettext("%d license was issued.", "%d licenses were issued.", len(issued))
        messages.success(request, text % len(issued))
        return redirect("admin:accounts_license_codes")
    context |= {"form": form, "lines": lines, "can_be_issued": can_be_issued}
    return TemplateResponse(request, "admin/accounts/license/import.html", context)


def _filtered(request: HttpRequest) -> "QuerySet[License]":
    """Written down as one deed: the file holds codes."""
    if not may(request, "change", License):
        raise PermissionDenied
    shown = site.get_model_admin(License).get_changelist_instance(request)
    record(action=Action.EXPORTED, request=request)
    return shown.get_queryset(request)


def _headings() -> list[str]:
    names = ("code", "company", "holder", "valid_until", "is_trial", "order", "redeemed_at", "created_at")
    fields = [capfirst(str(License._meta.get_field(name).verbose_name)) for name in names]  # type: ignore[union-attr]
    return [*fields[:3], _("State"), *fields[3:]]


def _rows(licenses: "QuerySet[License]") -> Iterator[list[Cell]]:
    """What is in words is looked up beforehand: the language of the request is forgotten while the file is written."""
    states = {state: capfirst(str(state.label)) for state in License.State}
    words, zone = {True: _("yes"), False: _("no")}, timezone.get_default_timezone()
    rows = licenses.select_related("company", "holder", "order").iterator(chunk_size=READ_AT_ONCE)
    return (_row(license_, states=states, words=words, zone=zone) for license_ in rows)


def _row(
    license_: License, *, states: dict[License.State, str], words: dict[bool, str], zone: datetime.tzinfo
) -> list[Cell]:
    redeemed = license_.redeemed_at
    return [
        license_.code,
        license_.company.name,
        license_.holder.email if license_.holder else "",
        states[license_.state],
        license_.valid_until.isoformat() if license_.valid_until else "",
        words[license_.is_trial],
        license_.order.number if license_.order else "",
        _local(redeemed, zone) if redeemed else "",
        _local(license_.created_at, zone),
    ]


def _local(moment: datetime.datetime, zone: datetime.tzinfo) -> datetime.datetime:
    return moment.astimezone(zone).replace(tzinfo=None, microsecond=0)


def _named(ending: str) -> dict[str, str]:
    return file_name(_("licenses-%(day)s"), ending)
