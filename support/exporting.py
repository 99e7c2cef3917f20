"""Asking for a file with all data, making it in the queue, mailing its link, and giving it out."""

import datetime
import logging
import tempfile
import uuid
from collections.abc import Iterator
from typing import IO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, StreamingHttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.audit import record
from accounts.audit_entry import Action
from accounts.mails import mail_address
from accounts.models import Company, User
from calls.own_data import write_archive_of
from integrations.queue import wake
from support.company_data import write_company_archive
from support.data_export import DataExport, DataExportPart

logger = logging.getLogger(__name__)

MAKE_EXPORT = "support.tasks.make_this_export"
PART_BYTES = 512 * 1024
LEASE = datetime.timedelta(minutes=5)
"""How long a worker has an export to itself: longer than a task may run."""
GIVEN_UP_AFTER = datetime.timedelta(hours=2)
"""An export that is not ready by then is not tried again, and keeps nobody from asking anew."""


class AlreadyAskedError(Exception):
    """One at a time: whoever asks waits for the file that is being made; the message says so."""


def ask_for_export(
    *, request: HttpRequest, by: User, company: Company, subject: User | None = None, reason: str = ""
) -> DataExport:
    """Have all data of a company, or of one of its people, put into a file. An earlier file of the same is removed.

    Raises:
        AlreadyAskedError: another one is being made for the same asker.
    """
    now = timezone.now()
    DataExport.objects.filter(asked_by=by, ready_at__isnull=True, asked_at__lt=now - GIVEN_UP_AFTER).delete()
    try:
        with transaction.atomic():
            export = DataExport.objects.create(company=company, person=subject, asked_by=by)
    except IntegrityError as error:
        raise AlreadyAskedError(_("A file is being made for you already. You get a mail when it is ready.")) from error
    DataExport.objects.filter(asked_by=by, company=company, person=subject).exclude(pk=export.pk).delete()
    record(action=Action.DATA_ASKED, request=request, subject=subject or company, company=company, reason=reason)
    wake(MAKE_EXPORT, export.pk)
    return export


def unfinished() -> list[int]:
    """The exports that have no file, or of which nobody has been told, and that no worker has in hand."""
    now = timezone.now()
    free = Q(working_until__isnull=True) | Q(working_until__lt=now)
    left = DataExport.objects.filter(free, Q(ready_at__isnull=True) | Q(mailed_at__isnull=True))
    return list(left.filter(asked_at__gte=now - GIVEN_UP_AFTER).values_list("pk", flat=True))


def make_export(pk: int, *, part_bytes: int = PART_BYTES) -> None:
    """Make the file and mail its link, or what of it is left to do; nothing while another worker is at it.

    Args:
        part_bytes: how much of the file lies in one row.

    Raises:
        OSError: the mail server is away.
    """
    if pk not in unfinished():
        return
    mine = timezone.now() + LEASE
    free = DataExport.objects.filter(Q(working_until__isnull=True) | Q(working_until__lt=timezone.now()), pk=pk)
    if not free.update(working_until=mine):
        return
    export = DataExport.objects.select_related("company", "person", "asked_by").get(pk=pk)
    try:
        if export.ready_at is None:
            _make(export, part_bytes=part_bytes)
        _tell(export)
    finally:
        DataExport.objects.filter(pk=pk, working_until=mine).update(working_until=None)


def _make(export: DataExport, *, part_bytes: int) -> None:
    export.parts.all().delete()
    with tempfile.TemporaryFile() as file, translation.override(_language_of(export)):
        if export.person is not None:
            write_archive_of(export.person, file)
        else:
            write_company_archive(export.company, file)
        export.size = file.tell()
        file.seek(0)
        for place, content in enumerate(_pieces(file, part_bytes)):
            DataExportPart.objects.create(export=export, place=place, content=content)
    export.ready_at = timezone.now()
    export.save(update_fields=["size", "ready_at"])
    logger.info("export %s is ready: %s bytes", export.pk, export.size)


def _pieces(file: IO[bytes], part_bytes: int) -> Iterator[bytes]:
    while content := file.read(part_bytes):
        yield content


def _tell(export: DataExport) -> None:
    about = export.person.email if export.person is not None else export.company.name
    context = {"about": about, "url": settings.SITE_URL + address_of(export), "ends_at": export.ends_at}
    mail_address(export.asked_by.email, "support/email/data_ready", language=_language_of(export), context=context)
    export.mailed_at = timezone.now()
    export.save(update_fields=["mailed_at"])


def _language_of(export: DataExport) -> str:
    return export.asked_by.language or export.company.language


def address_of(export: DataExport) -> str:
    """Where who asked downloads the file: staff in the admin, which asks for both steps of logging in."""
    page = "admin:support_export_file" if export.asked_by.is_staff else "support:company_data_file"
    return reverse(page, args=[export.key])


def export_with_key(key: uuid.UUID) -> DataExport | None:
    """The export that a link names, while its file is there."""
    export = DataExport.objects.filter(key=key).select_related("company", "person").first()
    return export if export is not None and export.is_there else None


def file_of(export: DataExport, request: HttpRequest) -> StreamingHttpResponse:
    """The file as an answer, one part in memory at a time; written down."""
    subject = export.person or export.company
    record(action=Action.DATA_DOWNLOADED, request=request, subject=subject, company=export.company)
    name = f"mustalinja-connector-{timezone.localtime(export.ready_at):%Y-%m-%d}.zip"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Length": str(export.size),
        "Cache-Control": "no-store",
    }
    parts = export.parts.order_by("place").values_list("content", flat=True)
    return StreamingHttpResponse(parts.iterator(chunk_size=1), content_type="application/zip", headers=headers)
