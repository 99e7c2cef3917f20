"""Connecting Pipedrive from the portal: state, code, whose it is, and everything that can be wrong with it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from accounts.models import User
from integrations.connections import connect, whose_grant
from integrations.models import PipedriveConnection
from integrations.pipedrive.oauth import UntrustedDomainError, checked_api_domain
from integrations.pipedrive_app import oauth_app
from tests.accounts.browser import in_english
from tests.integrations.oauth import CALLBACK, OVERVIEW, begin, code_for, come_back, grants, oauth_requests
from tests.sandbox.running_sandbox import Json, Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]


def refused(answer: Any, sentence: str) -> None:
    """A page that says why, and nothing connected."""
    assert answer.status_code == 400
    assert sentence in answer.content.decode()
    assert not PipedriveConnection.objects.exists()


@pytest.fixture
def browser(bo: User, browser_of: Browser) -> Client:
    return in_english(browser_of(bo))


class TestTheWay:
    def test_it_leads_to_pipedrive_with_our_id_address_and_a_state(self, outside: Sandbox, browser: Client) -> None:
        answer = browser.post("/integrations/pipedrive/connect/")
        assert answer["Location"].startswith(f"{outside.url}/pipedrive/oauth/authorize?")
        query = begin(browser)
        assert query.keys() == {"client_id", "redirect_uri", "state"}
        assert query["client_id"] == "sandbox-client"
        assert query["redirect_uri"] == f"http://localhost:8000{CALLBACK}"
        assert len(query["state"]) >= 32

    def test_pipedrives_page_sends_the_person_back_and_the_link_stands(
        self, outside: Sandbox, browser: Client, bo: User
    ) -> None:
        form = {**begin(browser), "user": bo.email, "answer": "allow"}
        url = f"{outside.url}/pipedrive/oauth/authorize"
        back = outside.http.post(url, data=form, allow_redirects=False).headers["Location"]
        page = browser.get(back.removeprefix("http://localhost:8000"), follow=True)
        assert page.redirect_chain[-1][0] == OVERVIEW
        assert "Pipedrive is connected: Esimerkki Oy." in page.content.decode()
        connection = PipedriveConnection.objects.get()
        assert (connection.user, connection.email, connection.is_admin) == (bo, bo.email, False)
        assert (connection.account.pipedrive_company_id, connection.account.domain) == (7001, "esimerkki")
        assert connection.api_url == f"{outside.url}/pipedrive"
        assert (connection.state, connection.name) == ("connected", "Bo Lindqvist")

    def test_each_time_the_state_is_another(self, outside: Sandbox, browser: Client) -> None:
        assert begin(browser)["state"] != begin(browser)["state"]

    def test_without_a_company_the_license_comes_first(
        self, outside: Sandbox, staff: User, browser_of: Browser
    ) -> None:
        answer = browser_of(staff).post("/integrations/pipedrive/connect/")
        assert answer["Location"] == "/accounts/license/"

    def test_connecting_again_keeps_one_connection(self, outside: Sandbox, browser: Client, bo: User) -> None:
        for _time in range(2):
            come_back(browser, code=code_for(outside, bo.email), state=begin(browser)["state"])
        assert PipedriveConnection.objects.get().user == bo


class TestState:
    def test_it_works_once(self, outside: Sandbox, browser: Client, bo: User) -> None:
        state = begin(browser)["state"]
        come_back(browser, code=code_for(outside, bo.email), state=state)
        PipedriveConnection.objects.all().delete()
        refused(come_back(browser, code=code_for(outside, bo.email), state=state), "not started in this browser")

    def test_a_wrong_one_uses_up_the_right_one(self, outside: Sandbox, browser: Client, bo: User) -> None:
        state = begin(browser)["state"]
        refused(come_back(browser, code=code_for(outside, bo.email), state="wrong"), "not started in this browser")
        refused(come_back(browser, code=code_for(outside, bo.email), state=state), "not started in this browser")

    def test_another_sessions_is_refused_and_no_code_is_exchanged(
        self, outside: Sandbox, browser: Client, aino: User, bo: User, browser_of: Browser
    ) -> None:
        attacker = browser_of(aino)
        state = begin(attacker)["state"]
        begin(browser)
        refused(come_back(browser, code=code_for(outside, aino.email), state=state), "not started in this browser")
        assert oauth_requests(outside, "token") == []

    def test_an_earlier_one_of_the_same_browser_has_ended(self, outside: Sandbox, browser: Client, bo: User) -> None:
        first = begin(browser)["state"]
        begin(browser)
        refused(come_back(browser, code=code_for(outside, bo.email), state=first), "not started in this browser")

    def test_without_one_nothing_is_bound(self, outside: Sandbox, browser: Client, bo: User) -> None:
        begin(browser)
        answer = come_back(browser, code=code_for(outside, bo.email))
        assert (answer.status_code, answer["Location"]) == (302, "/integrations/pipedrive/confirm/")
        assert not PipedriveConnection.objects.exists()

    def test_a_browser_that_is_not_logged_in_is_refused(self, outside: Sandbox, browser: Client, bo: User) -> None:
        state = begin(browser)["state"]
        refused(come_back(in_english(Client()), code=code_for(outside, bo.email), state=state), "not started in this")

    @pytest.mark.parametrize("state", ["ä" * 32, "\ud7ff", "x" * 9_000, "\x00", "' OR 1"])
    def test_nonsense_is_refused(self, outside: Sandbox, browser: Client, bo: User, state: str) -> None:
        begin(browser)
        refused(come_back(browser, code=code_for(outside, bo.email), state=state), "not started in this browser")


class TestAnswers:
    def test_the_person_said_no(self, outside: Sandbox, browser: Client, bo: User) -> None:
        state = begin(browser)["state"]
        page = browser.get(CALLBACK, {"error": "user_denied", "state": state}, follow=True)
        assert "the permission was not given" in page.content.decode()
        refused(come_back(browser, code=code_for(outside, bo.email), state=state), "not started in this browser")

    @pytest.mark.parametrize("code", ["", "x" * 2_049])
    def test_no_code_or_an_endless_one_is_refused_unasked(self, outside: Sandbox, browser: Client, code: str) -> None:
        refused(come_back(browser, code=code, state=begin(browser)["state"]), "no authorization code")
        refused(come_back(browser, state=begin(browser)["state"]), "no authorization code")
        assert oauth_requests(outside, "token") == []

    def test_a_code_used_before_is_refused(self, outside: Sandbox, browser: Client, bo: User) -> None:
        code = code_for(outside, bo.email)
        outside.redeem(code)
        refused(come_back(browser, code=code, state=begin(browser)["state"]), "too old or used already")

    @pytest.mark.parametrize("code", ["nonsense", "x" * 2_048, "ä€", "a b&c=d"])
    def test_an_invalid_code_is_refused(self, outside: Sandbox, browser: Client, code: str) -> None:
        refused(come_back(browser, code=code, state=begin(browser)["state"]), "too old or used already")

    def test_a_code_older_than_five_minutes_is_refused(self, outside: Sandbox, browser: Client, bo: User) -> None:
        code, state = code_for(outside, bo.email), begin(browser)["state"]
        outside.order("pipedrive/control/clock", advance_seconds=301)
        refused(come_back(browser, code=code, state=state), "too old or used already")


TROUBLE: dict[str, Json] = {
    "down": {"status": 503},
    "failing": {"status": 500},
    "asked too often": {"status": 429},
    "not authorized": {"status": 401, "times": 2},
    "forbidden": {"status": 403},
    "closed": {"status": 402},
    "gone": {"status": 404},
    "cut off": {"drop": True},
    "a page": {"status": 200, "html": True},
    "an empty object": {"status": 200, "body": {}},
    "an empty list": {"status": 200, "body": []},
    "nothing at all": {"status": 200, "body": ""},
    "null": {"status": 200, "body": "null"},
    "data that is null": {"status": 200, "body": {"success": True, "data": None}},
    "data that is text": {"status": 200, "body": {"success": True, "data": "x"}},
    "fields of other kinds": {"status": 200, "body": {"data": {"id": "x", "company_id": [], "access": 5}}},
}


@pytest.mark.parametrize("address", ["oauth/token", "users/me"])
@pytest.mark.parametrize("fault", TROUBLE.values(), ids=TROUBLE.keys())
def test_when_pipedrive_does_not_answer_as_it_should_the_page_says_so(
    outside: Sandbox, browser: Client, bo: User, address: str, fault: Json
) -> None:
    outside.order("pipedrive/control/faults", path=address, **fault)
    answer = come_back(browser, code=code_for(outside, bo.email), state=begin(browser)["state"])
    refused(answer, "did not answer as it should")


DOMAINS = [
    "https://esimerkki.pipedrive.com",
    "https://a.b.pipedrive.com",
    "https://x-1.pipedrive.com",
    "https://x.pipedrive.com/",
]
TRICKS = [
    "",
    "https://",
    "esimerkki.pipedrive.com",
    "//esimerkki.pipedrive.com",
    "http://esimerkki.pipedrive.com",
    "ftp://esimerkki.pipedrive.com",
    "https://pipedrive.com",
    "https://.pipedrive.com",
    "https://evil.com",
    "https://evil.com/.pipedrive.com",
    "https://evil.com#.pipedrive.com",
    "https://evil.com?.pipedrive.com",
    "https://evil.com\\.pipedrive.com",
    "https://evilpipedrive.com",
    "https://pipedrive.com.evil.com",
    "https://x.pipedrive.com.evil.com",
    "https://x.pipedrive.com@evil.com",
    "https://evil.com@x.pipedrive.com",
    "https://user:pass@x.pipedrive.com",
    "https://x.pipedrive.com:8443",
    "https://x.pipedrive.com:443",
    "https://x.pipedrive.com:",
    "https://x.pipedrive.com.",
    "https://x.pipedrive.com%00.evil.com",
    "https://x.pipedrive.com%2eevil.com",
    "https://[::1].pipedrive.com",
    "https://[::1",
    "https://127.0.0.1",
    "https://evil.com\n.pipedrive.com",
    "https://evil.com .pipedrive.com",
    "https://evil.com/\t.pipedrive.com",
    "https://x.pıpedrive.com",
    "https://x。pipedrive.com",
    "https://evil.com／.pipedrive.com",
    "https://evil.com℀.pipedrive.com",
    "javascript://x.pipedrive.com",
]


class TestApiDomain:
    @pytest.mark.parametrize("domain", DOMAINS)
    def test_hosts_under_pipedrive_com_are_accepted(self, domain: str) -> None:
        assert checked_api_domain(domain) == domain.rstrip("/")

    def test_upper_case_is_the_same_host(self) -> None:
        assert checked_api_domain("HTTPS://Esimerkki.PIPEDRIVE.com") == "https://esimerkki.pipedrive.com"

    @pytest.mark.parametrize("domain", TRICKS)
    def test_everything_else_is_refused(self, domain: str) -> None:
        with pytest.raises(UntrustedDomainError):
            checked_api_domain(domain)

    def test_a_path_behind_the_host_is_dropped(self) -> None:
        assert checked_api_domain("https://x.pipedrive.com/api/../?a=b#c") == "https://x.pipedrive.com"

    def test_the_tokens_of_an_untrusted_host_go_nowhere(
        self, outside: Sandbox, browser: Client, bo: User, settings: Settings
    ) -> None:
        settings.PIPEDRIVE_API_URL = ""
        code, state = code_for(outside, bo.email), begin(browser)["state"]
        refused(come_back(browser, code=code, state=state), "did not answer as it should")
        requests = outside.state("requests")["requests"]
        assert [each["path"] for each in requests if "/api/" in each["path"]] == []


class TestTakeOver:
    def bind(self, outside: Sandbox, user: User, email: str) -> PipedriveConnection:
        grant = oauth_app().exchange_code(code=code_for(outside, email))
        return connect(user=user, grant=grant, pipedrive_user=whose_grant(grant))

    @pytest.mark.parametrize("other", ["bo", "cecilia"])
    def test_who_proves_to_be_the_pipedrive_user_has_the_connection(
        self, outside: Sandbox, aino: User, request: pytest.FixtureRequest, other: str
    ) -> None:
        second: User = request.getfixturevalue(other)
        self.bind(outside, aino, "aino@esimerkki.example")
        connection = self.bind(outside, second, "aino@esimerkki.example")
        assert PipedriveConnection.objects.get() == connection
        assert connection.user == second
        assert connection.account.company == second.company

    def test_the_grant_lives_on(self, outside: Sandbox, aino: User, bo: User) -> None:
        for user in (aino, bo):
            self.bind(outside, user, "aino@esimerkki.example")
        assert grants(outside)[-1] == ("aino@esimerkki.example", True)
        assert oauth_requests(outside, "revoke") == []
