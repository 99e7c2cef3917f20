"""For each reason of the contract: it happens, the call's page says so in both languages and shows the button that
mends it, the button is pressed, and the call is logged wherever the reason allows it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from accounts.licenses import issue_licenses, redeem_license
from accounts.models import Company, Invitation, User
from calls.models import Call, NewPerson
from calls.personal import RepPolicy
from calls.reasons import REASONS_OF
from calls.resume import resume_waiting
from integrations.models import PipedriveAccount, PipedriveConnection
from tests.calls.mishaps import (
    HELPING,
    UNKNOWN,
    Stage,
    activity_type_missing,
    blocked_number,
    company_suspended,
    confirming,
    error,
    expired,
    hidden_number,
    internal_call,
    no_contact,
    no_license,
    pipedrive_account_closed,
    pipedrive_not_connected,
    pipedrive_reauthorize,
    pipedrive_refused,
    private_number,
    queued,
    rate_limited,
    retrying,
    rule,
    several_contacts,
    short_number,
    unknown_rep,
)
from tests.calls.pressing import Button, buttons_of, outcome_of, page_of, press, text_of
from tests.calls.steps import activities, due_now, log, outcome, read_changes_now
from tests.conftest import PASSWORD

# What takes the cause away: a button of the page, and what belongs to it in the world outside.


def just_press(stage: Stage, button: Button, browser: Client) -> None:
    assert press(browser, button).status_code == 302


def reach_pipedrive_again(stage: Stage, button: Button, browser: Client) -> None:
    PipedriveConnection.objects.update(api_url=f"{stage.outside.url}/pipedrive")
    PipedriveAccount.objects.update(paused_until=None)
    just_press(stage, button, browser)


def choose(stage: Stage, button: Button, browser: Client) -> None:
    pekka = stage.outside.person("Pekka Rantanen")
    assert press(browser, button, person_id=str(pekka["id"])).status_code == 302


def connect_again(stage: Stage, button: Button, browser: Client) -> None:
    """The button leads to Pipedrive's consent page; consenting is the sandbox's."""
    assert "/oauth/authorize?" in press(browser, button)["Location"]
    stage.connected(stage.bo)


def let_the_colleague_join(stage: Stage, button: Button, browser: Client) -> None:
    issue_licenses(company_name="Esimerkki Oy", seats=1, valid_until=None)
    just_press(stage, button, browser)
    invitation = Invitation.objects.get(email="dani@esimerkki.example")
    dani = User.objects.create_user(invitation.email, PASSWORD)
    redeem_license(user=dani, code=invitation.license.code)
    stage.outside.order("pipedrive/control/users", email=dani.email, name="Dani", company_id=7001)
    stage.connected(dani)


def enter_a_license(stage: Stage, button: Button, browser: Client) -> None:
    assert press(browser, button).status_code == 200
    code = issue_licenses(company_name="Esimerkki Oy", seats=1, valid_until=None)[0].code
    assert browser.post(button.url, {"license_code": code}).status_code == 302


def have_it_resumed(stage: Stage, button: Button, browser: Client) -> None:
    assert button.url.startswith("mailto:asiakaspalvelu@saashop.fi?subject=")
    Company.objects.update(suspended_at=None)


def activate_the_type(stage: Stage, button: Button, browser: Client) -> None:
    stage.outside.order("pipedrive/control/activity-types", key_string="call", active_flag=True)
    PipedriveAccount.objects.update(activity_types_read_at=None)
    just_press(stage, button, browser)


def add_the_number(stage: Stage, button: Button, browser: Client) -> None:
    stage.outside.order("pipedrive/control/persons", name="Uusi Asiakas", phones=["0400 999 888"])
    read_changes_now(stage.bo.pipedrive_connection)
    just_press(stage, button, browser)


def mend_the_connector(stage: Stage, button: Button, browser: Client) -> None:
    stage.policy(blocked_numbers=[])
    just_press(stage, button, browser)


@dataclass(frozen=True)
class Case:
    """A reason, how it comes about, and the button in English and Finnish; none where there is nothing to press.

    Attributes:
        reader: who reads the page and presses: `bo`, whose call it is, or `aino`, the company's admin.
        is_logged: whether the call can be logged.
    """

    happens: Callable[[Stage], Call]
    button: tuple[str, str] | None
    mend: Callable[[Stage, Button, Client], None] = just_press
    reader: str = "bo"
    is_logged: bool = True


CASES = [
    Case(queued, ("Try now", "Yritä nyt")),
    Case(retrying, ("Try now", "Yritä nyt"), reach_pipedrive_again),
    Case(rate_limited, None),
    Case(confirming, None),
    Case(no_contact, ("Look for it again", "Etsi uudelleen"), add_the_number),
    Case(no_contact, ("Create the person in Pipedrive", "Luo henkilö Pipedriveen")),
    Case(several_contacts, ("Log to this person", "Tallenna tälle henkilölle"), choose),
    Case(unknown_rep, ("Invite the colleague", "Kutsu työkaveri"), let_the_colleague_join, "aino"),
    Case(no_license, ("Enter a license code", "Syötä lisenssikoodi"), enter_a_license),
    Case(company_suspended, ("Contact support", "Ota yhteyttä asiakaspalveluun"), have_it_resumed),
    Case(pipedrive_not_connected, ("Connect Pipedrive", "Yhdistä Pipedrive"), connect_again),
    Case(pipedrive_reauthorize, ("Reconnect Pipedrive", "Yhdistä Pipedrive uudelleen"), connect_again),
    Case(
        pipedrive_account_closed,
        ("It is open: reconnect Pipedrive", "Tili on auki: yhdistä Pipedrive uudelleen"),
        connect_again,
    ),
    Case(activity_type_missing, ("Check again now", "Tarkista uudelleen nyt"), activate_the_type, "aino"),
    Case(hidden_number, None, is_logged=False),
    Case(short_number, None, is_logged=False),
    Case(internal_call, ("Log this one anyway", "Tallenna tämä silti")),
    Case(blocked_number, ("Log this one anyway", "Tallenna tämä silti"), reader="aino"),
    Case(private_number, None, is_logged=False),
    Case(rule, ("Log this one anyway", "Tallenna tämä silti")),
    Case(pipedrive_refused, ("Try again", "Yritä uudelleen")),
    Case(expired, ("Try again", "Yritä uudelleen"), add_the_number),
    Case(error, ("Try again", "Yritä uudelleen"), mend_the_connector),
]


def test_every_reason_of_the_contract_has_a_case() -> None:
    assert {case.happens.__name__ for case in CASES} | {"logged"} == {
        reason.value for reasons in REASONS_OF.values() for reason in reasons
    }


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.happens.__name__}-{(case.button or ['none'])[0]}")
def test_the_page_says_what_is_the_matter_and_its_button_mends_it(case: Case, stage: Stage) -> None:
    call = case.happens(stage)
    assert call.reason == case.happens.__name__
    browser = stage.ainos_browser if case.reader == "aino" else stage.bos_browser
    for language, label in zip(("fi", "en"), reversed(case.button or ("", "")), strict=True):
        html = page_of(browser, call, language=language)
        with translation.override(language):
            assert call.explanation in text_of(outcome_of(html))
        assert not label or label in buttons_of(html)
    if case.button:
        case.mend(stage, buttons_of(html)[case.button[0]], browser)
    else:
        assert not {url for url in (button.url for button in buttons_of(html).values()) if url.endswith(HELPING)}
    assert logged_at_last(call) == case.is_logged


def logged_at_last(call: Call) -> bool:
    """Whether the call gets there by what the worker does from now on, with all pauses over."""
    for _look in range(3):
        resume_waiting()
        PipedriveAccount.objects.update(paused_until=None)
        PipedriveConnection.objects.update(paused_until=None)
        call.refresh_from_db()
        if call.status == "pending":
            log(due_now(call))
    return outcome(call) == ("logged", "logged")


class TestLogAnyway:
    def test_the_exception_is_for_this_call_alone(self, stage: Stage) -> None:
        call = rule(stage)
        press(stage.bos_browser, buttons_of(page_of(stage.bos_browser, call))["Log this one anyway"])
        assert outcome(log(call)) == ("logged", "logged")
        assert activities(stage.outside)[0]["done"] is True
        assert outcome(log(stage.place())) == ("skipped", "rule")

    @pytest.mark.parametrize("happens", [hidden_number, short_number])
    def test_a_number_that_nobody_can_have_is_no_exception(self, stage: Stage, happens: Any) -> None:
        call = happens(stage)
        answer = stage.bos_browser.post(f"/calls/{call.reference}/log/", follow=True, headers={"accept-language": "en"})
        assert "Nothing was changed" in answer.content.decode()
        call.refresh_from_db()
        assert (call.status, call.wish) == ("skipped", "")

    def test_what_is_being_checked_is_not_hurried(self, stage: Stage) -> None:
        call = confirming(stage)
        before = call.next_attempt_at
        stage.bos_browser.post(f"/calls/{call.reference}/log/")
        call.refresh_from_db()
        assert (call.reason, call.next_attempt_at) == ("confirming", before)

    def test_a_logged_call_is_left_alone(self, stage: Stage) -> None:
        call = log(stage.place())
        stage.bos_browser.post(f"/calls/{call.reference}/log/")
        assert outcome(log(call)) == ("logged", "logged")
        assert len(activities(stage.outside)) == 1

    def test_what_a_rep_leaves_out_only_the_rep_can_want_logged(self, stage: Stage) -> None:
        RepPolicy.objects.create(user=stage.bo, left_out=["in_answered"])
        call = log(stage.place())
        assert outcome(call) == ("skipped", "rule")
        assert "Log this one anyway" not in buttons_of(page_of(stage.ainos_browser, call))
        stage.ainos_browser.post(f"/calls/{call.reference}/log/")
        assert outcome(log(call)) == ("skipped", "rule")
        press(stage.bos_browser, buttons_of(page_of(stage.bos_browser, call))["Log this one anyway"])
        assert outcome(log(call)) == ("logged", "logged")

    def test_nor_does_an_admins_wish_against_the_companys_rule_go_further(self, stage: Stage) -> None:
        call = blocked_number(stage)
        RepPolicy.objects.create(user=stage.bo, left_out=["in_answered"])
        press(stage.ainos_browser, buttons_of(page_of(stage.ainos_browser, call))["Log this one anyway"])
        assert outcome(log(call)) == ("skipped", "rule")
        assert activities(stage.outside) == []
        press(stage.bos_browser, buttons_of(page_of(stage.bos_browser, call))["Log this one anyway"])
        assert outcome(log(call)) == ("logged", "logged")


class TestNewPerson:
    def test_is_made_once_however_often_the_button_is_pressed(self, stage: Stage) -> None:
        calls = [no_contact(stage), no_contact(stage)]
        for call in calls:
            for _time in range(2):
                stage.bos_browser.post(f"/calls/{call.reference}/person/")
        assert [logged_at_last(call) for call in calls] == [True, True]
        persons = stage.outside.state("persons")["persons"]
        assert [person["id"] for person in persons if "999888" in str(person)] == [NewPerson.objects.get().person_id]

    def test_one_that_somebody_deleted_is_not_made_again_and_the_page_says_so(self, stage: Stage) -> None:
        call = no_contact(stage)
        NewPerson.objects.create(account=stage.bo.pipedrive_connection.account, number=UNKNOWN, person_id=999_999)
        stage.bos_browser.post(f"/calls/{call.reference}/person/")
        assert not logged_at_last(call)
        assert "has since been deleted" in text_of(page_of(stage.bos_browser, call))

    def test_only_for_a_call_that_waits_for_a_contact(self, stage: Stage) -> None:
        call = rule(stage)
        stage.bos_browser.post(f"/calls/{call.reference}/person/")
        call.refresh_from_db()
        assert (outcome(call), call.wish) == (("skipped", "rule"), "")


class TestWhoMayDoIt:
    @pytest.mark.parametrize("happens", [pipedrive_not_connected, pipedrive_reauthorize])
    def test_the_admin_is_told_whom_to_ask_for_what_only_the_rep_can_do(self, stage: Stage, happens: Any) -> None:
        html = page_of(stage.ainos_browser, happens(stage))
        assert "Only bo@esimerkki.example can do this" in text_of(html)
        assert buttons_of(html)["Write to the user"].url == "mailto:bo@esimerkki.example"

    @pytest.mark.parametrize("happens", [activity_type_missing, rule, blocked_number])
    def test_the_rep_is_told_which_admin_to_ask(self, stage: Stage, happens: Any) -> None:
        html = page_of(stage.bos_browser, happens(stage))
        assert "Only your company's admin can change this: aino@esimerkki.example." in text_of(html)
        assert buttons_of(html)["Ask the admin"].url == "mailto:aino@esimerkki.example"

    @pytest.mark.parametrize("happens", [activity_type_missing, rule, internal_call])
    def test_the_admin_gets_to_the_setting(self, stage: Stage, happens: Any) -> None:
        urls = [button.url for button in buttons_of(page_of(stage.ainos_browser, happens(stage))).values()]
        assert "/settings/company/" in urls

    def test_nobody_of_another_company_presses_anything(self, stage: Stage, cecilia: User) -> None:
        call = rule(stage)
        for button in ("log", "person"):
            assert stage.browser_of(cecilia).post(f"/calls/{call.reference}/{button}/").status_code == 404
        call.refresh_from_db()
        assert (call.wish, call.steps.count()) == ("", 1)
