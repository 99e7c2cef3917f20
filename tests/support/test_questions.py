"""Twelve questions that customers ask on the phone, each answered from the admin's search box in three clicks at most.

A click is the search, or following a link that stands on the page, found by its words.
"""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.audit import record
from accounts.audit_entry import Action
from accounts.models import Company, License, User
from calls.models import Call, LoggingPolicy, WebhookDelivery
from calls.reasons import Reason, Status
from integrations.models import ContactIndex, MustalinjaAccount, PipedriveAccount, PipedriveConnection
from support.models import Note
from tests.admin.populated import a_delivery, one_of_each
from tests.support.pages import links_of, text_of

pytestmark = pytest.mark.django_db
CLICKS_AT_MOST = 3
DAY = datetime.timedelta(days=1)


@pytest.fixture
def company(staff: User) -> Company:
    """The company that rings, among others with the same things."""
    company = one_of_each()[Company]
    for number in (7, 8):
        one_of_each(number=number)
    assert isinstance(company, Company)
    return company


class Phone:
    """Support with a customer on the phone: every click counts."""

    def __init__(self, client: Client) -> None:
        self.client, self.clicks = client, 0
        self.page: Any = None

    def search(self, typed: str) -> "Phone":
        """Type into the box that stands on the desk, and press the button."""
        assert 'action="/admin/support/search/"' in self.client.get("/admin/").content.decode()
        return self._open("/admin/support/search/", q=typed)

    def follow(self, words: str) -> "Phone":
        """Follow the link with these words."""
        address = links_of(self.page)[words]
        at = self.page.request["PATH_INFO"]
        return self._open(at + address if address.startswith("?") else address)

    def says(self, *answers: str) -> None:
        """The answer stands on the page, and it took no more clicks than are allowed."""
        page = text_of(self.page)
        assert [answer for answer in answers if answer not in page] == [], page
        assert self.clicks <= CLICKS_AT_MOST

    def _open(self, path: str, **query: str) -> "Phone":
        self.clicks += 1
        self.page = self.client.get(path, query or None, follow=True)
        assert self.page.status_code == 200, path
        return self


@pytest.fixture
def phone(support: Client) -> Phone:
    return Phone(support)


def test_1_why_is_this_call_not_in_pipedrive(phone: Phone, company: Company) -> None:
    """The customer reads out the support code."""
    call = company.calls.get()
    Call.objects.filter(pk=call.pk).update(status=Status.WAITING, reason=Reason.NO_CONTACT)
    phone.search(call.support_code).says("Nobody in Pipedrive has this number. Add it to a person there")


def test_2_a_customer_rang_me_and_the_call_is_nowhere(phone: Phone, company: Company) -> None:
    """The rep knows the number only, and other companies have calls with it, too."""
    call = company.calls.get()
    Call.objects.filter(pk=call.pk).update(
        status=Status.WAITING, reason=Reason.UNKNOWN_REP, rep=None, rep_email="bo.vanha@yritys.example"
    )
    phone.search("040 012 4387").follow(call.support_code).says(
        "Nobody in your company is registered here with the email that Mustalinja has for this user.",
        "bo.vanha@yritys.example",
    )


def test_3_do_our_calls_arrive_at_all(phone: Phone, company: Company) -> None:
    """Has the webhook been heard, and when."""
    now = timezone.now()
    MustalinjaAccount.objects.filter(company=company).update(last_heard_at=now - DAY, last_refused_at=now)
    phone.search("Yritys 0 Oy").says(
        "Calls from Mustalinja Needs attention",
        "The latest call event did not prove itself. The authentication and the signing secret in Mustalinja",
    )


def test_4_does_mustalinja_accept_our_credentials(phone: Phone, company: Company) -> None:
    MustalinjaAccount.objects.filter(company=company).update(credentials_accepted=False)
    phone.search("Yritys 0 Oy").says("Mustalinja credentials Needs attention", "Mustalinja's support gives them out.")


def test_5_have_we_free_licenses(phone: Phone, company: Company) -> None:
    License.objects.bulk_create(License(company=company) for _seat in range(2))
    phone.search("Yritys 0").says("2 licenses are free.")


def test_6_when_does_my_license_end(phone: Phone, company: Company) -> None:
    """The rep gives the email."""
    company.licenses.update(valid_until=datetime.date(2027, 3, 1))
    person = phone.search("rep0@yritys.example")
    person.says("1 Mar 2027")


def test_7_my_colleagues_calls_are_logged_and_mine_are_not(phone: Phone, company: Company) -> None:
    """Who has not connected, and who has to do it again."""
    PipedriveConnection.objects.filter(account__company=company).update(state="reauthorize")
    User.objects.create_user("uusi@yritys.example", company=company, is_active=True)
    phone.search("Yritys 0 Oy").says(
        "rep0@yritys.example To do Active Must be connected again by this person.",
        "uusi@yritys.example To do No valid license Not connected.",
    )


def test_8_why_can_i_not_log_in(phone: Phone, company: Company) -> None:
    """The address was never confirmed: the link in the mail was not opened."""
    User.objects.create_user("uusi@yritys.example", company=company)
    phone.search("Yritys 0 Oy").says("uusi@yritys.example To do", "Email confirmed", "This person has to connect")
    row = text_of(phone.page).partition("uusi@yritys.example To do")[2]
    assert "Integrations page. no never" in row


def test_9_what_has_your_staff_changed(phone: Phone, company: Company, staff: User) -> None:
    record(action=Action.SUSPENDED, company=company, subject=company, reason="the bill was not paid")
    Company.objects.filter(pk=company.pk).update(suspended_at=timezone.now())
    phone.search("Yritys 0 Oy").says("Suspended since", "What has been changed", "Reason: the bill was not paid")


def test_10_a_new_contact_is_not_found(phone: Phone, company: Company) -> None:
    """When were the persons read, and does it work."""
    ContactIndex.objects.filter(account__company=company).update(problem="403: scope missing", swept_at=timezone.now())
    PipedriveAccount.objects.filter(company=company).update(domain="esimerkki-oy")
    phone.search("esimerkki-oy").says("Phone index Needs attention", "The persons cannot be read: 403: scope missing.")


def test_11_why_are_missed_calls_not_logged(phone: Phone, company: Company) -> None:
    """The company has chosen so itself."""
    LoggingPolicy.objects.filter(company=company).update(in_missed="none")
    phone.search("Yritys 0 Oy").says("Incoming, missed Do not log")


def test_12_mustalinja_says_it_sent_a_call_that_you_do_not_have(phone: Phone, company: Company) -> None:
    """It lies in quarantine: the customer's list leads there, with the reason."""
    delivery = a_delivery(company, outcome="quarantined", problem="direction is neither in nor out")
    others = WebhookDelivery.objects.exclude(pk=delivery.pk)
    others.update(outcome="accepted")
    phone.search("Yritys 0 Oy").follow("Deliveries").says("direction is neither in nor out", "quarantined")


@pytest.mark.parametrize("typed", ["rep0@yritys.example", "the call's code", "the license's code"])
def test_from_a_person_a_call_and_a_license_one_click_leads_to_everything(
    phone: Phone, company: Company, typed: str
) -> None:
    Note.objects.create(company=company, text="Rings back on Monday")
    codes = {
        "the call's code": company.calls.get().support_code,
        "the license's code": company.licenses.get().code,
    }
    phone.search(codes.get(typed, typed)).follow("Everything about the company").says("Rings back on Monday")
    assert phone.clicks == 2
