"""What the company's admin reads of missing calls: when they were fetched last, what came of it, what to do."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from integrations.backfills import Backfill
from integrations.models import MustalinjaAccount
from tests.accounts.browser import in_english
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
PAGE = "/integrations/mustalinja/"
BUTTON = "Fetch missing calls now"
Problem = Backfill.Problem


@pytest.fixture
def admin(outside: Sandbox, mustalinja: MustalinjaAccount, aino: User, browser_of: Callable[[User], Client]) -> Client:
    return in_english(browser_of(aino))


def a_pull(account: MustalinjaAccount, **fields: Any) -> Backfill:
    now = timezone.now()
    values = {"company": account.company, "cause": Backfill.Cause.NIGHTLY, "since": now, "ended_at": now, **fields}
    return Backfill.objects.create(**values)


def page(admin: Client) -> str:
    return admin.get(PAGE).content.decode()


def test_before_the_first_time(admin: Client) -> None:
    shown = page(admin)
    assert "Nothing has been fetched yet." in shown
    assert BUTTON in shown


@pytest.mark.parametrize(
    ("figures", "sentence"),
    [
        ({}, "No call was missing."),
        ({"recovered": 1}, "1 call was missing and is here now."),
        ({"recovered": 1234}, "1,234 calls were missing and are here now."),
        ({"quarantined": 1}, "1 call could not be read. It is kept,"),
        ({"recovered": 2, "quarantined": 3}, "are here now. 3 calls could not be read. They are kept,"),
        ({"ended_at": None, "seen": 1}, "1 call looked through so far"),
        ({"ended_at": None, "seen": 200}, "200 calls looked through so far"),
    ],
    ids=str,
)
def test_what_came_of_it(admin: Client, mustalinja: MustalinjaAccount, figures: dict[str, Any], sentence: str) -> None:
    a_pull(mustalinja, **figures)
    assert sentence in page(admin)


def test_when_it_was(admin: Client, mustalinja: MustalinjaAccount) -> None:
    a_pull(mustalinja, ended_at=datetime.datetime(2026, 3, 1, 1, 4, tzinfo=datetime.UTC))
    assert "Last fetched on 1 Mar 2026, 03:04." in page(admin)


WAYS_OUT = {
    Problem.UNAVAILABLE: "Mustalinja does not answer at the moment. We try again automatically, next on ",
    Problem.BUSY: "Mustalinja has asked us to wait. We try again automatically, next on ",
    Problem.CREDENTIALS: "Enter new ones below.",
    Problem.NO_LIST: "Your Mustalinja offers no list of calls",
    Problem.REFUSED: "contact SaaShop&#x27;s support",
    Problem.ENDLESS: "contact SaaShop&#x27;s support",
    Problem.FAULT: "contact SaaShop&#x27;s support",
}


@pytest.mark.parametrize("problem", Problem)
def test_what_is_wrong_and_what_to_do(admin: Client, mustalinja: MustalinjaAccount, problem: Problem) -> None:
    a_pull(mustalinja)
    a_pull(mustalinja, problem=problem, detail="GET /v1/calls: 500 for support")
    shown = page(admin)
    assert WAYS_OUT[problem] in shown
    assert "for support" not in shown


def test_another_companys_pull_is_not_shown(admin: Client, cecilia: User) -> None:
    assert cecilia.company is not None
    now = timezone.now()
    Backfill.objects.create(company=cecilia.company, cause="nightly", since=now, ended_at=now, recovered=77)
    assert "77" not in page(admin).partition("Missing calls</h2>")[2].partition("</section>")[0]


def test_where_nothing_can_be_pulled_nothing_is_promised(
    admin: Client, mustalinja: MustalinjaAccount, settings: Settings
) -> None:
    settings.MUSTALINJA_API_URL = ""
    a_pull(mustalinja)
    assert "issing calls" not in page(admin)
