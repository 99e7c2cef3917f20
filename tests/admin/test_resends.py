"""Sending calls once more: asked why first, then a page that shows what becomes of them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit_entry import AuditEntry
from accounts.models import Company, User
from calls.models import Call, Resend
from calls.reasons import Reason, Status
from tests.accounts.browser import in_english
from tests.admin.populated import one_of_each

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
LIST = "/admin/calls/call/"


@pytest.fixture
def support(staff: User, browser_of: Browser) -> Client:
    return in_english(browser_of(staff))


def make_calls(count: int, company: Company, **fields: Any) -> list[Call]:
    made = {"status": Status.FAILED, "reason": Reason.ERROR, "next_attempt_at": None, **fields}
    calls = [
        Call(
            company=company,
            external_id=f"{company.pk}-{number}",
            rep_key="number:1",
            direction="in",
            answered=True,
            result="answered",
            started_at=timezone.now(),
            **made,
        )
        for number in range(count)
    ]
    return list(Call.objects.bulk_create(calls, batch_size=500))


def press(client: Client, *calls: Call, **fields: str) -> Any:
    chosen = {"action": "send_again", "index": "0", "_selected_action": [call.pk for call in calls]}
    return client.post(LIST, chosen | fields, follow=True)


def test_nothing_is_sent_before_it_is_confirmed_with_a_reason(support: Client) -> None:
    (call,) = make_calls(1, Company.objects.create(name="Yritys Oy"))
    for fields in ({}, {"answered": "1", "reason": ""}):
        page = press(support, call, **fields).content.decode()
        assert "The calls are queued once more" in page
    call.refresh_from_db()
    assert call.status == Status.FAILED
    assert (Resend.objects.count(), AuditEntry.objects.filter(action="send_again").count()) == (0, 0)


def test_ten_thousand_calls_across_all_pages(support: Client, staff: User) -> None:
    """One field instead of ten thousand, and few statements."""
    companies = [Company.objects.create(name=f"Yritys {number} Oy") for number in range(2)]
    first, _other = (make_calls(5_000, company)[0] for company in companies)
    page = press(support, first, select_across="1")
    assert page.content.decode().count("_selected_action") == 1
    with CaptureQueriesContext(connection) as captured:
        press(support, first, select_across="1", answered="1", reason="Pipedrive was away")
    assert len(captured) < 200
    assert Call.objects.filter(status=Status.PENDING, reason=Reason.QUEUED).count() == 10_000
    resent = Resend.objects.get()
    assert (resent.by, resent.reason, resent.count) == (staff, "Pipedrive was away", 10_000)
    entries = AuditEntry.objects.filter(action="send_again", reason="Pipedrive was away")
    assert [entries.filter(company=company).count() for company in companies] == [5_000, 5_000]


def test_the_page_shows_how_far_they_are_and_renews_itself_until_all_are_done(support: Client) -> None:
    company = Company.objects.create(name="Yritys Oy")
    first, second, third, fourth = make_calls(4, company)
    press(support, first, second, third, fourth, answered="1", reason="asked")
    path = f"/admin/calls/resend/{Resend.objects.get().pk}/change/"

    def shown() -> tuple[dict[str, int], bool, str]:
        page = support.get(path)
        text = page.content.decode()
        names = {str(status.label): status.value for status in Status}
        counts = {names[name]: count for name, count in page.context["progress"].counts if count}
        return counts, 'http-equiv="refresh"' in text, text

    assert shown()[:2] == ({"pending": 4}, True)
    Call.objects.filter(pk=first.pk).update(status=Status.LOGGED, reason=Reason.LOGGED, activity_id=1)
    Call.objects.filter(pk=second.pk).update(status=Status.FAILED, reason=Reason.PIPEDRIVE_REFUSED)
    third.delete()
    assert shown()[:2] == ({"pending": 1, "logged": 1, "failed": 1}, True)
    Call.objects.filter(pk=fourth.pk).update(status=Status.WAITING, reason=Reason.NO_LICENSE)
    counts, renews, text = shown()
    assert (counts, renews) == ({"logged": 1, "failed": 1, "waiting": 1}, False)
    assert "Deleted since" in text
    for call in (second, fourth):
        assert f"/admin/calls/call/{call.pk}/change/" in text
    assert f"/admin/calls/call/{first.pk}/change/" not in text


def test_the_page_names_no_number(support: Client) -> None:
    call = one_of_each()[Call]
    assert isinstance(call, Call)
    page = press(support, call, answered="1", reason="asked").content.decode()
    assert "0400124387" not in page.replace(" ", "").replace("+358", "0")
