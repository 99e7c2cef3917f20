"""Staff's page for erasing a whole company that has left."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.admin import site
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.access import person
from accounts.models import Company, License
from integrations.queue import wake
from support.company_erasure import begin_erasure
from support.erasing_companies import CompanyErasure
from support.forms import ReasonForm
from support.rights import may

ERASE_COMPANY = "support.tasks.erase_this_company"


class EraseCompanyForm(ReasonForm):
    """Why, and the company's name typed as a confirmation."""

    name = forms.CharField(label=gettext_lazy("Type the company's name"), max_length=200)

    def __init__(self, *args: Any, company: Company, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.company = company
        self.fields["reason"].help_text = _("It stays in the audit log, so name nobody in it.")

    def clean_name(self) -> str:
        typed: str = self.cleaned_data["name"]
        if typed.strip() != self.company.name:
            raise forms.ValidationError(_("This is not the company's name. Type it as it stands above."))
        return typed


def erase_company_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Says what goes; POST `reason` and `name` has workers do it.

    Raises:
        PermissionDenied: the reader may not delete companies.
    """
    if not may(request, "delete", Company):
        raise PermissionDenied
    company = get_object_or_404(Company, pk=pk)
    form = EraseCompanyForm(request.POST or None, company=company)
    obstacle = _obstacle(company)
    if request.method == "POST" and not obstacle and form.is_valid():
        with transaction.atomic():
            erasure = begin_erasure(company, by=person(request), reason=form.cleaned_data["reason"])
            wake(ERASE_COMPANY, erasure.pk)
        messages.success(request, _("The company is being erased. A large one takes some hours."))
        return redirect("admin:accounts_company_changelist")
    context = {"title": _("Erase a company"), "company": company, "form": form, "obstacle": obstacle}
    return TemplateResponse(request, "support/erase_company.html", {**site.each_context(request), **context})


def _obstacle(company: Company) -> str:
    """Why a company cannot be erased now; empty: it can."""
    if CompanyErasure.objects.filter(company=company).exists():
        return _("The company is being erased already. A large one takes some hours.")
    if License.objects.valid().filter(company=company).exists():
        return _("The company still has valid licenses. Revoke them first, or wait until they end.")
    return ""
