"""All that the portal holds of a company, as a file to take along: each table as JSON and as CSV."""

import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from django.db.models import Case, F, QuerySet, Value, When

from accounts.audit_entry import AuditEntry
from accounts.models import ApiToken, Company, EmailAlias, Invitation, License, Order, User
from calls.company_settings import settings_of
from calls.data_files import add_json, add_table
from calls.models import Book, Call, FollowUp, NewPerson, NumberChoice, OwnNumber, RepPolicy
from calls.own_data import COLUMNS, rows_of
from integrations.models import MustalinjaAccount, PipedriveAccount, PipedriveConnection
from support.company_log_views import NOT_SHOWN

READ_AT_ONCE = 1_000


@dataclass(frozen=True, kw_only=True)
class Table:
    """A table of the archive.

    Attributes:
        name: of its two files, without the ending.
        rows: those of a company.
        columns: what of them; of `account__name` the first word is the heading.
    """

    name: str
    rows: "Callable[[Company], QuerySet[Any]]"
    columns: tuple[str, ...]

    def read(self, company: Company) -> Iterator[dict[str, Any]]:
        """The rows, a few at a time."""
        heads = self.heads
        for row in self.rows(company).order_by("pk").values_list(*self.columns).iterator(chunk_size=READ_AT_ONCE):
            yield dict(zip(heads, row, strict=True))

    @property
    def heads(self) -> list[str]:
        return [column.partition("__")[0] for column in self.columns]


def _log(company: Company) -> "QuerySet[Any]":
    """As the company's admin reads it: who of SaaShop's staff it was, who works for another company by now, and
    support's notes are not told.
    """
    entries = AuditEntry.objects.of_company(company.pk).exclude(subject__startswith=NOT_SHOWN)
    who = Case(When(is_staff=False, actor__company=company, then=F("actor__email")), default=Value(""))
    return entries.annotate(who=who)


_OF_PERSON = ("email", "first_name", "last_name", "is_active", "is_company_admin", "sees_all_calls", "date_joined")
_SETTINGS = ("last_login", "language", "hold_minutes", "summary", "gets_digest")
_OF_LICENSE = ("code", "holder__email", "valid_until", "is_trial", "redeemed_at", "suspended_at", "revoked_at")
_OF_BOOK = ("day", "received", "pending", "logged", "waiting", "skipped", "failed", "difference")
_OF_CONNECTION = ("user__email", "account__name", "name", "email", "is_admin", "state", "connected_at")
_OF_TASK = ("call__reference", "customer_number", "state", "due_on", "due_at", "activity_id", "created_at")

TABLES = (
    Table(name="people", rows=lambda it: User.objects.filter(company=it), columns=_OF_PERSON + _SETTINGS),
    Table(name="licenses", rows=lambda it: License.objects.filter(company=it), columns=_OF_LICENSE),
    Table(
        name="orders",
        rows=lambda it: Order.objects.filter(company=it),
        columns=("number", "kind", "seats", "valid_until", "received_at"),
    ),
    Table(
        name="invitations",
        rows=lambda it: Invitation.objects.filter(company=it),
        columns=("email", "invited_by__email", "created_at", "ends_at"),
    ),
    Table(
        name="email_aliases",
        rows=lambda it: EmailAlias.objects.filter(company=it),
        columns=("email", "person__email", "created_at"),
    ),
    Table(
        name="api_tokens",
        rows=lambda it: ApiToken.objects.filter(user__company=it),
        columns=("user__email", "name", "created_at", "last_used_at"),
    ),
    Table(
        name="own_rules",
        rows=lambda it: RepPolicy.objects.filter(user__company=it),
        columns=("user__email", "left_out"),
    ),
    Table(
        name="pipedrive_connections",
        rows=lambda it: PipedriveConnection.objects.filter(account__company=it),
        columns=_OF_CONNECTION,
    ),
    Table(
        name="chosen_persons",
        rows=lambda it: NumberChoice.objects.filter(account__company=it),
        columns=("number", "person_id", "chosen_by__email", "chosen_at"),
    ),
    Table(
        name="created_persons",
        rows=lambda it: NewPerson.objects.filter(account__company=it),
        columns=("number", "person_id", "began_at"),
    ),
    Table(
        name="own_numbers",
        rows=lambda it: OwnNumber.objects.filter(company=it),
        columns=("number", "is_entered", "is_removed", "seen_at"),
    ),
    Table(name="follow_up_tasks", rows=lambda it: FollowUp.objects.filter(company=it), columns=_OF_TASK),
    Table(name="days", rows=lambda it: Book.objects.filter(company=it), columns=_OF_BOOK),
    Table(name="log", rows=_log, columns=("at", "who", "is_staff", "action", "subject", "changes", "reason")),
)


def write_company_archive(company: Company, file: IO[bytes]) -> None:
    """Write a zip file. However much there is, some hundred rows are in memory at a time."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        add_json(archive, "company", _company(company))
        for table in TABLES:
            add_table(archive, table.name, columns=table.heads, rows=table.read(company))
        add_table(archive, "calls", columns=COLUMNS, rows=rows_of(Call.objects.filter(company=company)))


def _company(company: Company) -> dict[str, Any]:
    mustalinja = MustalinjaAccount.objects.filter(company=company)
    accounts = PipedriveAccount.objects.filter(company=company)
    return {
        "name": company.name,
        "created": company.created_at,
        "suspended": company.suspended_at,
        "settings": settings_of(company),
        "mustalinja": mustalinja.values("webhook_auth", "created_at", "webhook_registered_at", "last_heard_at").first(),
        "pipedrive": list(accounts.values("pipedrive_company_id", "name", "domain")),
    }
