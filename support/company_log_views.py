"""The page on which a company's admin reads who did what in their company, SaaShop's staff included."""

from dataclasses import dataclass
from typing import Any, cast

from django.http import Http404
from django.utils.translation import gettext as _
from django.views.generic import TemplateView

from accounts.access import CompanyAdminMixin
from accounts.audit_entry import AuditEntry
from accounts.models import Company
from support.timeline import Deed, deeds_of

ON_A_PAGE = 50
LONGEST_KEY = 18
NOT_SHOWN = "support.note"
"""Notes of support are its own."""


@dataclass(frozen=True, kw_only=True)
class LogPage:
    """One page of a company's log, the latest first.

    Attributes:
        before: what asks for the following, older page; None on the last one.
    """

    deeds: list[Deed]
    before: int | None


def log_page(company: Company, *, before: int | None) -> LogPage:
    """The entries that are older than one of them: as quick at any depth, and pages do not shift."""
    entries = AuditEntry.objects.of_company(company.pk).exclude(subject__startswith=NOT_SHOWN)
    if before is not None:
        entries = entries.filter(pk__lt=before)
    rows = list(entries.select_related("actor")[: ON_A_PAGE + 1])
    shown = rows[:ON_A_PAGE]
    return LogPage(deeds=deeds_of(shown, reader=company), before=shown[-1].pk if len(rows) > ON_A_PAGE else None)


class CompanyLogView(CompanyAdminMixin, TemplateView):
    """Staff are shown as SaaShop's support, colleagues by their email."""

    template_name = "support/log.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = self.request.GET.get("before", "")
        if asked and not (asked.isascii() and asked.isdecimal() and len(asked) <= LONGEST_KEY):
            raise Http404(_("There is no such page of the log."))
        company = cast("Company", self.person.company)
        page = log_page(company, before=int(asked) if asked else None)
        return super().get_context_data(page=page, is_newest=not asked, **kwargs)
