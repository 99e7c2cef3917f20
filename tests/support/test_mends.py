"""What support mends with one button, each deed in the audit log."""

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import Settings

from accounts.models import AuditEntry, Company, User
from calls.models import Call
from calls.reasons import Reason, Status
from calls.resending import TRIED_TOGETHER
from integrations.backfills import Backfill
from integrations.models import ContactIndex, MustalinjaAccount
from tests.accounts.browser import in_english
from tests.admin.populated import one_of_each
from tests.support.pages import text_of

pytestmark = pytest.mark.django_db
REASON = "the customer asked on the phone"


@pytest.fixture
def company(staff: User) -> Company:
    """A company with one row of everything, and another one beside it."""
    one_of_each(number=7)
    company = one_of_each()[Company]
    assert isinstance(company, Company)
    return company


def mend(client: Client, company: Company, name: str, reason: str = REASON) -> str:
    """Press a button; where it has to be confirmed, confirm it."""
    address = f"/admin/support/companies/{company.pk}/mend/{name}/"
    return text_of(client.post(address, {"reason": reason}, follow=True))


def the_deed(company: Company) -> AuditEntry:
    entry = AuditEntry.objects.get(company=company, is_staff=True)
    assert entry.subject == f"accounts.company {company.pk}"
    return entry


def test_failed_and_waiting_calls_are_tried_again_and_no_other_companys(support: Client, company: Company) -> None:
    asked = support.get(f"/admin/support/companies/{company.pk}/mend/calls/")
    assert "It is 1 call." in text_of(asked)
    assert Call.objects.filter(status=Status.FAILED).count() == 2
    page = mend(support, company, "calls")
    assert "1 call is in the queue." in page
    assert company.calls.get().reason == Reason.QUEUED
    assert Call.objects.exclude(company=company).get().status == Status.FAILED
    assert (the_deed(company).action, the_deed(company).reason) == ("send_again", REASON)
    assert f"Reason: {REASON}" in page


def test_a_logged_call_is_left_alone(support: Client, company: Company) -> None:
    company.calls.update(status=Status.LOGGED, reason=Reason.LOGGED, activity_id=1)
    assert "0 calls are in the queue." in mend(support, company, "calls")


def test_very_many_calls_are_tried_in_pieces_for_which_intake_waits_shortly(support: Client, company: Company) -> None:
    call = company.calls.get()
    same = {"company": company, "answered": False, "started_at": call.started_at, "received_at": call.received_at}
    Call.objects.bulk_create(Call(external_id=f"c{n}", rep_key="r", **same) for n in range(TRIED_TOGETHER))
    company.calls.update(status=Status.FAILED, reason=call.reason)
    with CaptureQueriesContext(connection) as captured:
        assert "501 calls are in the queue." in mend(support, company, "calls")
    updates = [query["sql"] for query in captured if query["sql"].startswith('UPDATE "calls_call"')]
    assert len(updates) == 2


def test_persons_are_read_anew(support: Client, company: Company) -> None:
    ContactIndex.objects.update(swept_at=timezone.now())
    assert "The persons are being read anew." in mend(support, company, "persons")
    assert list(ContactIndex.objects.filter(is_sweep_wanted=True).values_list("account__company", flat=True)) == [
        company.pk
    ]
    assert the_deed(company).action == "read_anew"


def test_without_pipedrive_there_is_nobody_to_read(support: Client, company: Company) -> None:
    ContactIndex.objects.all().delete()
    assert "Nobody of this company has connected Pipedrive." in mend(support, company, "persons")
    assert not AuditEntry.objects.filter(is_staff=True).exists()


def test_missing_calls_are_fetched(support: Client, company: Company, settings: Settings) -> None:
    settings.MUSTALINJA_API_URL = "http://127.0.0.1:9/mustalinja"
    assert "Missing calls are being fetched." in mend(support, company, "missing")
    assert Backfill.objects.unfinished().get().company == company
    assert the_deed(company).action == "fetch_missing_calls"


def test_without_mustalinjas_address_nothing_is_fetched(support: Client, company: Company, settings: Settings) -> None:
    settings.MUSTALINJA_API_URL = ""
    assert "The address of Mustalinja's API is not set." in mend(support, company, "missing")
    assert not AuditEntry.objects.filter(is_staff=True).exists()


def test_without_credentials_nothing_is_fetched(support: Client, company: Company, settings: Settings) -> None:
    settings.MUSTALINJA_API_URL = "http://127.0.0.1:9/mustalinja"
    MustalinjaAccount.objects.filter(company=company).delete()
    assert "The company has no Mustalinja credentials." in mend(support, company, "missing")
    assert not AuditEntry.objects.filter(is_staff=True).exists()


def test_a_company_is_suspended_and_resumed(support: Client, company: Company) -> None:
    assert "The company is suspended" in mend(support, company, "suspend")
    company.refresh_from_db()
    assert company.is_suspended
    assert not Company.objects.get(name="Yritys 7 Oy").is_suspended
    assert "The company is suspended already." in mend(support, company, "suspend")
    page = mend(support, company, "resume")
    assert "The company is in force again" in page
    company.refresh_from_db()
    assert not company.is_suspended
    assert [entry.action for entry in AuditEntry.objects.filter(is_staff=True).order_by("pk")] == [
        "suspended",
        "resumed",
    ]
    assert {entry.reason for entry in AuditEntry.objects.filter(is_staff=True)} == {REASON}


@pytest.mark.parametrize("name", ["calls", "suspend"])
@pytest.mark.parametrize("reason", ["", "    ", "x", "x" * 501])
def test_what_is_not_harmless_needs_a_reason(support: Client, company: Company, name: str, reason: str) -> None:
    mend(support, company, name, reason)
    company.refresh_from_db()
    assert not company.is_suspended
    assert company.calls.get().status == Status.FAILED
    assert not AuditEntry.objects.filter(is_staff=True).exists()


@pytest.mark.parametrize("name", ["calls", "persons", "missing", "suspend", "resume"])
def test_looking_at_a_mend_does_nothing(support: Client, company: Company, name: str) -> None:
    assert support.get(f"/admin/support/companies/{company.pk}/mend/{name}/").status_code == 200
    assert not AuditEntry.objects.filter(is_staff=True).exists()


@pytest.mark.parametrize("name", ["calls", "persons", "missing", "suspend", "resume"])
def test_who_may_only_see_the_company_mends_nothing(
    company: Company, browser_of: Callable[[User], Client], name: str
) -> None:
    helper = User.objects.create_user("apu@saashop.example", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_company"))
    client = in_english(browser_of(helper))
    answer = client.post(f"/admin/support/companies/{company.pk}/mend/{name}/", {"reason": REASON})
    assert answer.status_code == 403
    assert not AuditEntry.objects.filter(is_staff=True).exists()
