"""No page of the admin takes twenty queries or more, for staff whose rights come from their role."""

from collections.abc import Callable

import pytest
from django.contrib.admin import site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.audit import record
from accounts.audit_entry import Action
from accounts.models import Company, User
from tests.admin.desk import ADMINISTRATOR, staff_with
from tests.admin.populated import one_of_each

pytestmark = pytest.mark.django_db
QUERIES_AT_MOST = 19
LISTS = sorted(f"/admin/{model._meta.app_label}/{model._meta.model_name}/" for model in site._registry)


@pytest.fixture
def colleague(browser_of: Callable[[User], Client]) -> Client:
    """The role that sees most; a superuser's rights cost no query."""
    return browser_of(staff_with(ADMINISTRATOR))


@pytest.fixture
def company(db: None) -> Company:
    """One of five, each with a row of everything."""
    for number in range(4):
        one_of_each(number)
    company = one_of_each(number=4)[Company]
    assert isinstance(company, Company)
    for subject in (company, company.people.get(), company.licenses.get(), company.calls.get()):
        record(action=Action.CHANGED, company=company, subject=subject)
    return company


def queries(client: Client, path: str) -> int:
    """What a page takes, the session's own included; the savepoints around those are no questions."""
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200, path
    return sum("SAVEPOINT" not in query["sql"] for query in captured.captured_queries)


@pytest.mark.parametrize("path", ["/admin/", *LISTS])
def test_the_desk_and_every_list(path: str, colleague: Client, company: Company) -> None:
    assert queries(colleague, path) <= QUERIES_AT_MOST


def test_a_companys_page(colleague: Client, company: Company) -> None:
    assert queries(colleague, f"/admin/support/companies/{company.pk}/") <= QUERIES_AT_MOST


@pytest.mark.parametrize("typed", ["yritys", "rep", "0400124387", "nothing at all", "7000000", "example"])
def test_the_search(typed: str, colleague: Client, company: Company) -> None:
    assert queries(colleague, f"/admin/support/search/?q={typed}") <= QUERIES_AT_MOST


@pytest.mark.parametrize("typed", ["yritys", "rep1@yritys.example", "0400124387", "nothing at all"])
def test_the_search_of_the_list_of_calls(typed: str, colleague: Client, company: Company) -> None:
    assert queries(colleague, f"/admin/calls/call/?q={typed}") <= QUERIES_AT_MOST
