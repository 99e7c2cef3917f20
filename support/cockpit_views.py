"""The page of one company, its notes and its mends."""

from typing import Any

from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.models import AuditEntry, Company, License, User
from calls.models import Book, Call, LoggingPolicy, WebhookDelivery
from integrations.models import MustalinjaAccount, PipedriveAccount
from support.cockpit import cockpit_of, company_with_links
from support.forms import NoteForm, ReasonForm
from support.mends import MENDS, Mend, NothingToMendError, calls_to_try
from support.models import Note
from support.rights import may, may_see
from support.search import company_url

PARTS = (
    User,
    License,
    Call,
    Book,
    WebhookDelivery,
    LoggingPolicy,
    MustalinjaAccount,
    PipedriveAccount,
    AuditEntry,
    Note,
)
"""What the page shows beside the company itself, each to those who may see it."""


def company_page(request: HttpRequest, pk: int, note_form: NoteForm | None = None) -> HttpResponse:
    """Show everything about a company."""
    company = _company(request, pk)
    context = {
        **_context(request, company),
        "cockpit": cockpit_of(company),
        "mends": [mend for mend in MENDS.values() if mend.fits(company) and may(request, mend.right, mend.model)],
        "note_form": note_form or NoteForm(),
        "may_note": may(request, "add", Note),
    }
    return TemplateResponse(request, "support/company.html", context)


@require_POST
def add_note(request: HttpRequest, pk: int) -> HttpResponse:
    """Write a note down.

    Raises:
        PermissionDenied: the reader may not write notes.
    """
    company = _company(request, pk)
    if not may(request, "add", Note):
        raise PermissionDenied
    form = NoteForm(request.POST)
    if not form.is_valid():
        return company_page(request, pk, form)
    form.instance.company, form.instance.author_id = company, request.user.pk
    form.save()
    messages.success(request, _("The note is saved."))
    return redirect(f"{company_url(company.pk)}#notes")


def mend(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Mend something. What is not harmless is confirmed first, with a reason.

    Raises:
        Http404: no such mend.
        PermissionDenied: not for this reader.
    """
    company = _company(request, pk)
    chosen = MENDS.get(name)
    if chosen is None:
        raise Http404
    if not may(request, chosen.right, chosen.model):
        raise PermissionDenied
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and (not chosen.warning or form.is_valid()):
        _do(request, company, chosen, reason=form.cleaned_data["reason"] if chosen.warning else "")
        return redirect(company_url(company.pk))
    context = {**_context(request, company), "mend": chosen, "form": form, "subtitle": chosen.label}
    if chosen.model is not Company and chosen.warning:
        context["count"] = calls_to_try(company).count()
    return TemplateResponse(request, "support/confirm.html", context)


def _do(request: HttpRequest, company: Company, chosen: Mend, *, reason: str) -> None:
    try:
        messages.success(request, chosen.do(request, company, reason))
    except NothingToMendError as error:
        messages.warning(request, str(error))


def _company(request: HttpRequest, pk: int) -> Company:
    """The company of the address, for those who may see companies."""
    if not may_see(request, Company):
        raise PermissionDenied
    company = company_with_links(pk)
    if company is None:
        raise Http404
    return company


def _context(request: HttpRequest, company: Company) -> dict[str, Any]:
    return {
        **site.each_context(request),
        "title": company.name,
        "company": company,
        "may": {str(model._meta.model_name): may_see(request, model) for model in PARTS},
    }
