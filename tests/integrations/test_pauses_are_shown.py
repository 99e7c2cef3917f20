"""The Integrations page and the admin say why Pipedrive is left alone, and until when."""

import datetime
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from django.utils.formats import date_format

from accounts.models import User
from integrations.models import PauseKind, PipedriveAccount, PipedriveConnection
from integrations.token_budget import seconds_left_of_day
from tests.accounts.browser import in_english
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
Connect = Callable[[User], PipedriveConnection]
WORDS = {
    PauseKind.OUTAGE: "Pipedrive does not answer",
    PauseKind.DAY_SPENT: "for a day are spent",
    PauseKind.BLOCKED: "network has shut us out",
}


def in_helsinki(moment: datetime.datetime) -> str:
    return date_format(timezone.localtime(moment), "H:i")


def leave_alone(kind: PauseKind) -> datetime.datetime:
    until = timezone.now() + datetime.timedelta(minutes=20)
    PipedriveAccount.objects.update(pause_kind=kind, paused_until=until)
    return until


@pytest.mark.parametrize("kind", WORDS)
def test_a_rep_reads_why_and_when_it_is_tried_again(
    outside: Sandbox, bo: User, just_connected: Connect, browser_of: Browser, kind: PauseKind
) -> None:
    just_connected(bo)
    until = leave_alone(kind)
    page = in_english(browser_of(bo)).get("/integrations/")
    link = next(each for each in page.context["overview"].links if each.key == "pipedrive")
    assert (link.state, WORDS[kind] in link.sentence) == ("waiting", True)
    assert f"We try again at {in_helsinki(until)}." in link.sentence
    assert "Your calls are kept" in page.content.decode()


def test_of_a_days_tokens_it_says_when_there_are_new_ones(
    outside: Sandbox, bo: User, just_connected: Connect, browser_of: Browser
) -> None:
    just_connected(bo)
    leave_alone(PauseKind.DAY_SPENT)
    now = timezone.now()
    midnight = now + datetime.timedelta(seconds=seconds_left_of_day(now))
    page = in_english(browser_of(bo)).get("/integrations/").content.decode()
    assert f"probably at {in_helsinki(midnight)}" in page


def test_a_pause_of_one_rep_is_not_that_of_a_colleague(
    outside: Sandbox, aino: User, bo: User, just_connected: Connect, browser_of: Browser
) -> None:
    for user in (aino, bo):
        just_connected(user)
    later = timezone.now() + datetime.timedelta(minutes=2)
    PipedriveConnection.objects.filter(user=bo).update(paused_until=later)
    sentence = "asked us to slow down"
    assert sentence in in_english(browser_of(bo)).get("/integrations/").content.decode()
    assert sentence not in in_english(browser_of(aino)).get("/integrations/").content.decode()


@pytest.mark.parametrize("kind", WORDS)
def test_support_reads_it_in_the_admin(
    outside: Sandbox, bo: User, staff: User, just_connected: Connect, browser_of: Browser, kind: PauseKind
) -> None:
    account = just_connected(bo).account
    leave_alone(kind)
    admin = in_english(browser_of(staff))
    for page in ("", f"{account.pk}/change/"):
        html = admin.get(f"/admin/integrations/pipedriveaccount/{page}").content.decode()
        assert WORDS[kind] in html.replace("&#x27;", "'")
