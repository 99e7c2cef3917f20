"""Books that do not balance, as support sees and mends them."""

import datetime
import html
import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from calls.books import days_up_to_today
from calls.models import Book, Call, WebhookDelivery
from calls.tasks import balance_lately
from integrations.models import MustalinjaAccount
from tests.calls.events import deliver, ended_call
from tests.conftest import company_of

pytestmark = pytest.mark.django_db
BOOKS, DELIVERIES = "/admin/calls/book/", "/admin/calls/webhookdelivery/"


@pytest.fixture
def support(staff: User, browser_of: Callable[[User], Client]) -> Client:
    browser = browser_of(staff)
    browser.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return browser


@pytest.fixture
def lost(mustalinja: MustalinjaAccount) -> WebhookDelivery:
    """One of two calls of today is lost, and the job has seen it."""
    deliver(mustalinja, ended_call())
    reference = deliver(mustalinja, ended_call()).json()["id"]
    delivery = WebhookDelivery.objects.get(call__reference=reference)
    Call.objects.filter(reference=reference).delete()
    balance_lately()
    return delivery


def shown(support: Client, path: str) -> str:
    answer = support.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def act(support: Client, folder: str, action: str, *keys: int) -> str:
    answer = support.post(folder, {"action": action, "_selected_action": keys}, follow=True)
    return answer.content.decode()


def test_the_filter_finds_the_day_that_does_not_balance(support: Client, lost: WebhookDelivery) -> None:
    off = Book.objects.get()
    even = Book.objects.create(company=lost.company, day=days_up_to_today(2)[-1], received=1, failed=1)
    links = {name: shown(support, f"{BOOKS}?balance={name}") for name in ("off", "even")}
    assert f"/book/{off.pk}/change/" in links["off"]
    assert f"/book/{even.pk}/change/" not in links["off"]
    assert f"/book/{even.pk}/change/" in links["even"]
    assert f"/book/{off.pk}/change/" not in links["even"]


def test_the_difference_leads_to_the_delivery_whose_call_is_made_again(support: Client, lost: WebhookDelivery) -> None:
    deliver(MustalinjaAccount.objects.get(company=lost.company), ended_call(event="call.started"))
    link = re.search(rf'<a href="({DELIVERIES}[^"]+)">1</a>', shown(support, BOOKS))
    assert link is not None
    listed = re.findall(rf"{DELIVERIES}(\d+)/change/", shown(support, html.unescape(link[1])))
    assert set(listed) == {str(lost.pk)}
    assert "1 lost call is there again." in act(support, DELIVERIES, "make_lost_call", lost.pk)
    assert "0 lost calls are there again." in act(support, DELIVERIES, "make_lost_call", lost.pk)
    assert "1 day was counted again." in act(support, BOOKS, "count_again", Book.objects.get().pk)
    book = Book.objects.get()
    assert (book.received, book.pending, book.difference) == (2, 2, 0)


def test_a_lost_call_that_came_once_more_is_counted_once(support: Client, lost: WebhookDelivery) -> None:
    account = MustalinjaAccount.objects.get(company=lost.company)
    assert deliver(account, bytes(lost.body)).json()["status"] == "accepted"
    act(support, DELIVERIES, "make_lost_call", lost.pk)
    balance_lately()
    book = Book.objects.get()
    assert (book.received, book.pending, book.difference) == (2, 2, 0)


def test_only_what_has_lost_its_call_is_made_again(support: Client, lost: WebhookDelivery) -> None:
    keys = WebhookDelivery.objects.exclude(pk=lost.pk).values_list("pk", flat=True)
    assert "0 lost calls are there again." in act(support, DELIVERIES, "make_lost_call", *keys)
    assert Call.objects.count() == 1


def test_the_companys_page_leads_to_its_days(support: Client, lost: WebhookDelivery, cecilia: User) -> None:
    other = Book.objects.create(company=company_of(cecilia), day=datetime.date(2026, 11, 1))
    page = shown(support, f"/admin/accounts/company/{lost.company_id}/change/")
    link = re.search(rf'href="({BOOKS}\?[^"]+)"', page)
    assert link is not None
    listed = shown(support, link[1])
    assert f"/book/{Book.objects.get(company=lost.company).pk}/change/" in listed
    assert f"/book/{other.pk}/change/" not in listed
