"""A person takes their data along, and deletes their account."""

import csv
import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from accounts.licenses import issue_licenses, redeem_license
from accounts.models import ApiToken, Company, License, User
from accounts.tokens import make_token
from calls.models import Call, PrivateNumber, RepPolicy
from calls.private_numbers import add_number
from integrations.models import PipedriveConnection
from tests.calls.steps import Connect, Place, log, outcome
from tests.calls.test_private_calls import NUMBER
from tests.conftest import PASSWORD, make_person
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
PAGE = "/settings/delete/"


@pytest.fixture
def browser(bo: User, browser_of: Browser) -> Client:
    cache.clear()
    client = browser_of(bo)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def leave(client: Client, password: str = PASSWORD) -> Any:
    return client.post(PAGE, {"password": password})


class TestTheData:
    def unpacked(self, client: Client) -> dict[str, str]:
        answer = client.get("/settings/export.zip")
        assert answer["Content-Type"] == "application/zip"
        assert answer["Content-Disposition"].endswith('.zip"')
        with zipfile.ZipFile(io.BytesIO(b"".join(answer))) as archive:
            assert archive.testzip() is None
            return {name: archive.read(name).decode("utf-8-sig") for name in archive.namelist()}

    def test_it_is_all_that_is_kept_of_a_person_and_their_calls(
        self, browser: Client, bo: User, aino: User, connected: Connect, place: Place
    ) -> None:
        connected(bo)
        add_number(bo, "+358501112233")
        _token, key = make_token(bo, name="Raportti")
        own, others = log(place()), place(user={"email": aino.email})
        files = self.unpacked(browser)
        account = json.loads(files["account.json"])
        assert (account["email"], account["company"], account["settings"]["private_number_count"]) == (
            bo.email,
            "Esimerkki Oy",
            1,
        )
        assert account["pipedrive"]["email"] == bo.email
        assert account["api_tokens"][0]["name"] == "Raportti"
        (call,) = json.loads(files["calls.json"])
        assert (call["id"], call["customer_number"], call["activity_id"]) == (own.reference, NUMBER, own.activity_id)
        (row,) = csv.DictReader(io.StringIO(files["calls.csv"]))
        assert (row["id"], row["person"]) == (own.reference, own.person_name)
        everything = "".join(files.values())
        connection = PipedriveConnection.objects.get(user=bo)
        for secret in (key, connection.access_token, connection.refresh_token, bo.password, others.reference):
            assert secret not in everything

    def test_the_calls_of_an_earlier_company_stay_with_it(self, browser: Client, bo: User, place: Place) -> None:
        call = place()
        code = issue_licenses(company_name="Uusi Oy", seats=1, valid_until=None)[0].code
        redeem_license(user=bo, code=code)
        assert browser.get(f"/calls/{call.reference}/").status_code == 404
        files = self.unpacked(browser)
        assert json.loads(files["calls.json"]) == []
        assert call.reference not in files["calls.csv"]

    def test_without_any_call_it_is_whole_too(self, browser: Client) -> None:
        files = self.unpacked(browser)
        assert json.loads(files["calls.json"]) == []
        assert files["calls.csv"].startswith("id,external_id,")

    def test_no_spreadsheet_takes_a_cell_for_a_formula(self, browser: Client, place: Place) -> None:
        Call.objects.filter(pk=place().pk).update(person_id=1, person_name="=cmd()")
        (row,) = csv.DictReader(io.StringIO(self.unpacked(browser)["calls.csv"]))
        assert row["person"] == "'=cmd()"
        assert row["customer_number"] == f"'{NUMBER}"

    def test_many_calls_cost_few_queries(
        self, browser: Client, place: Place, django_assert_max_num_queries: Any
    ) -> None:
        for _call in range(12):
            place()
        with django_assert_max_num_queries(15):
            assert len(json.loads(self.unpacked(browser)["calls.json"])) == 12


class TestDeleting:
    def test_the_account_is_gone_the_seat_is_free_and_pipedrive_told(
        self, outside: Sandbox, browser: Client, bo: User, connected: Connect
    ) -> None:
        connected(bo)
        add_number(bo, NUMBER)
        make_token(bo, name="Raportti")
        code = bo.licenses.get().code
        answer = leave(browser)
        assert answer["Location"] == "/"
        assert "Your account is deleted" in browser.get("/").content.decode()
        assert browser.get("/calls/").status_code == 302
        assert not User.objects.filter(email=bo.email).exists()
        for model in (PipedriveConnection, ApiToken, PrivateNumber, RepPolicy):
            assert not model._default_manager.exists()
        seat = License.objects.get(holder=None)
        assert seat.code != code
        revoked = [each for each in outside.state("requests")["requests"] if each["path"].endswith("/oauth/revoke")]
        assert len(revoked) == 1
        colleague = User.objects.create_user("uusi@esimerkki.example", PASSWORD)
        redeem_license(user=colleague, code=seat.code)

    def test_calls_stay_with_the_company(
        self, browser: Client, bo: User, connected: Connect, place: Place, aino: User, browser_of: Browser
    ) -> None:
        connected(bo)
        logged, pending = log(place()), place()
        leave(browser)
        logged.refresh_from_db()
        assert (outcome(logged), logged.rep) == (("logged", "logged"), None)
        assert outcome(log(pending)) == ("waiting", "unknown_rep")
        assert len(browser_of(aino).get("/api/v1/calls/").json()["results"]) == 2

    def test_the_password_is_asked_for(self, browser: Client, bo: User) -> None:
        page = leave(browser, "wrong")
        assert "That is not your password" in page.content.decode()
        assert User.objects.filter(pk=bo.pk).exists()

    def test_it_cannot_be_guessed(self, browser: Client, bo: User) -> None:
        for _guess in range(11):
            leave(browser, "wrong")
        assert leave(browser)["Location"] == PAGE
        assert User.objects.filter(pk=bo.pk).exists()

    def test_the_last_admin_appoints_another_first(self, aino: User, bo: User, browser_of: Browser) -> None:
        client = browser_of(aino)
        client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
        for page in (client.get(PAGE), leave(client)):
            assert "Make a colleague a company admin" in page.content.decode()
        assert User.objects.filter(pk=aino.pk).exists()
        User.objects.filter(pk=bo.pk).update(is_company_admin=True)
        assert leave(client).status_code == 302
        assert not User.objects.filter(pk=aino.pk).exists()

    def test_after_the_last_one_of_a_company_the_next_is_its_admin(self, cecilia: User, browser_of: Browser) -> None:
        leave(browser_of(cecilia))
        assert Company.objects.get(name="Toinen Oy")
        assert make_person("uusi@toinen.example", "Toinen Oy").manages_company

    def test_not_before_private_calls_are_out_of_pipedrive(
        self, browser: Client, bo: User, connected: Connect, place: Place
    ) -> None:
        connected(bo)
        call = log(place())
        browser.post(f"/calls/{call.reference}/private/")
        assert "still being deleted from Pipedrive" in leave(browser).content.decode()
        assert outcome(log(call)) == ("skipped", "private_number")
        assert leave(browser).status_code == 302

    def test_support_staff_leave_by_the_admin(self, staff: User, browser_of: Browser) -> None:
        assert leave(browser_of(staff)).status_code == 200
        assert User.objects.filter(pk=staff.pk).exists()
