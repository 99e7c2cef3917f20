"""`/accounts/license/`: a renewal, or another company's invitation that moves the person."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.licenses import issue_licenses, subscription_end
from accounts.models import License, User
from accounts.roles import set_rights
from calls.models import Call
from integrations.models import MustalinjaAccount, PendingRevocation, PipedriveConnection
from tests.accounts.browser import in_english
from tests.calls.events import deliver, ended_call
from tests.conftest import company_of, make_person
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
DAYS = datetime.timedelta(days=1)


def new_code(company: str, *, days: int | None = None) -> str:
    until = None if days is None else timezone.localdate() + days * DAYS
    code: str = issue_licenses(company_name=company, seats=1, valid_until=until)[0].code
    return code


def enter(client: Client, code: str) -> Any:
    return client.post("/accounts/license/", {"license_code": code}, follow=True)


class TestRenewal:
    def test_an_ended_subscription_goes_on(self, bo: User, browser_of: Browser) -> None:
        License.objects.filter(holder=bo).update(valid_until=timezone.localdate() - DAYS)
        page = enter(in_english(browser_of(bo)), new_code("Esimerkki Oy", days=365))
        assert page.redirect_chain[-1][0] == "/integrations/"
        assert ["Esimerkki Oy" in str(message) for message in page.context["messages"]] == [True]
        assert subscription_end(user=bo) == timezone.localdate() + 365 * DAYS

    @pytest.mark.parametrize(("first", "second"), [(30, 90), (90, 30)])
    def test_the_later_end_wins_whatever_the_order(
        self, bo: User, browser_of: Browser, first: int, second: int
    ) -> None:
        License.objects.filter(holder=bo).update(valid_until=timezone.localdate())
        for days in (first, second):
            enter(browser_of(bo), new_code("Esimerkki Oy", days=days))
        assert subscription_end(user=bo) == timezone.localdate() + 90 * DAYS

    def test_the_company_and_its_admin_stay(self, aino: User, bo: User, browser_of: Browser) -> None:
        for user in (bo, aino):
            enter(browser_of(user), new_code("Esimerkki Oy"))
        assert dict(User.objects.values_list("email", "is_company_admin")) == {aino.email: True, bo.email: False}

    def test_the_connection_stays(
        self, bo: User, browser_of: Browser, connected: Callable[[User], PipedriveConnection], outside: Sandbox
    ) -> None:
        connected(bo)
        enter(browser_of(bo), new_code("Esimerkki Oy"))
        assert PipedriveConnection.objects.filter(user=bo).exists()
        assert [grant["alive"] for grant in outside.state("grants")["grants"]] == [True]

    def test_the_page_lists_the_own_licenses_only(self, aino: User, bo: User, browser_of: Browser) -> None:
        page = browser_of(bo).get("/accounts/license/").content.decode()
        assert License.objects.get(holder=bo).code in page
        assert License.objects.get(holder=aino).code not in page


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("", "This field is required"),
        ("7K2M-QX9R-4HTB-WCPE", "no such license code"),
        ("own", "already in use"),
        ("expired", "has expired"),
    ],
)
def test_a_refused_code_is_an_error_of_the_form(bo: User, browser_of: Browser, code: str, sentence: str) -> None:
    if code == "own":
        code = License.objects.get(holder=bo).code
    if code == "expired":
        code = new_code("Toinen Oy", days=-1)
    page = enter(in_english(browser_of(bo)), code)
    assert page.status_code == 200
    assert sentence in str(page.context["form"].errors["license_code"])
    bo.refresh_from_db()
    assert bo.company is not None
    assert bo.company.name == "Esimerkki Oy"
    assert License.objects.filter(holder=bo).count() == 1


class TestAnotherCompany:
    def test_the_person_works_for_the_other_company_then(self, bo: User, cecilia: User, browser_of: Browser) -> None:
        enter(browser_of(bo), new_code("Toinen Oy"))
        bo.refresh_from_db()
        assert bo.company == cecilia.company
        assert not bo.is_company_admin

    def test_an_admin_who_moves_is_a_rep_there(self, aino: User, cecilia: User, browser_of: Browser) -> None:
        enter(browser_of(aino), new_code("Toinen Oy"))
        aino.refresh_from_db()
        assert (aino.company, aino.is_company_admin) == (cecilia.company, False)
        assert browser_of(aino).get("/settings/company/").status_code == 403

    def test_a_company_with_people_keeps_an_admin(
        self, aino: User, bo: User, cecilia: User, browser_of: Browser
    ) -> None:
        code = new_code("Toinen Oy")
        page = enter(in_english(browser_of(aino)), code)
        assert "Make a colleague a company admin on the Team page first" in str(page.context["form"].errors)
        assert License.objects.get(code=code).holder is None
        aino.refresh_from_db()
        assert (company_of(aino).name, aino.is_company_admin) == ("Esimerkki Oy", True)
        set_rights(bo, is_company_admin=True, sees_all_calls=False)
        enter(browser_of(aino), code)
        aino.refresh_from_db()
        assert aino.company == cecilia.company

    @pytest.mark.parametrize("colleague", ["none", "deactivated"])
    def test_whoever_comes_to_a_company_that_its_last_person_left_is_its_admin(
        self, aino: User, cecilia: User, browser_of: Browser, colleague: str
    ) -> None:
        if colleague == "deactivated":
            left_before = make_person("bo@esimerkki.example", "Esimerkki Oy")
            User.objects.filter(pk=left_before.pk).update(is_active=False)
        enter(browser_of(aino), new_code("Toinen Oy"))
        dora = make_person("dora@esimerkki.example", "Esimerkki Oy")
        assert dora.is_company_admin

    def test_the_first_person_of_a_new_company_is_its_admin(self, bo: User, browser_of: Browser) -> None:
        enter(browser_of(bo), new_code("Kolmas Oy"))
        bo.refresh_from_db()
        assert bo.is_company_admin

    def test_the_old_companys_calls_are_out_of_sight(
        self, mustalinja: MustalinjaAccount, aino: User, bo: User, cecilia: User, browser_of: Browser
    ) -> None:
        deliver(mustalinja, ended_call())
        deliver(mustalinja, ended_call(user={"email": aino.email}))
        calls = list(Call.objects.all())
        assert [call.rep for call in calls if call.rep == bo] == [bo]
        for user in (bo, aino):
            client = browser_of(user)
            enter(client, new_code("Toinen Oy"))
            assert client.get("/api/v1/calls/").json()["results"] == []
            for call in calls:
                assert client.get(f"/calls/{call.reference}/").status_code == 404
                assert client.get(f"/api/v1/calls/{call.reference}/").status_code == 404
                assert call.reference not in client.get("/calls/").content.decode()

    def test_its_pipedrive_connection_is_dropped_and_revoked(
        self,
        bo: User,
        browser_of: Browser,
        connected: Callable[[User], PipedriveConnection],
        outside: Sandbox,
    ) -> None:
        connected(bo)
        enter(browser_of(bo), new_code("Toinen Oy"))
        assert not PipedriveConnection.objects.exists()
        assert [grant["alive"] for grant in outside.state("grants")["grants"]] == [False]
        assert not PendingRevocation.objects.exists()

    def test_a_colleagues_connection_stays(
        self,
        aino: User,
        bo: User,
        browser_of: Browser,
        connected: Callable[[User], PipedriveConnection],
    ) -> None:
        connected(aino)
        connected(bo)
        enter(browser_of(bo), new_code("Toinen Oy"))
        assert PipedriveConnection.objects.get().user == aino

    def test_pipedrive_being_down_does_not_hold_up_the_move(
        self,
        bo: User,
        browser_of: Browser,
        connected: Callable[[User], PipedriveConnection],
        outside: Sandbox,
    ) -> None:
        connected(bo)
        outside.order("pipedrive/control/faults", path="oauth/revoke", status=503)
        enter(browser_of(bo), new_code("Toinen Oy"))
        bo.refresh_from_db()
        assert bo.company is not None
        assert bo.company.name == "Toinen Oy"
        assert not PipedriveConnection.objects.exists()
        assert PendingRevocation.objects.count() == 1


def test_staff_without_a_company_may_enter_a_code(staff: User, browser_of: Browser) -> None:
    enter(browser_of(staff), new_code("Kolmas Oy"))
    staff.refresh_from_db()
    assert staff.company is not None
    assert staff.company.name == "Kolmas Oy"
