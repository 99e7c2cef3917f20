"""What of a company's settings has changed, for the audit log: they lie in several tables."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.http import HttpRequest

from accounts.audit import record
from accounts.audit_entry import Action
from accounts.changes import Changes, differences, named
from accounts.models import Company
from calls.models import LoggingPolicy
from calls.own_numbers import own_numbers_of
from integrations.models import MustalinjaAccount


@dataclass(frozen=True)
class _Settings:
    """A company's settings at one moment."""

    company: Company
    policy: LoggingPolicy
    own_numbers: frozenset[str]
    webhook_auth: str

    def changes_until(self, later: "_Settings") -> Changes:
        """What is another way later."""
        changes = differences(self.company, later.company) | differences(self.policy, later.policy)
        if self.webhook_auth != later.webhook_auth:
            changes["webhook_auth"] = [self.webhook_auth, later.webhook_auth]
        return changes | named(["own_numbers"] if self.own_numbers != later.own_numbers else [])


@contextmanager
def settings_recorded(request: HttpRequest, company: Company) -> Iterator[None]:
    """Write down what of a company's settings is changed meanwhile; nothing when nothing is."""
    before = _read(company.pk)
    yield
    if changes := before.changes_until(_read(company.pk)):
        record(action=Action.SETTINGS, request=request, subject=company, changes=changes)


def _read(company_id: int) -> _Settings:
    company = Company.objects.get(pk=company_id)
    account = MustalinjaAccount.objects.filter(company=company).values_list("webhook_auth", flat=True)
    return _Settings(company, LoggingPolicy.of(company), frozenset(own_numbers_of(company)), account.first() or "")
