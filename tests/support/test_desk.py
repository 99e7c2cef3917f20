"""The desk names what is not fine, leads to its list, and is silent about the rest."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from accounts.models import Company, License, User
from calls.models import Book, Call, Drift, WebhookDelivery, WorkerHeartbeat
from calls.reasons import Reason, Status
from integrations.models import ContactIndex, MustalinjaAccount, PipedriveAccount, PipedriveConnection
from tests.accounts.browser import in_english
from tests.admin.populated import a_delivery, one_of_each
from tests.support.pages import links_of, text_of

pytestmark = pytest.mark.django_db
DAYS = datetime.timedelta(days=1)


@pytest.fixture
def company(staff: User) -> Company:
    """A company with which everything is well."""
    now = timezone.now()
    company = one_of_each()[Company]
    assert isinstance(company, Company)
    Call.objects.update(status=Status.LOGGED, reason=Reason.LOGGED, activity_id=1, logged_at=now)
    Book.objects.update(received=0)
    MustalinjaAccount.objects.update(last_heard_at=now, credentials_accepted=True)
    WorkerHeartbeat.objects.update(beat_at=now)
    return company


def figures(support: Client) -> dict[str, str]:
    """What the desk says, with the address that it leads to."""
    page = support.get("/admin/")
    assert page.status_code == 200
    return links_of(page, within="figures")


def test_what_is_fine_is_not_told(support: Client, company: Company) -> None:
    assert figures(support) == {}
    assert "Nothing. Everything works." in text_of(support.get("/admin/"))


def _dead(company: Company) -> None:
    PipedriveConnection.objects.update(state=PipedriveConnection.State.REAUTHORIZE)


def _closed(company: Company) -> None:
    PipedriveConnection.objects.update(state=PipedriveConnection.State.ACCOUNT_CLOSED)


def _wrong_credentials(company: Company) -> None:
    MustalinjaAccount.objects.update(credentials_accepted=False)


def _refused(company: Company) -> None:
    MustalinjaAccount.objects.update(last_refused_at=timezone.now() + DAYS)


def _silent(company: Company) -> None:
    MustalinjaAccount.objects.update(last_heard_at=timezone.now() - 5 * DAYS)


def _paused(company: Company) -> None:
    PipedriveAccount.objects.update(pause_kind="outage", paused_until=timezone.now() + DAYS)


def _few_tokens(company: Company) -> None:
    PipedriveAccount.objects.update(daily_tokens=30_000, tokens_left=2_999, tokens_left_at=timezone.now())


def _unreadable(company: Company) -> None:
    ContactIndex.objects.update(problem="403")


def _quarantine(company: Company) -> None:
    WebhookDelivery.objects.update(outcome="quarantined", problem="no JSON")


def _failed(company: Company) -> None:
    Call.objects.update(status=Status.FAILED, reason=Reason.PIPEDRIVE_REFUSED, started_at=timezone.now())


def _waiting(company: Company) -> None:
    Call.objects.update(status=Status.WAITING, reason=Reason.NO_CONTACT, started_at=timezone.now() - 8 * DAYS)


def _unbalanced(company: Company) -> None:
    Book.objects.update(received=3)


def _late(company: Company) -> None:
    due = timezone.now() - datetime.timedelta(minutes=7)
    Call.objects.update(status=Status.PENDING, reason=Reason.QUEUED, next_attempt_at=due)


def _ending(company: Company) -> None:
    License.objects.update(valid_until=timezone.localdate() + 30 * DAYS)


def _drifted(company: Company) -> None:
    Drift.objects.update(known_since=None)


TROUBLES: dict[str, tuple[Callable[[Company], None], str]] = {
    "1 person must authorize Pipedrive again": (_dead, "/pipedriveconnection/"),
    "1 person's Pipedrive account is not open": (_closed, "/pipedriveconnection/"),
    "1 company's Mustalinja credentials are refused": (_wrong_credentials, "/mustalinjaaccount/"),
    "1 company's call events are refused": (_refused, "/mustalinjaaccount/"),
    "1 company not heard of for 4 days": (_silent, "/mustalinjaaccount/"),
    "1 Pipedrive account is left alone now": (_paused, "/pipedriveaccount/"),
    "1 Pipedrive account has few tokens left today": (_few_tokens, "/pipedriveaccount/"),
    "1 Pipedrive account whose persons cannot be read": (_unreadable, "/pipedriveaccount/"),
    "1 unknown field or value from Mustalinja": (_drifted, "/drift/"),
    "1 delivery in quarantine": (_quarantine, "/webhookdelivery/"),
    "1 call failed in 7 days: refused by Pipedrive": (_failed, "/call/"),
    "1 call has waited for over 7 days": (_waiting, "/call/"),
    "1 day of a company does not balance": (_unbalanced, "/book/"),
    "7 min the oldest due call has waited to be logged": (_late, "/call/"),
    "1 license ends within 30 days": (_ending, "/license/"),
}


@pytest.mark.parametrize("said", TROUBLES)
def test_each_trouble_is_told_and_leads_to_the_list_that_shows_it(said: str, support: Client, company: Company) -> None:
    make, listed = TROUBLES[said]
    make(company)
    one_well = one_of_each(number=7)
    MustalinjaAccount.objects.filter(company=one_well[Company].pk).update(last_heard_at=timezone.now())
    Call.objects.filter(company=one_well[Company].pk).update(status=Status.LOGGED, reason=Reason.LOGGED, activity_id=1)
    Book.objects.filter(company=one_well[Company].pk).update(received=0)
    assert list(figures(support)) == [said]
    address = figures(support)[said]
    assert listed in address
    rows = text_of(support.get(address)).partition("Filter")[0]
    assert any(name in rows for name in ("Yritys 0 Oy", "PD 0"))
    assert not any(name in rows for name in ("Yritys 7 Oy", "PD 7"))


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: License.objects.update(valid_until=timezone.localdate() + 31 * DAYS), "license"),
        (lambda: License.objects.update(valid_until=timezone.localdate() - DAYS), "license"),
        (lambda: MustalinjaAccount.objects.update(last_heard_at=timezone.now() - 3 * DAYS), "heard"),
        (lambda: PipedriveAccount.objects.update(paused_until=timezone.now() - DAYS), "left alone"),
        (
            lambda: PipedriveAccount.objects.update(
                daily_tokens=9, tokens_left=0, tokens_left_at=timezone.now() - 2 * DAYS
            ),
            "tokens",
        ),
    ],
)
def test_what_is_not_yet_or_no_longer_so_is_not_told(
    support: Client, company: Company, make: Callable[[], Any], said: str
) -> None:
    make()
    assert [text for text in figures(support) if said in text] == []


def test_a_suspended_company_may_be_silent(support: Client, company: Company) -> None:
    _silent(company)
    Company.objects.update(suspended_at=timezone.now())
    assert figures(support) == {}


def test_a_worker_that_gives_no_sign_of_life_is_told(support: Client, company: Company) -> None:
    WorkerHeartbeat.objects.update(beat_at=timezone.now() - datetime.timedelta(minutes=12))
    assert list(figures(support)) == ["12 min since a worker's last sign of life"]
    WorkerHeartbeat.objects.all().delete()
    assert list(figures(support)) == ["No worker has ever given a sign of life"]


def test_only_what_the_reader_may_list_is_told(company: Company, browser_of: Callable[[User], Client]) -> None:
    _dead(company)
    a_delivery(company, outcome="quarantined", problem="no JSON")
    helper = User.objects.create_user("apu@saashop.example", is_staff=True)
    helper.user_permissions.add(Permission.objects.get(codename="view_webhookdelivery"))
    assert list(figures(in_english(browser_of(helper)))) == ["1 delivery in quarantine"]
