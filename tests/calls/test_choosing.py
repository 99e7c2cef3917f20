"""Several persons have one number, and people say which of them a call is with: over real HTTP."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from calls.models import Call, LoggingPolicy, NumberChoice
from calls.resume import resume_waiting
from integrations.connections import disconnect
from integrations.models import Contact, Organization, PipedriveConnection
from tests.calls.steps import Connect, Place, activities, log, outcome, read_changes_now
from tests.conftest import company_of
from tests.portal.forms import Form, forms_in
from tests.sandbox.running_sandbox import Sandbox

BrowserOf = Callable[[User], Client]
NUMBER = "+358400124392"
QUESTION = "Who was it?"


@pytest.fixture
def connection(outside: Sandbox, connected: Connect, bo: User) -> PipedriveConnection:
    """Bo's connection; the company wants to be asked."""
    LoggingPolicy.objects.create(company=company_of(bo), several_contacts="ask")
    return connected(bo)


@pytest.fixture
def call(connection: PipedriveConnection, place: Place) -> Call:
    """A call of Bo's that waits for somebody to choose."""
    waiting = log(place(from_=NUMBER))
    assert outcome(waiting) == ("waiting", "several_contacts")
    return waiting


@pytest.fixture
def browser(bo: User, browser_of: BrowserOf) -> Client:
    """Bo's browser."""
    return in_english(browser_of(bo))


def in_english(client: Client) -> Client:
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    return client


def page_of(client: Client, call: Call) -> str:
    """What people read on a call's page."""
    page = client.get(f"/calls/{call.reference}/")
    assert page.status_code == 200
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page.content.decode()))


def chooser(client: Client, call: Call) -> Form | None:
    page = client.get(f"/calls/{call.reference}/").content.decode()
    return next((form for form in forms_in(page) if form.action.endswith("/contact/")), None)


def choose(client: Client, call: Call, person_id: Any) -> str:
    """Press the button and read the message on the page that answers."""
    answer = client.post(f"/calls/{call.reference}/contact/", {"person_id": str(person_id)}, follow=True)
    assert answer.redirect_chain == [(f"/calls/{call.reference}/", 302)]
    return str(next(iter(answer.context["messages"])))


class TestTheQuestion:
    def test_the_page_shows_who_has_the_number(
        self, outside: Sandbox, connection: PipedriveConnection, call: Call, browser: Client
    ) -> None:
        pekka = outside.person("Pekka Rantanen")
        mine = {"owner_id": connection.pipedrive_user_id}
        outside.order(f"pipedrive/control/persons/{pekka['id']}", "PATCH", **mine)
        read_changes_now(connection)
        Contact.objects.exclude(person_id=pekka["id"]).update(owner_id=1)
        Contact.objects.filter(person_id=pekka["id"]).update(organization_id=77)
        Organization.objects.create(
            account=connection.account, organization_id=77, name="Rantasen Kello", read_at=call.started_at
        )
        Call.objects.update(status="waiting", reason="several_contacts")
        page = page_of(browser, call)
        assert QUESTION in page
        assert "Your choice is remembered" in page
        about_pekka = page[page.index("Pekka Rantanen") : page.index("Päivi Rantanen")]
        assert "Rantasen Kello · your own contact · last updated" in about_pekka
        assert "own contact" not in page[page.index("Päivi Rantanen") :]
        html = browser.get(f"/calls/{call.reference}/").content.decode()
        assert f'href="{connection.api_url}/person/{pekka["id"]}"' in html

    def test_nobody_is_chosen_beforehand(self, call: Call, browser: Client) -> None:
        form = chooser(browser, call)
        assert form is not None
        assert "person_id" in form.names
        assert "person_id" not in form.fields

    def test_the_history_leads_to_it(self, call: Call, browser: Client) -> None:
        assert "Choose the person" in browser.get("/calls/").content.decode()

    def test_a_rep_who_has_disconnected_is_told_what_to_do(self, call: Call, bo: User, browser: Client) -> None:
        disconnect(user=bo)
        assert chooser(browser, call) is None
        assert "when the rep has connected Pipedrive" in page_of(browser, call)

    def test_a_call_that_waits_for_something_else_has_no_question(self, call: Call, browser: Client) -> None:
        Call.objects.update(reason="no_license")
        assert chooser(browser, call) is None


class TestTheAnswer:
    def test_the_call_and_all_that_wait_with_the_number_are_logged_to_the_person(
        self, outside: Sandbox, call: Call, browser: Client, place: Place, bo: User
    ) -> None:
        second = log(place(from_=NUMBER))
        paivi = outside.person("Päivi Rantanen")
        message = choose(browser, call, paivi["id"])
        assert "are logged to Päivi Rantanen from now on" in message
        for each in (call, second, place(from_=NUMBER)):
            each.refresh_from_db()
            assert outcome(each) == ("pending", "queued")
            assert (outcome(log(each)), each.person_id) == (("logged", "logged"), paivi["id"])
        choice = NumberChoice.objects.get()
        assert (choice.number, choice.person_id, choice.chosen_by) == (NUMBER, paivi["id"], bo)
        assert len(activities(outside)) == 3

    def test_a_company_admin_may_choose_for_a_rep(
        self, outside: Sandbox, call: Call, aino: User, browser_of: BrowserOf, connection: PipedriveConnection
    ) -> None:
        pekka = outside.person("Pekka Rantanen")
        admin = in_english(browser_of(aino))
        assert QUESTION in page_of(admin, call)
        choose(admin, call, pekka["id"])
        assert log(call).person_id == pekka["id"]
        assert (NumberChoice.objects.get().account, NumberChoice.objects.get().chosen_by) == (connection.account, aino)

    def test_calls_with_other_numbers_and_other_reasons_stay(
        self, outside: Sandbox, call: Call, browser: Client, place: Place
    ) -> None:
        log(place(from_=NUMBER))
        other = log(place(from_="+358400999888"))
        Call.objects.exclude(pk__in=(call.pk, other.pk)).update(reason="no_license")
        choose(browser, call, outside.person("Pekka")["id"])
        reasons = Call.objects.exclude(pk=call.pk).values_list("status", "reason")
        assert sorted(reasons) == [("waiting", "no_contact"), ("waiting", "no_license")]

    def test_the_last_word_counts(self, outside: Sandbox, call: Call, browser: Client) -> None:
        choose(browser, call, outside.person("Pekka")["id"])
        choose(browser, call, outside.person("Päivi")["id"])
        assert log(call).person_name == "Päivi Rantanen"
        assert NumberChoice.objects.count() == 1

    @pytest.mark.parametrize("answer", ["", "x", "-1", "0", "²", "9" * 40, "1 OR 1=1"])
    def test_nonsense_is_refused_in_words_and_nothing_is_stored(self, call: Call, browser: Client, answer: str) -> None:
        assert "Nothing was saved" in choose(browser, call, answer)
        call.refresh_from_db()
        assert outcome(call) == ("waiting", "several_contacts")
        assert not NumberChoice.objects.exists()

    def test_a_person_without_the_number_is_refused(self, outside: Sandbox, call: Call, browser: Client) -> None:
        assert "Nothing was saved" in choose(browser, call, outside.person("Eero")["id"])
        assert not NumberChoice.objects.exists()

    def test_a_person_who_has_lost_the_number_meanwhile_is_refused(
        self, outside: Sandbox, call: Call, browser: Client, connection: PipedriveConnection
    ) -> None:
        pekka = outside.person("Pekka Rantanen")
        outside.order("pipedrive/control/persons", name="Pirjo Rantanen", phones=[NUMBER])
        outside.order(f"pipedrive/control/persons/{pekka['id']}", "PATCH", phones=["0400 111 222"])
        read_changes_now(connection)
        assert outcome(log(call)) == ("waiting", "several_contacts")
        assert "Nothing was saved" in choose(browser, call, pekka["id"])

    def test_a_colleague_and_another_company_may_not(
        self, outside: Sandbox, call: Call, aino: User, cecilia: User, staff: User, browser_of: BrowserOf
    ) -> None:
        User.objects.filter(pk=aino.pk).update(is_company_admin=False, sees_all_calls=False)
        aino.refresh_from_db()
        for somebody in (aino, cecilia, staff):
            answer = browser_of(somebody).post(
                f"/calls/{call.reference}/contact/", {"person_id": outside.person("Pekka")["id"]}
            )
            assert answer.status_code == 404
        assert not NumberChoice.objects.exists()

    def test_a_pipedrive_of_another_company_is_not_looked_into(
        self, outside: Sandbox, call: Call, browser: Client, connection: PipedriveConnection, cecilia: User
    ) -> None:
        connection.account.company = company_of(cecilia)
        connection.account.save(update_fields=["company"])
        assert chooser(browser, call) is None
        assert "Nothing was saved" in choose(browser, call, outside.person("Pekka")["id"])
        assert not NumberChoice.objects.exists()


class TestALoggedCall:
    def test_says_whom_later_calls_go_to_and_lets_it_be_changed(
        self, outside: Sandbox, call: Call, browser: Client, place: Place
    ) -> None:
        pekka, paivi = outside.person("Pekka Rantanen"), outside.person("Päivi Rantanen")
        choose(browser, call, pekka["id"])
        log(call)
        assert "This number belongs to several people; calls go to Pekka Rantanen." in page_of(browser, call)
        form = chooser(browser, call)
        assert form is not None
        assert form.fields["person_id"] == str(pekka["id"])
        choose(browser, call, paivi["id"])
        assert "calls go to Päivi Rantanen." in page_of(browser, call)
        call.refresh_from_db()
        assert (outcome(call), call.person_id) == (("logged", "logged"), pekka["id"])
        assert log(place(from_=NUMBER)).person_id == paivi["id"]

    def test_says_the_same_where_the_best_match_is_taken(self, call: Call, browser: Client) -> None:
        LoggingPolicy.objects.update(several_contacts="best")
        resume_waiting()
        assert outcome(log(call)) == ("logged", "logged")
        assert f"calls go to {call.person_name}." in page_of(browser, call)

    def test_says_that_the_next_call_waits_where_nobody_has_chosen_yet(self, call: Call, browser: Client) -> None:
        Call.objects.update(status="logged", reason="logged", activity_id=1)
        assert "the next call waits until somebody chooses one of them" in page_of(browser, call)

    def test_names_the_choice_also_when_the_others_are_gone(
        self, outside: Sandbox, call: Call, browser: Client, connection: PipedriveConnection
    ) -> None:
        choose(browser, call, outside.person("Pekka")["id"])
        log(call)
        paivi = outside.person("Päivi Rantanen")
        outside.order(f"pipedrive/control/persons/{paivi['id']}", "PATCH", phones=["0400 111 222"])
        read_changes_now(connection)
        assert "Calls with this number go to Pekka Rantanen: somebody has chosen so." in page_of(browser, call)
        assert chooser(browser, call) is None

    def test_of_a_number_with_one_person_says_nothing_of_it(
        self, connection: PipedriveConnection, browser: Client, place: Place
    ) -> None:
        page = page_of(browser, log(place()))
        assert "several people" not in page
        assert "somebody has chosen" not in page
