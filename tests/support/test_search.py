"""The one search box: whatever a customer reads out leads to the one page, or to a list that tells hits apart."""

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.models import Permission
from django.test import Client

from accounts.models import Company, EmailAlias, Invitation, License, User
from calls.models import Call
from integrations.models import PipedriveAccount
from tests.accounts.browser import in_english
from tests.admin.populated import one_of_each
from tests.support.pages import links_of, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def company(staff: User) -> Company:
    """Two companies, the first of which is given."""
    company = one_of_each()[Company]
    one_of_each(number=7)
    PipedriveAccount.objects.filter(company=company.pk).update(name="Kuusikko", domain="kuusikko-oy")
    assert isinstance(company, Company)
    return company


def leads_to(support: Client, typed: str) -> str:
    """Where the search leads without another click."""
    answer = support.get("/admin/support/search/", {"q": typed})
    assert answer.status_code == 302, text_of(answer)
    return str(answer["Location"])


@pytest.mark.parametrize("typed", ["Yritys 0 Oy", "yritys 0", "  Yritys   0 Oy ", "Kuusikko", "kuusikko-oy", "7000"])
def test_a_company_is_found_by_its_name_and_by_its_pipedrive(support: Client, company: Company, typed: str) -> None:
    assert leads_to(support, typed) == f"/admin/support/companies/{company.pk}/"


@pytest.mark.parametrize("typed", ["äyrityö", "ÄYRITYÖ", "Äyrityö"])
def test_letters_beyond_english_are_found_in_either_case(support: Client, company: Company, typed: str) -> None:
    Company.objects.filter(pk=company.pk).update(name="Äyrityö Oy")
    assert leads_to(support, typed) == f"/admin/support/companies/{company.pk}/"


def test_a_person_is_found_by_any_of_their_addresses(support: Client, company: Company) -> None:
    person = company.people.get()
    EmailAddress.objects.create(user=person, email="toinen@osoite.example")
    EmailAlias.objects.create(company=company, person=person, email="alias@osoite.example")
    for typed in ("rep0@yritys.example", "REP0@", "toinen@osoite", "alias@osoite.example"):
        assert leads_to(support, typed) == f"/admin/accounts/user/{person.pk}/change/", typed


def test_somebody_invited_is_found_in_the_company(support: Client, company: Company) -> None:
    license_ = License.objects.create(company=company)
    Invitation.objects.create(company=company, email="uusi@yritys.example", license=license_)
    assert leads_to(support, "uusi@yritys.example") == f"/admin/support/companies/{company.pk}/"


def test_a_license_is_found_by_its_code_in_any_spelling(support: Client, company: Company) -> None:
    license_ = company.licenses.get()
    address = f"/admin/accounts/license/{license_.pk}/change/"
    for typed in (license_.code, license_.code.lower(), license_.code.replace("-", " ")):
        assert leads_to(support, typed) == address
    assert "Nothing was found" in text_of(support.get("/admin/support/search/", {"q": license_.code[:-2]}))


def test_a_call_is_found_by_support_code_and_by_mustalinjas_id(support: Client, company: Company) -> None:
    call = company.calls.get()
    for typed in (call.support_code, call.support_code.lower(), call.reference, call.external_id):
        assert leads_to(support, typed) == f"/admin/calls/call/{call.pk}/change/", typed


@pytest.mark.parametrize("typed", ["0400 124 387", "+358 40 0124387", "00358400124387", "358400124387", "040-0124387"])
def test_calls_are_found_by_the_number_in_any_spelling(support: Client, company: Company, typed: str) -> None:
    page = support.get("/admin/support/search/", {"q": typed})
    found = links_of(page, within="found")
    for call in Call.objects.all():
        assert found[call.support_code] == f"/admin/calls/call/{call.pk}/change/"
    # The own number of both companies, too.
    assert found["Yritys 0 Oy"] == f"/admin/support/companies/{company.pk}/"


def test_the_number_in_the_results_is_masked(support: Client, company: Company) -> None:
    page = text_of(support.get("/admin/support/search/", {"q": "rep"}))
    assert "0400124387" not in page
    answer = support.get("/admin/support/search/", {"q": "0400124387"})
    assert "+358 40 0•• ••87" in text_of(answer)
    assert "040 012 4387" not in text_of(answer)


def test_several_hits_are_listed_by_kind_with_what_tells_them_apart(support: Client, company: Company) -> None:
    Company.objects.filter(name="Yritys 7 Oy").update(suspended_at=company.created_at)
    page = text_of(support.get("/admin/support/search/", {"q": "yritys"}))
    assert "Companies Yritys 0 Oy Pipedrive: Kuusikko kuusikko-oy Yritys 7 Oy suspended, Pipedrive: PD 7" in page
    assert "People rep0@yritys.example Yritys 0 Oy rep7@yritys.example Yritys 7 Oy" in page


def test_more_than_twenty_are_said_to_be_more(support: Client, company: Company) -> None:
    Company.objects.bulk_create(Company(name=f"Yritys {number} Ky") for number in range(20, 45))
    page = support.get("/admin/support/search/", {"q": "Yritys"})
    assert len([words for words in links_of(page, within="found") if words.startswith("Yritys")]) == 20
    assert "The first 20 of them." in text_of(page)


@pytest.mark.parametrize("typed", ["", "x", "nobody-at-all", "%", "_" * 300, "'\"\\", "9" * 40, "\x00\x00"])
def test_what_names_nothing_says_what_may_be_typed(support: Client, company: Company, typed: str) -> None:
    answer = support.get("/admin/support/search/", {"q": typed})
    assert "Type what the customer tells you:" in text_of(answer)


def test_the_box_stands_on_every_page_of_the_admin(support: Client, company: Company) -> None:
    for path in ("/admin/", "/admin/calls/call/", f"/admin/accounts/company/{company.pk}/change/"):
        assert 'action="/admin/support/search/"' in support.get(path).content.decode()
    assert 'action="/admin/support/search/"' not in Client().get("/admin/login/").content.decode()


def test_only_what_the_reader_may_see_is_found(company: Company, browser_of: Callable[[User], Client]) -> None:
    helper = User.objects.create_user("apu@saashop.example", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_company"))
    client = in_english(browser_of(helper))
    assert set(links_of(client.get("/admin/support/search/", {"q": "yritys"}), within="found")) == {
        "Yritys 0 Oy",
        "Yritys 7 Oy",
    }
    call = company.calls.get()
    license_ = company.licenses.get()
    for typed in (call.support_code, call.external_id, license_.code, "rep0@yritys.example"):
        assert "Nothing was found" in text_of(client.get("/admin/support/search/", {"q": typed}))
