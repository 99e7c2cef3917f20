"""The test call: its steps light up as the call passes, and whatever stops it is said."""

import datetime
import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import License, User
from calls.models import Call, LoggingPolicy
from calls.trial_call import NOTHING_AFTER
from integrations.models import MustalinjaAccount, PipedriveConnection
from tests.accounts.browser import in_english
from tests.calls.events import deliver, ended_call
from tests.calls.steps import Connect, Place, log
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
STEPS = "/integrations/test-call/steps/"
EXTENSION = "112"


class Watcher:
    """Somebody who has the page open."""

    def __init__(self, client: Client) -> None:
        self.client = in_english(client)
        self.html = self.client.get("/integrations/test-call/").content.decode()

    def look(self) -> dict[str, Any]:
        """Ask for the steps again, as the page does."""
        address = re.search(r'hx-get="([^"]+)"', self.html)
        assert address is not None, "the page asks no more"
        answer = self.client.get(address[1].replace("&amp;", "&"), headers={"HX-Request": "true"})
        if answer.status_code == 204:
            return {}
        self.html = answer.content.decode()
        return dict(answer.context)

    def states(self) -> list[str]:
        return re.findall(r'class="light light-(\w+)"', self.html)


@pytest.fixture
def watcher(
    outside: Sandbox, bo: User, connected: Connect, mustalinja: MustalinjaAccount, browser_of: Browser
) -> Watcher:
    connected(bo)
    return Watcher(browser_of(bo))


def test_a_call_lights_one_step_after_the_other_and_ends_in_pipedrive(watcher: Watcher, place: Place) -> None:
    assert watcher.states() == ["now", "later", "later", "later"]
    assert watcher.look() == {}
    call = place()
    watcher.look()
    assert watcher.states() == ["ok", "ok", "now", "later"]
    log(call)
    watcher.look()
    assert watcher.states() == ["ok", "ok", "ok", "ok"]
    assert "Eero Mäkinen" in watcher.html
    assert f'href="{call.activity_url}"' in watcher.html
    assert "hx-get" not in watcher.html


def test_calls_of_before_are_not_watched(
    outside: Sandbox, bo: User, connected: Connect, browser_of: Browser, place: Place
) -> None:
    connected(bo)
    log(place())
    assert Watcher(browser_of(bo)).states() == ["now", "later", "later", "later"]


@pytest.mark.parametrize(
    ("changes", "states", "said"),
    [
        ({"from_": "+358409998877"}, ["ok", "ok", "broken", "later"], "Nobody in Pipedrive has this number."),
        ({"from_": "anonymous", "hidden": True}, ["ok", "ok", "broken", "later"], "The caller hid the number"),
        ({"from_": EXTENSION}, ["ok", "ok", "broken", "later"], "service or extension number"),
        ({"from_": "+358501112222"}, ["ok", "ok", "broken", "later"], "call between colleagues"),
    ],
    ids=["no contact", "hidden", "short", "internal"],
)
def test_a_call_that_stops_says_where_and_why(
    watcher: Watcher, place: Place, changes: dict[str, Any], states: list[str], said: str
) -> None:
    call = log(place(**changes))
    watcher.look()
    assert watcher.states() == states
    assert said in watcher.html
    assert f'href="{call.get_absolute_url()}"' in watcher.html


def test_a_call_without_licence_stops_at_whose_it_is(watcher: Watcher, place: Place, bo: User) -> None:
    call = place()
    License.objects.filter(holder=bo).update(valid_until=timezone.localdate() - datetime.timedelta(days=1))
    log(call)
    watcher.look()
    assert watcher.states() == ["ok", "broken", "later", "later"]


def test_a_dead_grant_stops_before_pipedrive(watcher: Watcher, place: Place) -> None:
    PipedriveConnection.objects.update(state=PipedriveConnection.State.REAUTHORIZE)
    log(place())
    watcher.look()
    assert watcher.states() == ["ok", "ok", "later", "broken"]
    assert "Reconnect Pipedrive" in watcher.html


def test_a_call_that_waits_is_watched_on_and_lights_up_when_it_is_mended(watcher: Watcher, place: Place) -> None:
    policy = LoggingPolicy.of(company_of(User.objects.get(email="bo@esimerkki.example")))
    policy.several_contacts = "ask"
    policy.save()
    call = log(place(from_="+358409998877"))
    watcher.look()
    assert "hx-get" in watcher.html
    Call.objects.filter(pk=call.pk).update(status="pending", reason="queued", next_attempt_at=timezone.now())
    watcher.look()
    assert watcher.states() == ["ok", "ok", "now", "later"]


class TestWhatIsNotOnes:
    def test_a_call_of_somebody_else_is_not_shown_but_said(
        self, watcher: Watcher, mustalinja: MustalinjaAccount, aino: User
    ) -> None:
        deliver(mustalinja, ended_call(user={"email": aino.email}))
        watcher.look()
        assert watcher.states() == ["now", "later", "later", "later"]
        assert "of somebody else" in watcher.html
        assert "040 0124387" not in watcher.html

    def test_who_sees_everyones_calls_sees_that_nobody_has_the_email(
        self,
        outside: Sandbox,
        aino: User,
        connected: Connect,
        browser_of: Browser,
        place: Place,
    ) -> None:
        connected(aino)
        watcher = Watcher(browser_of(aino))
        log(place(user={"email": "somebody@esimerkki.example"}))
        watcher.look()
        assert watcher.states() == ["ok", "broken", "later", "later"]
        assert "Nobody in your company is registered here" in watcher.html

    def test_another_companys_call_is_not_there(
        self, outside: Sandbox, cecilia: User, browser_of: Browser, place: Place
    ) -> None:
        watcher = Watcher(browser_of(cecilia))
        place()
        assert watcher.look() == {}


class TestNothingArrives:
    def opened(self, client: Client, ago: datetime.timedelta) -> str:
        since = time.time() - ago.total_seconds()
        return in_english(client).get(f"/integrations/test-call/?since={since:.3f}").content.decode()

    def test_after_a_minute_it_says_what_to_look_at(
        self, mustalinja: MustalinjaAccount, bo: User, browser_of: Browser
    ) -> None:
        assert "Nothing has arrived yet" not in self.opened(browser_of(bo), datetime.timedelta(seconds=50))
        html = self.opened(browser_of(bo), NOTHING_AFTER + datetime.timedelta(seconds=5))
        assert "Nothing has arrived yet" in html
        assert "mailto:asiakaspalvelu@saashop.fi" in html

    def test_after_an_hour_it_asks_no_more(self, mustalinja: MustalinjaAccount, bo: User, browser_of: Browser) -> None:
        html = self.opened(browser_of(bo), datetime.timedelta(minutes=61))
        assert "Start again" in html
        assert "hx-get" not in html

    def test_without_credentials_no_call_can_come(self, bo: User, browser_of: Browser) -> None:
        watcher = Watcher(browser_of(bo))
        assert watcher.states()[0] == "broken"
        assert "have not been entered yet" in watcher.html

    def test_an_event_that_was_refused_is_said(
        self, mustalinja: MustalinjaAccount, bo: User, browser_of: Browser
    ) -> None:
        watcher = Watcher(browser_of(bo))
        assert deliver(mustalinja, ended_call(), authorization="Bearer wrong").status_code == 401
        watcher.look()
        assert watcher.states()[0] == "broken"
        assert "did not prove itself" in watcher.html

    def test_an_event_that_cannot_be_read_is_said(
        self, mustalinja: MustalinjaAccount, bo: User, browser_of: Browser
    ) -> None:
        watcher = Watcher(browser_of(bo))
        deliver(mustalinja, b"[]")
        watcher.look()
        assert watcher.states()[0] == "broken"
        assert "cannot be read" in watcher.html

    @pytest.mark.parametrize("since", ["", "x", "nan", "1e400", "-1", "99999999999999999"])
    def test_an_odd_address_watches_from_now_on(self, bo: User, browser_of: Browser, since: str) -> None:
        assert in_english(browser_of(bo)).get(f"{STEPS}?since={since}").status_code == 200

    def test_a_page_that_is_loaded_again_goes_on_watching(self, bo: User, browser_of: Browser) -> None:
        answer = browser_of(bo).get(f"{STEPS}?since={time.time() - 30:.3f}")
        assert re.fullmatch(r"/integrations/test-call/\?since=[\d.]+", answer["HX-Replace-Url"])
