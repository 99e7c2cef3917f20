"""The call history as a file: the same calls as on the page, by the same filter."""

import tempfile

from django.http import FileResponse, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from accounts.access import PeopleOnlyMixin
from accounts.audit import record
from accounts.audit_entry import Action
from calls.export import csv_lines, headings, rows_of, write_xlsx
from calls.history_views import call_filter
from calls.models import CallQuerySet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class ExportView(PeopleOnlyMixin, View):
    """Whoever asks for calls by a filter that cannot be used sees on the page what is wrong with it."""

    http_method_names = ("get",)

    def get(self, request: HttpRequest) -> HttpResponseBase:
        filters = call_filter(request, self.person)
        if not filters.is_valid():
            return redirect(f"{reverse('calls:list')}?{request.GET.urlencode()}")
        record(action=Action.CALLS_EXPORTED, request=request, company=self.person.company)
        return self.file(filters.qs.select_related(None))

    def file(self, calls: CallQuerySet) -> HttpResponseBase:
        """The answer with the file."""
        raise NotImplementedError


class CsvExportView(ExportView):
    """As text, sent while it is read."""

    def file(self, calls: CallQuerySet) -> HttpResponseBase:
        pieces = csv_lines(headings(), rows_of(calls))
        return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=_named("csv"))


class XlsxExportView(ExportView):
    """As a workbook, which has to be whole before it can be sent; until then it lies on the disk."""

    def file(self, calls: CallQuerySet) -> HttpResponseBase:
        file = tempfile.TemporaryFile()  # noqa: SIM115 - the response closes it
        write_xlsx(file, headings(), rows_of(calls), name=_("Calls"))
        file.seek(0)
        return FileResponse(file, content_type=XLSX, headers=_named("xlsx"))


def file_name(name: str, ending: str) -> dict[str, str]:
    """The header that has the browser save a file under a name with today's date."""
    name %= {"day": timezone.localdate().isoformat()}
    return {"Content-Disposition": f'attachment; filename="{name}.{ending}"'}


def _named(ending: str) -> dict[str, str]:
    return file_name(_("calls-%(day)s"), ending)
