"""Customers are erased, not deleted: what Django's own delete would leave behind is out of its reach."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts.models import Company, User
from tests.admin.desk import ADMINISTRATOR, SUPPORT, staff_with

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
PEOPLE, COMPANIES = "/admin/accounts/user/", "/admin/accounts/company/"


def delete(browser: Client, folder: str, pk: int) -> int:
    return browser.post(f"{folder}{pk}/delete/", {"post": "yes"}).status_code


def delete_chosen(browser: Client, folder: str, *pks: int) -> None:
    fields = {"action": "delete_selected", "_selected_action": [str(pk) for pk in pks], "post": "yes"}
    browser.post(folder, fields)


@pytest.mark.parametrize("is_superuser", [True, False])
def test_nobody_deletes_a_customers_person(*, is_superuser: bool, bo: User, staff: User, browser_of: Browser) -> None:
    browser = browser_of(staff if is_superuser else staff_with(ADMINISTRATOR))
    assert delete(browser, PEOPLE, bo.pk) == 403
    delete_chosen(browser, PEOPLE, bo.pk)
    assert User.objects.filter(pk=bo.pk).exists()
    page = browser.get(f"{PEOPLE}{bo.pk}/change/").content.decode()
    assert f"{PEOPLE}{bo.pk}/delete/" not in page
    assert f"/admin/support/people/{bo.pk}/erase/" in page


def test_who_has_left_a_company_or_has_become_staff_in_one_is_not_deleted_either(
    bo: User, cecilia: User, staff: User, browser_of: Browser
) -> None:
    User.objects.filter(pk=bo.pk).update(company=None)
    User.objects.filter(pk=cecilia.pk).update(is_staff=True)
    for person in (bo, cecilia):
        assert delete(browser_of(staff), PEOPLE, person.pk) == 403


def test_an_account_of_staff_is_deleted_by_administrators(browser_of: Browser) -> None:
    browser = browser_of(staff_with(ADMINISTRATOR))
    one, other = staff_with(SUPPORT), staff_with(SUPPORT, name="other")
    for account in (one, other):
        EmailAddress.objects.get_or_create(user=account, email=account.email, verified=True, primary=True)
    assert delete(browser, PEOPLE, one.pk) == 302
    delete_chosen(browser, PEOPLE, other.pk)
    assert not User.objects.filter(pk__in=[one.pk, other.pk]).exists()


def test_a_company_is_deleted_only_while_nobody_is_in_it(bo: User, browser_of: Browser) -> None:
    browser, empty = browser_of(staff_with(ADMINISTRATOR)), Company.objects.create(name="Tyhjä Oy")
    assert delete(browser, COMPANIES, bo.company_id or 0) == 403
    delete_chosen(browser, COMPANIES, bo.company_id or 0)
    assert delete(browser, COMPANIES, empty.pk) == 302
    assert [company.pk for company in Company.objects.all()] == [bo.company_id]
