"""The checklist of the Integrations page: who can do what, the part that renews itself, and the buttons that test."""

import datetime
import re
from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from accounts.models import EmailAlias, User
from calls.models import Call
from integrations.models import MustalinjaAccount, PipedriveConnection
from tests.accounts.browser import in_english
from tests.calls.events import deliver, ended_call
from tests.calls.steps import log
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
Connect = Callable[[User], PipedriveConnection]
HTMX = {"HX-Request": "true"}
MOST_QUERIES = 12


@pytest.fixture(autouse=True)
def _forgotten_answers() -> None:
    cache.clear()


def page_of(client: Client, path: str = "/integrations/", **options: object) -> str:
    answer = in_english(client).get(path, **options)  # type: ignore[arg-type]
    assert answer.status_code == 200
    return answer.content.decode()


def item(html: str, key: str) -> str:
    """One link of the list."""
    found = re.search(rf'<section id="{key}".*?</section>', html, re.DOTALL)
    assert found is not None, key
    return found[0]


class TestWhoCanDoIt:
    def test_a_rep_is_told_which_admin_to_ask(
        self, outside: Sandbox, aino: User, bo: User, browser_of: Browser
    ) -> None:
        credentials = item(page_of(browser_of(bo)), "mustalinja")
        assert (
            "Your company&#x27;s admin has to do this:" in credentials
            or "Your company's admin has to do" in credentials
        )
        assert f'href="mailto:{aino.email}"' in credentials
        assert "<button" not in credentials

    def test_an_admin_is_not_sent_to_herself(self, outside: Sandbox, aino: User, browser_of: Browser) -> None:
        html = page_of(browser_of(aino))
        assert "mailto:aino@" not in html
        assert 'href="/integrations/mustalinja/"' in item(html, "mustalinja")

    def test_without_an_admin_support_is_asked(self, outside: Sandbox, bo: User, browser_of: Browser) -> None:
        User.objects.update(is_company_admin=False)
        assert "mailto:asiakaspalvelu@saashop.fi" in item(page_of(browser_of(bo)), "mustalinja")

    def test_only_the_next_step_is_emphasised(self, outside: Sandbox, aino: User, browser_of: Browser) -> None:
        html = page_of(browser_of(aino))
        assert html.count("Next step") == html.count("button-primary") == 1
        assert "Connect Pipedrive" in item(html, "pipedrive")
        assert "Next step" in item(html, "pipedrive")

    def test_an_address_that_is_not_confirmed_is_to_be(self, outside: Sandbox, bo: User, browser_of: Browser) -> None:
        EmailAddress.objects.filter(user=bo).update(verified=False)
        email = item(page_of(browser_of(bo)), "email")
        assert "is not confirmed yet" in email
        assert 'href="/accounts/email/"' in email


class TestRenewal:
    def ask_again(self, client: Client, html: str) -> tuple[int, str]:
        address = re.search(r'hx-get="([^"]+)"', html)
        assert address is not None
        answer = client.get(address[1], headers=HTMX)
        return answer.status_code, answer.content.decode()

    def test_what_has_not_changed_is_not_sent(self, outside: Sandbox, bo: User, browser_of: Browser) -> None:
        client = browser_of(bo)
        assert self.ask_again(client, page_of(client)) == (204, "")

    def test_a_change_is_sent_and_told_to_screen_readers(
        self, outside: Sandbox, bo: User, connected: Connect, browser_of: Browser
    ) -> None:
        client = browser_of(bo)
        before = page_of(client)
        connected(bo)
        status, part = self.ask_again(client, before)
        assert status == 200
        assert "<html" not in part
        assert "Bo Lindqvist" in item(part, "pipedrive")
        assert re.search(r'role="status" id="checklist-count" hx-swap-oob="true">4 of 8 done\.', part)

    def test_when_all_is_done_it_is_calm_and_asks_no_more(
        self, outside: Sandbox, bo: User, connected: Connect, mustalinja: MustalinjaAccount, browser_of: Browser
    ) -> None:
        connected(bo)
        deliver(mustalinja, ended_call())
        log(Call.objects.get())
        html = page_of(browser_of(bo))
        assert "All set" in html
        assert "What is watched" in html
        assert "hx-get" not in html
        assert "button-primary" not in html

    def test_it_takes_few_queries(
        self,
        outside: Sandbox,
        aino: User,
        connected: Connect,
        mustalinja: MustalinjaAccount,
        browser_of: Browser,
        django_assert_max_num_queries: DjangoAssertNumQueries,
    ) -> None:
        connected(aino)
        deliver(mustalinja, ended_call())
        client = browser_of(aino)
        for path in ("/integrations/", "/integrations/checklist/", "/integrations/test-call/"):
            with django_assert_max_num_queries(MOST_QUERIES):
                client.get(path)


class TestEmailInMustalinja:
    def same_email(self, user: User, browser_of: Browser) -> str:
        return item(page_of(browser_of(user)), "same_email")

    def test_it_is_there(self, outside: Sandbox, bo: User, mustalinja: MustalinjaAccount, browser_of: Browser) -> None:
        assert "Mustalinja has a user with your email bo@esimerkki.example." in self.same_email(bo, browser_of)

    def test_mustalinja_is_asked_once_in_five_minutes(
        self, outside: Sandbox, bo: User, mustalinja: MustalinjaAccount, browser_of: Browser
    ) -> None:
        self.same_email(bo, browser_of)
        self.same_email(bo, browser_of)
        paths = [request["path"] for request in outside.order("mustalinja/control/state", "GET")["requests"]]
        assert sum("users" in path for path in paths) == 1

    def test_it_is_not_there(
        self, outside: Sandbox, aino: User, bo: User, mustalinja: MustalinjaAccount, browser_of: Browser
    ) -> None:
        User.objects.filter(pk=bo.pk).update(email="bo.lindqvist@esimerkki.example")
        bo.refresh_from_db()
        said = self.same_email(bo, browser_of)
        assert "Mustalinja has no user with the email bo.lindqvist@esimerkki.example" in said
        assert "mailto:aino@esimerkki.example" in said

    @pytest.mark.parametrize("known_as", ["in Pipedrive", "by an alias"])
    def test_another_address_of_the_same_person_will_do(
        self,
        outside: Sandbox,
        bo: User,
        connected: Connect,
        mustalinja: MustalinjaAccount,
        browser_of: Browser,
        known_as: str,
    ) -> None:
        if known_as == "in Pipedrive":
            connected(bo)
        else:
            EmailAlias.objects.create(company=company_of(bo), person=bo, email="bo@esimerkki.example")
        User.objects.filter(pk=bo.pk).update(email="bo.lindqvist@esimerkki.example")
        bo.refresh_from_db()
        assert "your email bo@esimerkki.example" in self.same_email(bo, browser_of)

    def test_a_call_of_ones_own_is_the_proof(
        self, outside: Sandbox, bo: User, mustalinja: MustalinjaAccount, browser_of: Browser
    ) -> None:
        deliver(mustalinja, ended_call())
        outside.order("mustalinja/control/faults", path="v1/users", status=503)
        assert "calls of yours have arrived" in self.same_email(bo, browser_of)

    def test_while_mustalinja_cannot_be_asked_the_first_call_will_show(
        self, outside: Sandbox, bo: User, mustalinja: MustalinjaAccount, browser_of: Browser
    ) -> None:
        outside.order("mustalinja/control/faults", path="v1/users", status=503)
        assert "Your first call will show" in self.same_email(bo, browser_of)

    def test_an_admin_who_makes_no_calls_has_nothing_to_do(
        self, outside: Sandbox, aino: User, bo: User, mustalinja: MustalinjaAccount, browser_of: Browser
    ) -> None:
        User.objects.filter(pk=aino.pk).update(email="office@esimerkki.example")
        aino.refresh_from_db()
        assert "Open the team" in self.same_email(aino, browser_of)
        deliver(mustalinja, ended_call())
        assert "as it should be if you make no calls yourself" in self.same_email(aino, browser_of)


class TestButtons:
    def asked_pipedrive(self, outside: Sandbox) -> int:
        return sum(str(each["path"]).endswith("users/me") for each in outside.state("requests")["requests"])

    def press(self, client: Client, what: str) -> str:
        answer = in_english(client).post(f"/integrations/{what}/test/", follow=True)
        assert answer.redirect_chain == [("/integrations/", 302)]
        return answer.content.decode()

    def test_pipedrive_is_asked_now_but_not_again_at_once(
        self, outside: Sandbox, bo: User, connected: Connect, browser_of: Browser
    ) -> None:
        connected(bo)
        before, client = self.asked_pipedrive(outside), browser_of(bo)
        PipedriveConnection.objects.update(checked_at=timezone.now() - datetime.timedelta(seconds=20))
        assert "Tested just now: Your calls are logged to Pipedrive." in self.press(client, "pipedrive")
        self.press(client, "pipedrive")
        assert self.asked_pipedrive(outside) == before + 1

    def test_a_dead_grant_is_found_by_the_test(
        self, outside: Sandbox, bo: User, connected: Connect, browser_of: Browser
    ) -> None:
        connected(bo)
        PipedriveConnection.objects.update(checked_at=timezone.now() - datetime.timedelta(seconds=20))
        outside.order("pipedrive/control/grants/kill", user_email=bo.email)
        html = self.press(browser_of(bo), "pipedrive")
        assert "message-warning" in html
        assert "Reconnect Pipedrive" in item(html, "pipedrive")

    def test_credentials_that_have_gone_wrong_are_found_by_the_test(
        self, outside: Sandbox, aino: User, mustalinja: MustalinjaAccount, browser_of: Browser
    ) -> None:
        mustalinja.credentials_checked_at = timezone.now() - datetime.timedelta(seconds=20)
        mustalinja.save()
        assert "Tested just now: Mustalinja accepts" in self.press(browser_of(aino), "mustalinja")
        MustalinjaAccount.objects.update(credentials_checked_at=mustalinja.credentials_checked_at, api_key="gone")
        assert "does not accept the credentials any more" in self.press(browser_of(aino), "mustalinja")

    def test_there_is_nothing_to_test_before_there_is_a_link(
        self, outside: Sandbox, aino: User, browser_of: Browser, settings: Settings
    ) -> None:
        for what in ("pipedrive", "mustalinja"):
            assert "message-warning" in self.press(browser_of(aino), what)
        assert self.asked_pipedrive(outside) == 0
