"""`POST /api/v1/orders/`: the web shop orders, renews and cancels licences; each order is carried out once."""

import base64
import datetime
import json
import logging
from threading import Barrier, Thread
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings
from standardwebhooks import Webhook

from accounts.audit_entry import AuditEntry
from accounts.licenses import issue_licenses
from accounts.models import CodeMail, Company, License, Order, User
from accounts.orders import months_after
from tests.accounts.browser import in_english
from tests.conftest import company_of

pytestmark = pytest.mark.django_db
PATH = "/api/v1/orders/"
TOKEN = "a-token-of-the-web-shop-0123456789-abcdef"
SIGNING = "whsec_" + base64.b64encode(b"0123456789abcdef0123456789abcdef").decode()
TODAY = timezone.localdate()
IN_A_YEAR = TODAY + datetime.timedelta(days=365)
NEW: dict[str, Any] = {
    "number": "1001",
    "kind": "new",
    "company": "Tilaaja Oy",
    "seats": 3,
    "valid_until": IN_A_YEAR.isoformat(),
    "email": "paivi@tilaaja.example",
    "language": "en",
}


@pytest.fixture(autouse=True)
def shop(settings: Settings) -> None:
    """The portal has a token and a signing secret of the shop's."""
    cache.clear()
    settings.ORDERS_SECRETS = [TOKEN, SIGNING]


def send(body: dict[str, Any] | bytes, **headers: str) -> Any:
    client = in_english(Client())
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return client.post(PATH, content, content_type="application/json", headers=headers)


def order(**changes: Any) -> Any:
    """An order with the shop's token; `...` leaves a field out."""
    body = {name: value for name, value in (NEW | changes).items() if value is not ...}
    return send(body, Authorization=f"Bearer {TOKEN}")


def renewal(**changes: Any) -> Any:
    fields = {"number": "1002", "kind": "renewal", "company": "Esimerkki Oy", "seats": ...}
    return order(**(fields | changes))


class TestNew:
    def test_it_makes_the_company_and_its_licenses_and_has_the_codes_mailed(self) -> None:
        answer = order()
        assert (answer.status_code, answer.json()) == (
            201,
            {
                "number": "1001",
                "kind": "new",
                "company": "Tilaaja Oy",
                "licenses": 3,
                "valid_until": IN_A_YEAR.isoformat(),
            },
        )
        company = Company.objects.get()
        assert (company.name, company.language) == ("Tilaaja Oy", "en")
        licenses = License.objects.valid().free().filter(company=company, valid_until=IN_A_YEAR)
        assert {license_.order for license_ in licenses} == {Order.objects.get()}
        mail = CodeMail.objects.get()
        assert (mail.email, mail.language, mail.licenses.count()) == ("paivi@tilaaja.example", "en", 3)
        assert AuditEntry.objects.get(action="issued").reason == "order 1001"

    def test_the_answer_holds_no_code(self) -> None:
        text = order().content.decode()
        assert [code for code in License.objects.values_list("code", flat=True) if code in text] == []

    def test_a_company_that_exists_gets_more(self, aino: User) -> None:
        assert order(company="ESIMERKKI OY").json()["company"] == "Esimerkki Oy"
        assert company_of(aino).licenses.count() == 4
        assert Company.objects.get().language == "fi"

    def test_where_a_company_has_an_admin_a_stranger_gets_no_codes(self, aino: User, bo: User) -> None:
        order(company="Esimerkki Oy", email="stranger@elsewhere.example")
        mail = CodeMail.objects.get()
        assert (mail.email, mail.licenses.count()) == (aino.email, 3)
        order(company="Esimerkki Oy", number="1003", email=bo.email.upper())
        assert CodeMail.objects.latest("pk").email == bo.email

    def test_months_are_counted_from_today(self) -> None:
        assert order(valid_until=..., months=12).json()["valid_until"] == months_after(TODAY, 12).isoformat()


@pytest.mark.parametrize(
    ("day", "months", "later"),
    [("2026-01-31", 1, "2026-02-28"), ("2026-12-01", 1, "2027-01-01"), ("2028-02-29", 12, "2029-02-28")],
)
def test_a_month_that_is_too_short_ends_on_its_last_day(day: str, months: int, later: str) -> None:
    assert months_after(datetime.date.fromisoformat(day), months).isoformat() == later


class TestRenewal:
    def test_all_licenses_of_the_company_go_on(self, aino: User, bo: User) -> None:
        License.objects.update(valid_until=TODAY - datetime.timedelta(days=3))
        assert renewal().json()["licenses"] == 2
        assert set(License.objects.values_list("valid_until", flat=True)) == {IN_A_YEAR}
        assert AuditEntry.objects.filter(action="extended", reason="order 1002").count() == 2
        assert not CodeMail.objects.exists()

    def test_none_ends_sooner_than_before(self, aino: User, bo: User) -> None:
        later = IN_A_YEAR + datetime.timedelta(days=5)
        License.objects.filter(holder=bo).update(valid_until=later)
        renewal()
        assert set(License.objects.values_list("valid_until", flat=True)) == {None, later}

    def test_months_are_counted_from_the_end(self, aino: User) -> None:
        soon = TODAY + datetime.timedelta(days=20)
        License.objects.update(valid_until=soon)
        assert renewal(valid_until=..., months=6).json()["valid_until"] == months_after(soon, 6).isoformat()

    def test_a_day_that_no_calendar_has_is_refused(self, aino: User) -> None:
        License.objects.update(valid_until=datetime.date(9999, 12, 1))
        answer = renewal(valid_until=..., months=12)
        assert (answer.status_code, list(answer.json())) == (400, ["months"])

    def test_fewer_are_those_that_are_held(self, aino: User) -> None:
        License.objects.update(valid_until=TODAY)
        issue_licenses(company_name="Esimerkki Oy", seats=2, valid_until=TODAY)
        assert renewal(seats=1).json()["licenses"] == 1
        assert License.objects.get(valid_until=IN_A_YEAR).holder == aino

    def test_more_are_issued_and_their_codes_mailed(self, aino: User) -> None:
        assert renewal(seats=3).json()["licenses"] == 3
        assert company_of(aino).licenses.count() == 3
        assert CodeMail.objects.get().licenses.count() == 2

    def test_a_revoked_license_stays_revoked(self, aino: User, bo: User) -> None:
        License.objects.update(valid_until=TODAY)
        License.objects.filter(holder=bo).update(revoked_at=timezone.now())
        assert renewal().json()["licenses"] == 1
        assert License.objects.get(holder=bo).valid_until == TODAY


class TestCancellation:
    def test_the_licenses_end_on_the_day(self, aino: User, bo: User) -> None:
        sooner = TODAY + datetime.timedelta(days=2)
        License.objects.filter(holder=bo).update(valid_until=sooner)
        answer = order(kind="cancellation", company="Esimerkki Oy", seats=..., email=...)
        assert (answer.status_code, answer.json()["licenses"]) == (201, 1)
        assert License.objects.get(holder=aino).valid_until == IN_A_YEAR
        assert License.objects.get(holder=bo).valid_until == sooner


class TestOnce:
    def test_the_same_order_is_answered_the_same_and_done_once(self) -> None:
        first, second = order(), order()
        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json() == second.json()
        assert (License.objects.count(), CodeMail.objects.count()) == (3, 1)

    @pytest.mark.parametrize("change", [{"seats": 4}, {"email": "muu@tilaaja.example"}, {"company": "Muu Oy"}])
    def test_another_order_of_the_same_number_is_refused(self, change: dict[str, Any]) -> None:
        order()
        assert order(**change).status_code == 409
        assert (License.objects.count(), Company.objects.count()) == (3, 1)

    def test_a_refused_order_may_be_mended_and_sent_again(self) -> None:
        assert renewal(company="Tilaaja Oy").status_code == 400
        assert not Order.objects.exists()
        assert order(number="1002").status_code == 201

    @pytest.mark.django_db(transaction=True)
    @pytest.mark.parametrize("numbers", [("1001", "1001"), ("1001", "1002")])
    def test_two_at_once(self, numbers: tuple[str, str]) -> None:
        """Of one number, and of two numbers that make the same company."""
        statuses: list[int] = []
        start = Barrier(2)

        def press(number: str) -> None:
            start.wait()
            statuses.append(order(number=number).status_code)
            connection.close()

        threads = [Thread(target=press, args=(number,)) for number in numbers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(statuses) == ([200, 201] if numbers[0] == numbers[1] else [201, 201])
        assert License.objects.count() == 3 * len(set(numbers))
        assert Company.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "gift"}, "kind"),
        ({"number": ""}, "number"),
        ({"company": " "}, "company"),
        ({"seats": 0}, "seats"),
        ({"seats": 501}, "seats"),
        ({"seats": ...}, "seats"),
        ({"email": ...}, "email"),
        ({"email": "paivi"}, "email"),
        ({"language": "sv"}, "language"),
        ({"valid_until": ...}, "valid_until"),
        ({"months": 12}, "valid_until"),
        ({"valid_until": "1.3.2027"}, "valid_until"),
        ({"valid_until": (TODAY - datetime.timedelta(days=1)).isoformat()}, "valid_until"),
        ({"kind": "renewal"}, "company"),
        ({"kind": "cancellation", "valid_until": ...}, "valid_until"),
    ],
)
def test_what_is_wrong_is_said_by_field_and_nothing_is_kept(changes: dict[str, Any], field: str) -> None:
    answer = order(**changes)
    assert (answer.status_code, list(answer.json())) == (400, [field])
    assert [model.__name__ for model in (Order, License, Company) if model._default_manager.exists()] == []


class TestAuthentication:
    def signed(self, body: bytes, secret: str = SIGNING) -> dict[str, str]:
        now = timezone.now()
        return {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": Webhook(secret).sign("msg_1", now, body.decode()),
        }

    def test_a_signature_is_as_good_as_the_token(self) -> None:
        body = json.dumps(NEW).encode()
        assert send(body, **self.signed(body)).status_code == 201

    def test_a_signature_of_something_else_is_refused(self) -> None:
        other = json.dumps(NEW | {"seats": 500}).encode()
        assert send(other, **self.signed(json.dumps(NEW).encode())).status_code == 401

    def test_a_token_signs_nothing(self) -> None:
        body = json.dumps(NEW).encode()
        assert send(body, **self.signed(body, base64.b64encode(TOKEN.encode()).decode())).status_code == 401

    @pytest.mark.parametrize("header", ["", "Bearer ", "Bearer wrong", TOKEN, f"Basic {TOKEN}", f"Bearer {TOKEN}x"])
    def test_without_the_shops_secret_nothing_is_done(self, header: str) -> None:
        answer = send(NEW, **({"Authorization": header} if header else {}))
        assert answer.status_code == 401
        assert not Order.objects.exists()

    def test_where_no_secret_is_set_there_is_no_such_address(self, settings: Settings) -> None:
        settings.ORDERS_SECRETS = []
        assert order().status_code == 404

    def test_an_admins_api_token_or_session_orders_nothing(self, staff: User) -> None:
        client = Client()
        client.force_login(staff, "django.contrib.auth.backends.ModelBackend")
        assert client.post(PATH, NEW, content_type="application/json").status_code == 401

    def test_who_guesses_too_often_is_refused_for_a_while(self) -> None:
        statuses = [send(NEW, Authorization="Bearer guess").status_code for _time in range(21)]
        assert statuses == [401] * 20 + [429]
        assert order().status_code == 429

    def test_good_orders_are_not_counted(self) -> None:
        assert {order().status_code for _time in range(30)} == {200, 201}

    def test_the_log_names_neither_secrets_nor_people(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.DEBUG)
        order()
        order(number="1003", email="wrong")
        send(NEW, Authorization="Bearer guess-of-a-secret")
        codes = list(License.objects.values_list("code", flat=True))
        secrets = [TOKEN, SIGNING, "guess-of-a-secret", "paivi@tilaaja.example", *codes]
        assert [secret for secret in secrets if secret in caplog.text] == []
        assert "3 licenses" in caplog.text


def test_the_order_keeps_no_address() -> None:
    order()
    assert "paivi" not in str(Order.objects.values().get())


def test_the_openapi_document_tells_of_it() -> None:
    schema = Client().get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    operation = schema["paths"][PATH]["post"]
    assert operation["security"] == [{"webShop": []}]
    assert set(operation["responses"]) == {"200", "201", "400", "401", "409"}
    fields = schema["components"]["schemas"]["Order"]
    assert set(fields["required"]) == {"number", "kind", "company"}
    assert set(fields["properties"]) == {*NEW, "months"}
