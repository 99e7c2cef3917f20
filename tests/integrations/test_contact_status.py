"""What people read of the phone index and of the tokens on the Integrations page."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from integrations.contact_upkeep import keep_index
from integrations.models import ContactIndex, PipedriveAccount, PipedriveConnection, PipedriveSubscription
from tests.accounts.browser import in_english
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
Connect = Callable[[User], PipedriveConnection]


@pytest.fixture
def page(browser_of: Browser) -> Callable[[User], Any]:
    """The Integrations page: its link of the contacts, and all of its text."""

    def look(user: User) -> Any:
        answer = in_english(browser_of(user)).get("/integrations/")
        links = {link.key: link for link in answer.context["overview"].links}
        return links["contacts"], answer.content.decode()

    return look


Look = Callable[[User], Any]


def test_before_anybody_has_connected(outside: Sandbox, bo: User, page: Look) -> None:
    link, html = page(bo)
    assert (link.state, link.sentence) == ("waiting", "Your contacts are read once Pipedrive is connected.")
    assert "Pipedrive tokens today" not in html


def test_while_they_are_read_the_page_counts_them(
    outside: Sandbox, bo: User, just_connected: Connect, page: Look
) -> None:
    just_connected(bo)
    ContactIndex.objects.update(sweep_started_at=timezone.now(), sweep_persons=12_500)
    link, html = page(bo)
    assert link.state == "waiting"
    assert "12,500 persons so far" in link.sentence
    assert "<progress" in html


def test_afterwards_it_says_how_many_there_are(outside: Sandbox, bo: User, connected: Connect, page: Look) -> None:
    connected(bo)
    link, html = page(bo)
    assert (link.state, link.progress) == ("ok", None)
    assert link.sentence == "The number of a caller is looked up among 12 persons in Pipedrive."
    assert "We ask for changes now and then" in html


@pytest.mark.parametrize(
    ("seconds", "words"), [(-5, "next in a moment."), (50, "next in a moment."), (90, "next in 2 min.")]
)
def test_it_says_when_changes_are_asked_for_next(
    outside: Sandbox, bo: User, connected: Connect, page: Look, seconds: int, words: str
) -> None:
    connected(bo)
    ContactIndex.objects.update(next_step_at=timezone.now() + datetime.timedelta(seconds=seconds))
    assert words in page(bo)[1]


def test_and_that_webhooks_arrive(outside: Sandbox, bo: User, connected: Connect, page: Look) -> None:
    connected(bo)
    PipedriveSubscription.objects.update(webhook_ids=[1], heard_at=timezone.now())
    assert "At once: Pipedrive tells of every change." in page(bo)[1]


def test_a_sweep_in_between_shows_how_far_it_is(outside: Sandbox, bo: User, connected: Connect, page: Look) -> None:
    connected(bo)
    ContactIndex.objects.update(sweep_started_at=timezone.now(), sweep_persons=1_500, persons=3_000)
    link, html = page(bo)
    assert link.state == "ok"
    assert 'value="1500" max="3000"' in html


def test_what_cannot_be_read_is_said(outside: Sandbox, bo: User, just_connected: Connect, page: Look) -> None:
    connection = just_connected(bo)
    body = {"success": False, "error": "Scope and URL mismatch"}
    outside.order("pipedrive/control/faults", path="v2/persons", status=403, body=body, times=9)
    keep_index(connection.account_id)
    link, _html = page(bo)
    assert link.state == "broken"
    assert "cannot be read" in link.sentence


def test_the_tokens_of_the_day_stand_by_what_they_were_for(
    outside: Sandbox, bo: User, connected: Connect, page: Look
) -> None:
    connected(bo)
    html = " ".join(page(bo)[1].split())
    left = 60_000 - outside.state("spent_tokens")["spent_tokens"]
    assert f"Your company has {left:,} of 60,000 left" in html
    for name in ("Reading all persons", "Reading users", "Reading custom fields"):
        assert name in html
    assert "Little is left" not in html


def test_where_little_is_left_it_is_said(outside: Sandbox, bo: User, connected: Connect, page: Look) -> None:
    connected(bo)
    PipedriveAccount.objects.update(tokens_left=100, tokens_left_at=timezone.now())
    PipedriveConnection.objects.update(checked_at=timezone.now())
    assert "Little is left" in page(bo)[1]


def test_yesterdays_tokens_are_not_shown(outside: Sandbox, bo: User, connected: Connect, page: Look) -> None:
    account = connected(bo).account
    account.spending.update(day=timezone.now().date() - datetime.timedelta(days=2))
    assert "Reading all persons" not in page(bo)[1]


def test_a_colleague_who_has_not_connected_sees_the_companys(
    outside: Sandbox, aino: User, bo: User, connected: Connect, page: Look
) -> None:
    connected(bo)
    assert page(aino)[0].state == "ok"


def test_another_company_sees_nothing_of_it(
    outside: Sandbox, bo: User, cecilia: User, connected: Connect, page: Look
) -> None:
    connected(bo)
    assert page(cecilia)[0].state == "waiting"


def test_a_user_deactivated_in_pipedrive_is_told(outside: Sandbox, bo: User, connected: Connect, page: Look) -> None:
    connected(bo)
    PipedriveConnection.objects.update(is_deactivated=True)
    assert "Your user is deactivated in Pipedrive." in page(bo)[1]
