"""What staff do in Django admin is in the audit log: every deed, and every page about a person that was opened."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin import site
from django.db.models import Model
from django.test import Client

from accounts.audit_entry import Action, AuditEntry
from accounts.models import Company, User
from calls.models import Call, LoggingPolicy, WebhookDelivery
from integrations.models import ContactIndex, MustalinjaAccount
from support.audited_admin import LOGGED_BY_ITSELF, PERSONAL, AuditedAdmin
from tests.admin.populated import one_of_each
from tests.admin.test_people_and_licenses import fields_of
from tests.conftest import company_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
Rows = dict[type[Model], Any]


@pytest.fixture
def support(staff: User, browser_of: Browser) -> Client:
    return browser_of(staff)


@pytest.fixture
def rows() -> Rows:
    return dict(one_of_each())


def page_of(row: Model) -> str:
    return f"/admin/{row._meta.app_label}/{row._meta.model_name}/{row.pk}/change/"


def only_entry(action: str) -> AuditEntry:
    entry: AuditEntry = AuditEntry.objects.get(action=action)
    assert entry.is_staff
    assert entry.actor is not None
    return entry


def act(support: Client, action: str, *rows: Model, **fields: str) -> Any:
    folder = f"/admin/{rows[0]._meta.app_label}/{rows[0]._meta.model_name}/"
    return support.post(folder, {"action": action, "_selected_action": [row.pk for row in rows], **fields})


def test_every_model_of_the_admin_is_audited() -> None:
    assert [shown for shown in site._registry.values() if not isinstance(shown, AuditedAdmin)] == []


def test_the_log_has_words_for_every_action_of_the_admin(support: Client) -> None:
    request = support.get("/admin/").wsgi_request
    names = {
        name
        for shown in site._registry.values()
        for name in shown.get_actions(request)
        if name not in getattr(shown, "audited_by_deeds", ())
    }
    assert names - {LOGGED_BY_ITSELF} <= set(Action.values)


def test_an_addition(support: Client) -> None:
    support.post("/admin/accounts/company/add/", {"name": "Uusi Oy", "language": "en", "region": "FI"})
    entry, company = only_entry(Action.CREATED), Company.objects.get(name="Uusi Oy")
    assert (entry.company, entry.subject) == (company, f"accounts.company {company.pk}")
    assert entry.changes == {"name": None, "language": ["fi", "en"]}


def test_a_change_with_before_and_after_but_texts_by_name_only(support: Client, rows: Rows) -> None:
    company: Company = rows[Company]
    support.post(page_of(company), {"name": "Uusi nimi Oy", "language": "en", "region": "SE"})
    entry = only_entry(Action.CHANGED)
    assert entry.company == company
    assert entry.changes == {"name": None, "language": ["fi", "en"], "region": ["FI", "SE"]}


def test_a_person_is_changed_by_name_of_the_field_only(support: Client, bo: User) -> None:
    support.post(page_of(bo), fields_of(bo, email="uusi@esimerkki.example", first_name="Bo", is_company_admin="on"))
    entry = only_entry(Action.CHANGED)
    assert (entry.company, entry.subject) == (bo.company, f"accounts.user {bo.pk}")
    assert entry.changes["email"] is None
    assert entry.changes["first_name"] is None
    assert entry.changes["is_company_admin"] == [False, True]


def test_nothing_changed_is_no_entry(support: Client, rows: Rows) -> None:
    company: Company = rows[Company]
    support.post(page_of(company), {"name": company.name, "language": "fi", "region": "FI"})
    assert not AuditEntry.objects.filter(action=Action.CHANGED).exists()


def test_a_password_is_changed(support: Client, bo: User) -> None:
    passwords = {"password1": "uusi-salasana-77", "password2": "uusi-salasana-77", "usable_password": "true"}
    support.post(f"/admin/accounts/user/{bo.pk}/password/", passwords)
    entry = only_entry(Action.CHANGED)
    assert set(entry.changes) <= {"password", "password1", "password2"}
    assert set(entry.changes.values()) == {None}


def test_a_deletion_on_the_page_and_several_from_the_list(support: Client, rows: Rows) -> None:
    policy: LoggingPolicy = rows[LoggingPolicy]
    support.post(page_of(policy).replace("change", "delete"), {"post": "yes"})
    entry = only_entry(Action.DELETED)
    assert (entry.company, entry.subject) == (policy.company, f"calls.loggingpolicy {policy.pk}")
    companies = [Company.objects.create(name=name) for name in ("A Oy", "B Oy")]
    act(support, "delete_selected", *companies, post="yes")
    deleted = AuditEntry.objects.filter(action=Action.DELETED, subject__startswith="accounts.company")
    assert {each.subject for each in deleted} == {f"accounts.company {company.pk}" for company in companies}
    assert not Company.objects.filter(name="A Oy").exists()


@pytest.mark.parametrize(
    ("model", "action"),
    [
        (Call, "send_again"),
        (WebhookDelivery, "parse_again"),
        (ContactIndex, "read_anew"),
        (MustalinjaAccount, "fetch_missing_calls"),
    ],
)
def test_an_action_names_each_row_and_its_company(support: Client, rows: Rows, model: type[Model], action: str) -> None:
    row = rows[model]
    act(support, action, row, answered="1", reason="asked by phone")
    entry = only_entry(action)
    assert (entry.company, entry.subject) == (rows[Company], f"{model._meta.label_lower} {row.pk}")


def test_a_page_that_only_asks_is_no_deed(support: Client, rows: Rows) -> None:
    act(support, "delete_selected", rows[Company])
    assert not AuditEntry.objects.filter(is_staff=True).exists()


@pytest.mark.parametrize("label", sorted(PERSONAL))
def test_opening_a_page_about_a_person_is_written_down(support: Client, rows: Rows, label: str) -> None:
    row = next(row for model, row in rows.items() if model._meta.label_lower == label)
    assert support.get(page_of(row)).status_code == 200
    entry = only_entry(Action.VIEWED)
    assert (entry.company, entry.subject) == (rows[Company], f"{label} {row.pk}")


def test_lists_and_pages_about_nobody_are_not(support: Client, rows: Rows) -> None:
    for path in ("/admin/calls/call/", "/admin/accounts/user/", page_of(rows[Company]), page_of(rows[ContactIndex])):
        assert support.get(path).status_code == 200
    assert not AuditEntry.objects.filter(is_staff=True).exists()


def test_no_entry_names_anybody(support: Client, bo: User) -> None:
    support.get(page_of(bo))
    support.post(page_of(bo), fields_of(bo, first_name="Boris", company=str(company_of(bo).pk)))
    kept = " ".join(str(entry) for entry in AuditEntry.objects.values_list("subject", "changes", "reason"))
    assert bo.email not in kept
    assert "Boris" not in kept
