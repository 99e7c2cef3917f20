"""The Integrations page: every link's state as it is now, and the one next step."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import Company, License, User
from calls.models import Call
from integrations.models import MustalinjaAccount, PipedriveConnection
from integrations.tasks import check_links
from tests.accounts.browser import in_english
from tests.calls.events import deliver, ended_call
from tests.calls.steps import log
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
Connect = Callable[[User], PipedriveConnection]
MINUTE = datetime.timedelta(minutes=1)
State = PipedriveConnection.State


@pytest.fixture
def overview(browser_of: Browser) -> Callable[[User], Any]:
    """What the page says to a person a moment after it was opened; the page itself must carry every sentence of it."""

    def look(user: User) -> Any:
        cache.clear()
        client = in_english(browser_of(user))
        client.get("/integrations/")
        work()
        page = client.get("/integrations/")
        assert page.status_code == 200
        said = page.context["overview"]
        html = page.content.decode()
        for link in said.links:
            assert f'id="{link.key}"' in html
        assert said.next_step is None or said.next_step.title in html
        return said

    return look


Look = Callable[[User], Any]


def work() -> None:
    """Carry out what pages have queued."""
    for entry in OrmQ.objects.all():
        if entry.task["func"] == "integrations.tasks.check_links":
            check_links(*entry.task["args"])
            entry.delete()


def states(said: Any) -> dict[str, str]:
    return {link.key: link.state for link in said.links}


def sentence(said: Any, key: str) -> str:
    return str(next(link.sentence for link in said.links if link.key == key))


def age(**fields: datetime.timedelta) -> dict[str, datetime.datetime]:
    return {name: timezone.now() - delta for name, delta in fields.items()}


class TestNextStep:
    def test_a_person_without_company_enters_a_code(self, outside: Sandbox, staff: User, overview: Look) -> None:
        said = overview(staff)
        assert states(said) == {
            "license": "todo",
            "email": "ok",
            "pipedrive": "waiting",
            "contacts": "waiting",
            "mustalinja": "waiting",
            "webhook": "waiting",
            "same_email": "waiting",
            "first_call": "waiting",
        }
        assert (said.next_step.key, said.next_step.action.url) == ("license", "/accounts/license/")
        assert (said.company, said.subscription.active) == (None, False)

    def test_a_new_person_connects_pipedrive(self, outside: Sandbox, aino: User, overview: Look) -> None:
        said = overview(aino)
        assert states(said) == {
            "license": "ok",
            "email": "ok",
            "pipedrive": "todo",
            "contacts": "waiting",
            "mustalinja": "todo",
            "webhook": "waiting",
            "same_email": "waiting",
            "first_call": "waiting",
        }
        step = said.next_step
        assert (step.key, step.action.url, step.action.method) == (
            "pipedrive",
            "/integrations/pipedrive/connect/",
            "post",
        )
        assert said.company == "Esimerkki Oy"

    def test_then_the_admin_enters_the_credentials(
        self, outside: Sandbox, aino: User, connected: Connect, overview: Look
    ) -> None:
        connected(aino)
        step = overview(aino).next_step
        assert (step.key, step.action.url) == ("mustalinja", "/integrations/mustalinja/")

    def test_and_a_rep_waits_for_the_admin(
        self, outside: Sandbox, bo: User, connected: Connect, overview: Look
    ) -> None:
        connected(bo)
        said = overview(bo)
        assert states(said)["mustalinja"] == "waiting"
        assert (said.next_step.key, said.next_step.action) == ("mustalinja", None)
        assert "Your company's admin has to enter" in said.next_step.sentence

    def test_then_a_test_call_is_made(
        self, outside: Sandbox, bo: User, connected: Connect, mustalinja: MustalinjaAccount, overview: Look
    ) -> None:
        connected(bo)
        said = overview(bo)
        assert {key: state for key, state in states(said).items() if state != "ok"} == {
            "webhook": "waiting",
            "first_call": "todo",
        }
        assert "No call has arrived yet." in sentence(said, "webhook")
        assert (said.next_step.key, said.next_step.action.url) == ("first_call", "/integrations/test-call/")

    def test_after_a_call_nothing_is_left_to_do(
        self, outside: Sandbox, bo: User, connected: Connect, mustalinja: MustalinjaAccount, overview: Look
    ) -> None:
        connected(bo)
        deliver(mustalinja, ended_call())
        said = overview(bo)
        assert (said.next_step.key, said.next_step.sentence) == ("first_call", "The call is on its way to Pipedrive.")
        log(Call.objects.get())
        said = overview(bo)
        assert set(states(said).values()) == {"ok"}
        assert said.next_step is None
        assert "The latest call event arrived on" in sentence(said, "webhook")


class TestSubscription:
    def test_without_end(self, bo: User, overview: Look) -> None:
        assert sentence(overview(bo), "license") == "Active for the time being."

    def test_until_a_day(self, bo: User, overview: Look) -> None:
        today = timezone.localdate()
        License.objects.filter(holder=bo).update(valid_until=today)
        said = overview(bo)
        assert (said.subscription.active, said.subscription.until) == (True, today)
        assert sentence(said, "license").startswith("Active until")

    def test_ended(self, outside: Sandbox, bo: User, connected: Connect, overview: Look) -> None:
        connected(bo)
        License.objects.filter(holder=bo).update(valid_until=timezone.localdate() - datetime.timedelta(days=1))
        said = overview(bo)
        assert (states(said)["license"], said.subscription.active) == ("broken", False)
        assert (said.next_step.key, said.next_step.action.url) == ("license", "/accounts/license/")
        assert "Your license has ended." in said.next_step.sentence

    def test_suspended(self, bo: User, overview: Look) -> None:
        Company.objects.update(suspended_at=timezone.now())
        said = overview(bo)
        assert (states(said)["license"], said.subscription.active) == ("waiting", False)
        assert "suspended" in sentence(said, "license")
        assert all(link.actions == [] for link in said.links if link.key == "license")


class TestPipedrive:
    @pytest.fixture
    def connection(self, outside: Sandbox, bo: User, connected: Connect) -> PipedriveConnection:
        return connected(bo)

    def asked(self, outside: Sandbox) -> int:
        """How often Pipedrive was asked since connecting."""
        paths = [str(each["path"]) for each in outside.state("requests")["requests"]]
        return sum(path.endswith("users/me") for path in paths) - 1

    def test_it_names_company_person_and_role(
        self, outside: Sandbox, aino: User, connected: Connect, overview: Look
    ) -> None:
        connected(aino)
        link = next(link for link in overview(aino).links if link.key == "pipedrive")
        assert dict(link.details) == {
            "Pipedrive company": "Esimerkki Oy",
            "Connected as": "Aino Virtanen (aino@esimerkki.example)",
            "Role in Pipedrive": "Admin",
        }
        assert [action.url for action in link.actions][-1] == "/integrations/pipedrive/disconnect/"

    @pytest.mark.parametrize(("minutes", "times"), [(4, 0), (6, 1)])
    def test_it_is_checked_live_when_the_last_check_is_older_than_five_minutes(
        self, outside: Sandbox, bo: User, connection: PipedriveConnection, overview: Look, minutes: int, times: int
    ) -> None:
        PipedriveConnection.objects.update(**age(checked_at=minutes * MINUTE))
        overview(bo)
        overview(bo)
        assert self.asked(outside) == times

    def test_the_page_does_not_wait_for_the_check_and_renews_itself_after_it(
        self, outside: Sandbox, bo: User, connection: PipedriveConnection, browser_of: Browser
    ) -> None:
        cache.clear()
        client = in_english(browser_of(bo))
        PipedriveConnection.objects.update(**age(checked_at=6 * MINUTE))
        pages = [client.get("/integrations/").content.decode() for _time in range(2)]
        assert self.asked(outside) == 0
        assert [entry.task["func"] for entry in OrmQ.objects.all()].count("integrations.tasks.check_links") == 1
        for page in pages:
            assert "The links are being checked just now." in page
            assert 'hx-trigger="load delay:1s, every 4s"' in page
        work()
        page = client.get("/integrations/checklist/").content.decode()
        assert "being checked" not in page

    @pytest.mark.parametrize("why", ["dead", "paused"])
    def test_what_is_not_to_be_asked_is_not_checked_again(
        self, bo: User, connection: PipedriveConnection, overview: Look, why: str
    ) -> None:
        later = timezone.now() + MINUTE
        change: dict[str, Any] = {"state": State.REAUTHORIZE} if why == "dead" else {"paused_until": later}
        PipedriveConnection.objects.update(**age(checked_at=6 * MINUTE), **change)
        assert not overview(bo).is_being_checked

    def test_a_grant_that_died_is_noticed_now(
        self, outside: Sandbox, bo: User, connection: PipedriveConnection, overview: Look
    ) -> None:
        outside.order("pipedrive/control/grants/kill", user_email=bo.email)
        assert states(overview(bo))["pipedrive"] == "ok"
        PipedriveConnection.objects.update(**age(checked_at=6 * MINUTE))
        said = overview(bo)
        assert states(said)["pipedrive"] == "broken"
        assert (said.next_step.key, said.next_step.action.url) == ("pipedrive", "/integrations/pipedrive/connect/")
        assert "Reconnect" in said.next_step.sentence

    def test_a_closed_account_is_noticed_now_and_its_opening_too(
        self, outside: Sandbox, bo: User, connection: PipedriveConnection, overview: Look
    ) -> None:
        outside.order("pipedrive/control/faults", path="users/me", status=402)
        for expected in ("waiting", "ok"):
            PipedriveConnection.objects.update(**age(checked_at=6 * MINUTE))
            assert states(overview(bo))["pipedrive"] == expected

    def test_a_token_that_no_key_reads_is_to_be_reconnected(
        self, outside: Sandbox, bo: User, connection: PipedriveConnection, overview: Look, settings: Settings
    ) -> None:
        PipedriveConnection.objects.update(**age(checked_at=6 * MINUTE))
        settings.FIELD_ENCRYPTION_KEYS = ["3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
        assert states(overview(bo))["pipedrive"] == "broken"

    @pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}, {"status": 429}], ids=str)
    def test_trouble_that_passes_breaks_nothing(
        self, outside: Sandbox, bo: User, connection: PipedriveConnection, overview: Look, fault: dict[str, Any]
    ) -> None:
        PipedriveConnection.objects.update(**age(checked_at=6 * MINUTE))
        outside.order("pipedrive/control/faults", path="users/me", **fault)
        assert states(overview(bo))["pipedrive"] == "ok"

    def test_another_email_in_pipedrive_is_pointed_out(
        self, outside: Sandbox, bo: User, connection: PipedriveConnection, overview: Look
    ) -> None:
        PipedriveConnection.objects.update(email="bo.lindqvist@esimerkki.example")
        link = next(link for link in overview(bo).links if link.key == "pipedrive")
        said = dict(link.details)["Please note"]
        assert "bo@esimerkki.example" in said
        assert "bo.lindqvist@esimerkki.example" in said

    def test_a_portal_without_an_app_says_so(self, bo: User, overview: Look, settings: Settings) -> None:
        settings.PIPEDRIVE_CLIENT_ID = ""
        said = overview(bo)
        assert states(said)["pipedrive"] == "waiting"
        assert "not set up on this server" in sentence(said, "pipedrive")


class TestMustalinja:
    def refuse(self, mustalinja: MustalinjaAccount, *, checked: datetime.timedelta) -> None:
        mustalinja.api_secret = "changed-at-mustalinja"
        mustalinja.credentials_checked_at = timezone.now() - checked
        mustalinja.save()

    def test_credentials_refused_now_are_noticed(
        self, outside: Sandbox, aino: User, bo: User, mustalinja: MustalinjaAccount, overview: Look
    ) -> None:
        self.refuse(mustalinja, checked=6 * MINUTE)
        assert states(overview(aino))["mustalinja"] == "broken"
        for user, url in ((aino, "/integrations/mustalinja/"), (bo, None)):
            link = next(link for link in overview(user).links if link.key == "mustalinja")
            assert "does not accept the credentials any more" in link.sentence
            assert (link.action.url if link.action else None) == url

    def test_a_check_of_the_last_five_minutes_stands(
        self, outside: Sandbox, aino: User, mustalinja: MustalinjaAccount, overview: Look
    ) -> None:
        self.refuse(mustalinja, checked=4 * MINUTE)
        assert states(overview(aino))["mustalinja"] == "ok"

    def test_credentials_that_work_again_are_noticed(
        self, outside: Sandbox, aino: User, mustalinja: MustalinjaAccount, overview: Look
    ) -> None:
        MustalinjaAccount.objects.update(credentials_accepted=False, **age(credentials_checked_at=6 * MINUTE))
        assert states(overview(aino))["mustalinja"] == "ok"

    @pytest.mark.parametrize("accepted", [True, False])
    def test_when_mustalinja_cannot_be_asked_the_last_answer_stands(
        self, outside: Sandbox, aino: User, mustalinja: MustalinjaAccount, overview: Look, *, accepted: bool
    ) -> None:
        MustalinjaAccount.objects.update(credentials_accepted=accepted, **age(credentials_checked_at=6 * MINUTE))
        outside.order("mustalinja/control/faults", path="v1/account", status=503)
        assert states(overview(aino))["mustalinja"] == ("ok" if accepted else "broken")

    def test_untested_ones_are_only_said_to_be_saved(self, aino: User, overview: Look) -> None:
        company = Company.objects.get(people=aino)
        MustalinjaAccount.objects.create(company=company, api_key="k", api_secret="s", secret="whsec_YQ==")
        assert sentence(overview(aino), "mustalinja") == "Your company's credentials are saved."


class TestTeam:
    def test_it_tells_for_each_person_whether_calls_can_be_logged(
        self, outside: Sandbox, aino: User, bo: User, connected: Connect, browser_of: Browser
    ) -> None:
        connected(aino)
        License.objects.filter(holder=bo).update(valid_until=timezone.localdate() - datetime.timedelta(days=1))
        people = in_english(browser_of(aino)).get("/team/").context["people"]
        assert [(person.email, person.state) for person in people] == [(aino.email, "ok"), (bo.email, "todo")]
        assert people[0].license_sentence == "Active" != people[1].license_sentence
        assert people[0].pipedrive_sentence == "Connected: Esimerkki Oy"

    def test_a_grant_that_died_is_told(
        self, outside: Sandbox, aino: User, connected: Connect, browser_of: Browser
    ) -> None:
        connected(aino)
        PipedriveConnection.objects.update(state=State.REAUTHORIZE)
        person = in_english(browser_of(aino)).get("/team/").context["people"][0]
        assert person.state == "todo"
        assert "connected again" in person.pipedrive_sentence

    def test_nobody_of_another_company_is_on_it(self, aino: User, cecilia: User, browser_of: Browser) -> None:
        assert cecilia.email not in browser_of(aino).get("/team/").content.decode()
