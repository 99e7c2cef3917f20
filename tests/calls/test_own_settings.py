"""What each rep decides for themself, as JSON and as a page."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from calls.models import Call, LoggingPolicy, RepPolicy
from calls.private_numbers import add_number, count_of, is_private
from tests.calls.steps import Connect, Place, activities, log, outcome
from tests.calls.test_private_calls import NUMBER, PRIVATE, shown
from tests.conftest import company_of
from tests.portal.forms import Form, forms_in
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
API, PAGE, NUMBERS = "/api/v1/settings/me/", "/settings/", "/settings/private-numbers/"
KINDS = ["in_answered", "in_missed", "out_answered", "out_unanswered"]
DEFAULTS = {"language": "", "hold_minutes": 0, "summary": "none", "not_logged": [], "private_number_count": 0}


@pytest.fixture
def browser(bo: User, browser_of: Callable[[User], Client]) -> Client:
    """Bo's browser, which prefers English."""
    client = browser_of(bo)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def patch(client: Client, **body: Any) -> Any:
    return client.patch(API, body, content_type="application/json")


def own_form(client: Client) -> Form:
    return next(form for form in forms_in(client.get(PAGE).content.decode()) if "hold_minutes" in form.names)


class TestAsJson:
    def test_defaults(self, browser: Client) -> None:
        assert browser.get(API).json() == DEFAULTS

    def test_a_change_leaves_the_rest(self, browser: Client, bo: User) -> None:
        answer = patch(browser, language="en", hold_minutes=15, private_numbers=["0400 124387", "+358400124387"])
        assert answer.status_code == 200
        assert answer.json() == {**DEFAULTS, "language": "en", "hold_minutes": 15, "private_number_count": 1}
        assert patch(browser, summary="weekly", not_logged=["out_unanswered", "in_missed"]).json() == {
            **answer.json(),
            "summary": "weekly",
            "not_logged": ["in_missed", "out_unanswered"],
        }
        assert is_private(bo, NUMBER)

    def test_private_numbers_are_the_whole_list_and_never_told(self, browser: Client, bo: User) -> None:
        add_number(bo, NUMBER)
        answer = patch(browser, private_numbers=["050 111 2222"])
        assert (is_private(bo, NUMBER), is_private(bo, "+358501112222")) == (False, True)
        assert "private_numbers" not in answer.json()
        assert "111" not in answer.content.decode()
        assert patch(browser, private_numbers=[]).json()["private_number_count"] == 0

    def test_what_is_read_can_be_sent_back(self, browser: Client, bo: User) -> None:
        add_number(bo, NUMBER)
        told = browser.get(API).json()
        answer = patch(browser, **told | {"private_number_count": 7, "hold_minutes": 3})
        assert (answer.status_code, answer.json()) == (200, told | {"hold_minutes": 3})
        assert is_private(bo, NUMBER)

    @pytest.mark.parametrize(
        ("body", "field"),
        [
            ({"langauge": "fi"}, "langauge"),
            ({"language": "sv"}, "language"),
            ({"hold_minutes": 16}, "hold_minutes"),
            ({"hold_minutes": -1}, "hold_minutes"),
            ({"summary": "hourly"}, "summary"),
            ({"not_logged": ["all"]}, "not_logged"),
            ({"private_numbers": ["abc"]}, "private_numbers"),
        ],
    )
    def test_what_is_refused_is_refused_whole(self, browser: Client, body: dict[str, Any], field: str) -> None:
        answer = patch(browser, **{"summary": "daily", **body})
        assert answer.status_code == 400
        assert set(answer.json()) == {field}
        assert browser.get(API).json() == DEFAULTS

    def test_they_are_each_persons_own(self, browser: Client, aino: User, browser_of: Callable[[User], Client]) -> None:
        patch(browser, hold_minutes=5, private_numbers=[NUMBER])
        assert browser_of(aino).get(API).json() == DEFAULTS


class TestThePage:
    def test_it_shows_and_saves_what_the_json_says(self, browser: Client) -> None:
        form = own_form(browser)
        assert form.fields["hold_minutes"] == "0"
        values = {**form.fields, "language": "fi", "summary": "daily", "hold_minutes": "3", "kinds": ["in_answered"]}
        assert browser.post(PAGE, values).status_code == 302
        page = browser.get(PAGE).content.decode()
        assert '<html lang="fi">' in page
        assert "Asetuksesi on tallennettu" in page
        expected = {"language": "fi", "summary": "daily", "hold_minutes": 3, "not_logged": KINDS[1:]}
        assert browser.get(API).json() == DEFAULTS | expected

    def test_nothing_is_saved_of_a_form_that_is_wrong(self, browser: Client) -> None:
        assert browser.post(PAGE, {"summary": "none", "hold_minutes": "99"}).status_code == 200
        assert browser.get(API).json() == DEFAULTS

    def test_it_says_which_kinds_the_company_does_not_log_anyway(self, browser: Client, bo: User) -> None:
        LoggingPolicy.objects.create(company=company_of(bo), in_missed="none")
        assert "Incoming, missed (your company does not log these)" in browser.get(PAGE).content.decode()

    def test_everybody_finds_it_in_the_menu(self, browser: Client, staff: User, browser_of: Any) -> None:
        for client in (browser, browser_of(staff)):
            assert 'href="/settings/"' in client.get("/integrations/").content.decode()

    def test_the_number_of_queries_is_bounded(
        self, browser: Client, bo: User, django_assert_max_num_queries: Any
    ) -> None:
        add_number(bo, NUMBER)
        for page in (PAGE, NUMBERS, "/settings/tokens/", "/settings/delete/"):
            with django_assert_max_num_queries(12):
                browser.get(page)


class TestPrivateNumbers:
    def test_a_number_is_added_checked_and_removed_and_never_shown(self, browser: Client, bo: User) -> None:
        said = []
        for action in ("add", "add", "check", "remove", "check", "remove"):
            page = browser.post(NUMBERS, {"number": "040 012 4387", "action": action}, follow=True)
            text = page.content.decode()
            assert "4387" not in text.replace("040 012 4387.", "")
            said += [str(message) for message in page.context["messages"]]
        assert [text.partition(".")[0] for text in said] == [
            "The number is on your list",
            "The number was on your list already",
            "Yes, this number is on your list",
            "The number is off your list",
            "No, this number is not on your list",
            "The number was not on your list",
        ]
        assert count_of(bo) == 0

    def test_the_list_is_emptied(self, browser: Client, bo: User) -> None:
        add_number(bo, NUMBER)
        browser.post(NUMBERS, {"action": "clear"})
        assert count_of(bo) == 0

    def test_what_is_no_number_is_refused(self, browser: Client, bo: User) -> None:
        page = browser.post(NUMBERS, {"number": "112", "action": "add"})
        assert "is not a telephone number" in page.content.decode()
        assert count_of(bo) == 0

    def test_adding_offers_to_make_earlier_calls_private(
        self, outside: Sandbox, browser: Client, bo: User, connected: Connect, place: Place
    ) -> None:
        connected(bo)
        logged = log(place())
        waiting = place()
        page = browser.post(NUMBERS, {"number": NUMBER, "action": "add"}, follow=True).content.decode()
        assert "1 earlier call is private now." in page
        assert "1 earlier call with it is in Pipedrive" in page
        waiting.refresh_from_db()
        assert outcome(waiting) == PRIVATE
        browser.post(NUMBERS, {"number": NUMBER, "action": "add", "earlier": "on"})
        assert outcome(log(logged)) == PRIVATE
        assert shown(outside) == []

    def test_a_call_is_marked_with_its_number_at_once(
        self, outside: Sandbox, browser: Client, bo: User, connected: Connect, place: Place
    ) -> None:
        connected(bo)
        logged, waiting = log(place()), place()
        browser.post(f"/calls/{logged.reference}/private/", {"number": "on"})
        assert is_private(bo, NUMBER)
        waiting.refresh_from_db()
        assert outcome(waiting) == PRIVATE
        assert outcome(log(place())) == PRIVATE
        assert outcome(log(logged)) == PRIVATE
        assert shown(outside) == []


class TestKindsOfCalls:
    @pytest.fixture(autouse=True)
    def _bo_is_connected(self, connected: Connect, bo: User) -> None:
        connected(bo)

    def test_a_kind_that_the_rep_has_switched_off_is_not_logged(
        self, outside: Sandbox, browser: Client, place: Place
    ) -> None:
        patch(browser, not_logged=["in_answered"])
        call = log(place())
        assert outcome(call) == ("skipped", "rule")
        assert "The user has chosen not to log" in browser.get(call.get_absolute_url()).content.decode()
        assert outcome(log(place(direction="out", from_="+358501112222", to=NUMBER))) == ("logged", "logged")
        patch(browser, not_logged=[])
        assert outcome(log(place())) == ("logged", "logged")
        assert len(activities(outside)) == 2

    def test_it_holds_for_the_rep_alone(self, aino: User, place: Place) -> None:
        RepPolicy.objects.create(user=aino, left_out=KINDS)
        assert outcome(log(place())) == ("logged", "logged")

    def test_the_companys_rule_is_the_upper_bound(self, browser: Client, bo: User, place: Place) -> None:
        LoggingPolicy.objects.create(company=company_of(bo), in_answered="none")
        patch(browser, not_logged=[])
        assert outcome(log(place())) == ("skipped", "rule")

    def test_a_shorter_hold_frees_the_calls_that_are_held(self, browser: Client, place: Place) -> None:
        patch(browser, hold_minutes=15)
        call = log(place())
        assert outcome(call) == ("pending", "queued")
        patch(browser, hold_minutes=0)
        assert outcome(log(call)) == ("logged", "logged")
        assert Call.objects.get().activity_id
