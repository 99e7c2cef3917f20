"""The company's calls by day, and the history behind each number."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from calls.books import days_up_to_today
from calls.models import Book, Call
from calls.tasks import balance_lately
from tests.calls.steps import Connect, Place, log
from tests.calls.test_books import receive_earlier
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
PAGE = "/calls/days/"
NUMBER = re.compile(r'<td [^>]*data-label="([^"]+)">(?:<a href="([^"]+)">)?(\d+)(?:</a>)?</td>')


def rows(page: Any) -> list[dict[str, tuple[int, str]]]:
    """Each day's numbers by their column, with the link behind each."""
    html = page.content.decode()
    return [
        {name: (int(number), link.replace("&amp;", "&")) for name, link, number in NUMBER.findall(row)}
        for row in html.partition("<tbody")[2].split("<tr")[1:]
    ]


def test_each_number_leads_to_the_calls_it_counts(
    outside: Sandbox, connected: Connect, bo: User, place: Place, admin: Client
) -> None:
    connected(bo)
    log(place())
    receive_earlier(1)
    balance_lately()
    log(place())
    log(place())
    log(place(from_="+358400999888"))
    log(place(from_="anonymous", hidden=True))
    place()
    today, yesterday = rows(admin.get(PAGE))
    numbers = {name: number for name, (number, _link) in today.items()}
    assert numbers == {"Received": 5, "Logged": 2, "Waiting": 1, "Skipped": 1, "Failed": 0, "Being processed": 1}
    assert {name: number for name, (number, _link) in yesterday.items() if number} == {"Received": 1, "Logged": 1}
    for number, link in [*today.values(), *yesterday.values()]:
        assert bool(link) == bool(number)
        if link:
            assert admin.get(link).context["totals"].count == number


def test_a_day_that_does_not_balance_says_so_and_what_to_do(place: Place, admin: Client) -> None:
    place()
    assert b"do not add up" not in admin.get(PAGE).content
    place().delete()
    page = admin.get(PAGE).content.decode()
    assert "does not add up" in page
    assert "Contact SaaShop&#x27;s support" in page or "Contact SaaShop's support" in page


def test_the_admin_sees_the_own_companys_days_only(aino: User, cecilia: User, admin: Client) -> None:
    day = days_up_to_today(2)[-1]
    Book.objects.create(company=company_of(cecilia), day=day, received=77, logged=77)
    assert b"77" not in admin.get(PAGE).content
    Book.objects.create(company=company_of(aino), day=day, received=78, logged=78)
    assert b"78" in admin.get(PAGE).content


def test_the_page_is_found_by_the_admin_and_not_by_a_rep(
    admin: Client, bo: User, browser_of: Callable[[User], Client]
) -> None:
    for path in ("/calls/", "/team/"):
        assert f'href="{PAGE}"' in admin.get(path).content.decode()
    rep = browser_of(bo).get("/calls/").content.decode()
    assert PAGE not in rep
    assert 'name="received"' not in rep


def test_a_rep_cannot_filter_by_the_day_of_receipt(
    place: Place, bo: User, browser_of: Callable[[User], Client]
) -> None:
    place()
    page = browser_of(bo).get("/calls/", {"received": days_up_to_today(2)[-1].isoformat()})
    assert page.context["count"] == Call.objects.count() == 1


@pytest.mark.parametrize("day", ["yesterday", "0001-01-01", "9999-12-31"])
def test_a_day_that_makes_no_sense_is_answered(admin: Client, day: str) -> None:
    assert admin.get("/calls/", {"received": day}).status_code == 200
