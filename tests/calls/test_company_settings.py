"""What a company decides about its calls, as JSON and as a page."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import Company, User
from calls.models import OwnNumber
from calls.own_numbers import learn, own_numbers_of
from integrations.models import MustalinjaAccount
from tests.calls.settings_steps import API, KINDS, PAGE, patch, save, settings_form
from tests.calls.steps import Connect, Place, log
from tests.conftest import company_of
from tests.portal.forms import forms_in

BrowserOf = Callable[[User], Client]
RULES = dict.fromkeys(KINDS, "done")
NO_TEXTS = dict.fromkeys(KINDS, "")
FOLLOW_UPS = {"follow_up": False, "follow_up_after": 2, "follow_up_unit": "hours", "follow_up_for": "rep"}
LATER = {
    "subjects": NO_TEXTS,
    "notes": NO_TEXTS,
    "working_hours": {},
    "outside_hours": "log",
    "planned_calls": "none",
    **FOLLOW_UPS,
}
"""The defaults of what the contract does not name."""
LEARNED = "+358501112222"


@pytest.fixture
def company(aino: User) -> Company:
    return company_of(aino)


class TestAsJson:
    def test_defaults(self, admin: Client) -> None:
        assert admin.get(API).json() == {
            "language": "fi",
            "activity_type": "call",
            "rules": RULES,
            "several_contacts": "best",
            "unknown_caller": "wait",
            "create_person_for": KINDS,
            "deals": "none",
            "region": "FI",
            "own_numbers": [],
            "blocked_numbers": [],
            "minimum_seconds": 0,
            "webhook_auth": None,
            **LATER,
        }

    def test_a_change_leaves_the_rest(self, admin: Client, mustalinja: MustalinjaAccount) -> None:
        changes = {
            "language": "en",
            "activity_type": "phone_call",
            "rules": {"in_missed": "open"},
            "several_contacts": "ask",
            "unknown_caller": "create_person",
            "create_person_for": ["out_answered", "in_answered", "in_answered"],
            "deals": "newest_open",
            "region": "SE",
            "own_numbers": ["050 111 2222", "00358 9 4123 4567"],
            "blocked_numbers": ["040 012 4387", "+358600*", "0700*"],
            "minimum_seconds": 5,
            "webhook_auth": "bearer",
            "subjects": {"in_missed": "{name} called"},
            "notes": {"out_answered": "By {rep}\nat {time}"},
            "working_hours": {"mon": "8–16", "fri": "8.30 - 14:00"},
            "outside_hours": "skip",
            "planned_calls": "complete",
            "follow_up": True,
            "follow_up_after": 3,
            "follow_up_unit": "working_days",
            "follow_up_for": "owner",
        }
        answer = patch(admin, **changes)
        assert answer.status_code == 200
        as_kept = {
            "rules": RULES | {"in_missed": "open"},
            "create_person_for": ["in_answered", "out_answered"],
            "own_numbers": [LEARNED, "+358941234567"],
            "blocked_numbers": ["+358400124387", "+358600*", "+358700*"],
            "subjects": NO_TEXTS | {"in_missed": "{name} called"},
            "notes": NO_TEXTS | {"out_answered": "By {rep}\nat {time}"},
            "working_hours": {"mon": "08:00-16:00", "fri": "08:30-14:00"},
        }
        assert answer.json() == changes | as_kept
        patch(admin, rules={"out_answered": "none"}, deals="single_open")
        rules = as_kept["rules"] | {"out_answered": "none"}  # type: ignore[operator]
        assert admin.get(API).json() == changes | as_kept | {"rules": rules, "deals": "single_open"}

    def test_what_is_read_can_be_sent_back(self, admin: Client) -> None:
        told = admin.get(API).json()
        answer = patch(admin, **told)
        assert (answer.status_code, answer.json(), told["webhook_auth"]) == (200, told, None)

    def test_and_so_it_can_once_mustalinja_is_linked(self, admin: Client, mustalinja: MustalinjaAccount) -> None:
        told = admin.get(API).json()
        answer = patch(admin, **told)
        assert (answer.status_code, answer.json(), told["webhook_auth"]) == (200, told, "signed")

    @pytest.mark.parametrize(
        ("typed", "kept"),
        [
            ("358600*", "+358600*"),
            ("358 600 *", "+358600*"),
            ("46*", "+46*"),
            ("00358600*", "+358600*"),
            ("0600*", "+358600*"),
            ("358600123456", "+358600123456"),
            ("16400", "16400"),
            ("16 400", "16400"),
        ],
    )
    def test_a_blocked_number_is_read_as_numbers_of_calls_are(self, admin: Client, typed: str, kept: str) -> None:
        answer = patch(admin, blocked_numbers=[typed])
        assert (answer.status_code, answer.json()["blocked_numbers"]) == (200, [kept])

    @pytest.mark.parametrize("typed", ["*", "+*", " * ", "+0*", "00*", "12a*", "*358", "358600**", "9" * 15 + "*"])
    def test_what_is_no_number_and_no_prefix_is_not_blocked(self, admin: Client, typed: str) -> None:
        assert patch(admin, blocked_numbers=[typed]).status_code == 400

    def test_the_authentication_of_webhooks_cannot_be_chosen_before_there_are_any(self, admin: Client) -> None:
        answer = patch(admin, webhook_auth="url")
        assert (answer.status_code, set(answer.json())) == (400, {"webhook_auth"})

    @pytest.mark.parametrize(
        "body",
        [
            {"language": "sv"},
            {"rules": {"in_missed": "maybe"}},
            {"rules": "open"},
            {"rules": {"in_anwered": "none"}},
            {"several_contacts": "all"},
            {"unknown_caller": "create"},
            {"create_person_for": ["in"]},
            {"create_person_for": "in_answered"},
            {"unknown_caller": "create_person", "create_person_for": []},
            {"deals": "all"},
            {"region": "XX"},
            {"region": "fi"},
            {"own_numbers": ["everybody"]},
            {"own_numbers": ["112"]},
            {"own_numbers": ["+358600*"]},
            {"own_numbers": "+358400124387"},
            {"blocked_numbers": ["everybody"]},
            {"blocked_numbers": "+358400124387"},
            {"minimum_seconds": -1},
            {"webhook_auth": "none"},
            {"webhook_auth": None},
            {"activity_type": "<b>"},
            {"color": "red"},
            {"subjects": {"in_missed": "{customer}"}},
            {"subjects": {"in_missed": "x" * 256}},
            {"subjects": {"missed": "{name}"}},
            {"notes": {"in_missed": "{name"}},
            {"working_hours": {"mon": "all day"}},
            {"working_hours": {"mon": "16-8"}},
            {"working_hours": {"monday": "8-16"}},
            {"outside_hours": "skip"},
            {"outside_hours": "ask"},
            {"planned_calls": "all"},
        ],
    )
    def test_nonsense_is_400_with_a_message_and_changes_nothing(
        self, admin: Client, mustalinja: MustalinjaAccount, body: Any
    ) -> None:
        before = admin.get(API).json()
        answer = patch(admin, **{"activity_type": "meeting", "region": "SE", "own_numbers": ["040 1234567"], **body})
        assert answer.status_code == 400
        assert set(answer.json()) <= set(body)
        assert admin.get(API).json() == before

    def test_kinds_that_are_needed_cannot_be_taken_away_later(self, admin: Client) -> None:
        assert patch(admin, unknown_caller="wait", create_person_for=[]).status_code == 200
        answer = patch(admin, unknown_caller="create_person")
        assert answer.json() == {
            "create_person_for": ["Choose at least one kind of call after which a person is created."]
        }
        assert admin.get(API).json()["unknown_caller"] == "wait"

    def test_a_rep_may_not(self, bo: User, browser_of: BrowserOf) -> None:
        assert browser_of(bo).get(API).status_code == 403
        assert patch(browser_of(bo), language="en").status_code == 403

    def test_the_schema_names_the_words_of_each_choice(self, admin: Client) -> None:
        schema = admin.get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
        schemas = schema["components"]["schemas"]
        properties = schemas["CompanySettings"]["properties"]
        assert set(properties) == set(admin.get(API).json())
        assert properties["own_numbers"]["items"] == {"type": "string"}
        words = {
            name: self.words(schemas, properties[name]) for name in ("several_contacts", "unknown_caller", "deals")
        }
        assert words == {
            "several_contacts": {"best", "ask"},
            "unknown_caller": {"wait", "create_person"},
            "deals": {"none", "single_open", "newest_open"},
        }
        assert self.words(schemas, properties["create_person_for"]["items"]) == set(KINDS)
        assert {"FI", "SE", "AX"} <= self.words(schemas, properties["region"])

    @staticmethod
    def words(schemas: Any, declared: Any) -> set[str]:
        reference = declared.get("$ref") or next((each["$ref"] for each in declared.get("allOf", [])), "")
        found = schemas[reference.rpartition("/")[2]] if reference else declared
        return set(found["enum"])


class TestOwnNumbersAsJson:
    def test_the_list_holds_learned_and_entered_ones(self, admin: Client, company: Company) -> None:
        learn(company, LEARNED)
        patch(admin, own_numbers=["0501112222", "+46 70 123 45 67"])
        assert admin.get(API).json()["own_numbers"] == [LEARNED, "+46701234567"]
        assert OwnNumber.objects.get(number="+46701234567").is_entered
        assert not OwnNumber.objects.get(number=LEARNED).is_entered

    def test_one_that_is_left_out_is_not_learned_again_until_it_is_entered(
        self, admin: Client, company: Company
    ) -> None:
        learn(company, LEARNED)
        patch(admin, own_numbers=[])
        learn(company, LEARNED)
        assert admin.get(API).json()["own_numbers"] == []
        patch(admin, own_numbers=[LEARNED])
        assert admin.get(API).json()["own_numbers"] == [LEARNED]

    def test_another_companys_list_is_another(self, admin: Client, company: Company, cecilia: User) -> None:
        learn(company_of(cecilia), LEARNED)
        patch(admin, own_numbers=["040 123 4567"])
        patch(admin, own_numbers=[])
        assert own_numbers_of(company_of(cecilia)) == [LEARNED]


class TestAsAPage:
    def test_the_page_saves_the_same(self, admin: Client) -> None:
        answer = save(
            admin,
            settings_form(admin),
            language="en",
            activity_type="meeting",
            in_missed="open",
            out_answered="none",
            several_contacts="ask",
            unknown_caller="create_person",
            create_person_for=["in_missed"],
            deals="single_open",
            planned_calls="complete",
            region="SE",
            own_numbers="050 111 2222\n\n  +46 70 123 45 67\r\n0501112222",
            minimum_seconds="3",
            blocked_numbers="0400124387\n+358600*\n",
            subject_out_unanswered="Tried to reach {name}",
            note_in_answered="{organization}",
            hours_mon="8–16",
            hours_sat="10.30-14",
            outside_hours="skip",
        )
        assert answer.status_code == 302
        assert admin.get(API).json() == {
            "language": "en",
            "activity_type": "meeting",
            "rules": RULES | {"in_missed": "open", "out_answered": "none"},
            "several_contacts": "ask",
            "unknown_caller": "create_person",
            "create_person_for": ["in_missed"],
            "deals": "single_open",
            "planned_calls": "complete",
            "region": "SE",
            "own_numbers": [LEARNED, "+46701234567"],
            "blocked_numbers": ["+358400124387", "+358600*"],
            "minimum_seconds": 3,
            "webhook_auth": None,
            "subjects": NO_TEXTS | {"out_unanswered": "Tried to reach {name}"},
            "notes": NO_TEXTS | {"in_answered": "{organization}"},
            "working_hours": {"mon": "08:00-16:00", "sat": "10:30-14:00"},
            "outside_hours": "skip",
            **FOLLOW_UPS,
        }

    def test_what_was_saved_stands_in_the_form_and_saving_it_changes_nothing(self, admin: Client) -> None:
        patch(admin, several_contacts="ask", deals="newest_open", region="EE", own_numbers=[LEARNED, "+46701234567"])
        patch(admin, subjects={"in_missed": "{name}"}, working_hours={"mon": "8.30-16"}, outside_hours="skip")
        before = admin.get(API).json()
        form = settings_form(admin)
        assert (form.fields["several_contacts"], form.fields["deals"]) == ("ask", "newest_open")
        assert form.fields["region"] == "EE"
        assert (form.fields["hours_mon"], form.fields["subject_in_missed"]) == ("8.30–16", "{name}")
        assert form.fields["own_numbers"].split("\n")[-2:] == ["050 111 2222", "+46 70 123 45 67"]
        assert save(admin, form).status_code == 302
        assert admin.get(API).json() == before

    @pytest.mark.parametrize(
        ("values", "sentence"),
        [
            ({"blocked_numbers": "everybody"}, "everybody is not a telephone number"),
            ({"own_numbers": "040 123 4567\nmy phone\n112"}, "my phone is not a telephone number"),
            ({"own_numbers": "040 123 4567\nmy phone\n112"}, "112 is not a telephone number"),
            ({"unknown_caller": "create_person", "create_person_for": []}, "Choose at least one kind of call"),
            ({"region": "XX"}, "Select a valid choice"),
            ({"several_contacts": "all"}, "Select a valid choice"),
            ({"subject_in_missed": "{customer}"}, "{customer} is not known. You can use {name}, {organization}"),
            ({"note_in_missed": "Hi } {name}"}, "A brace stands alone: }"),
            ({"hours_mon": "always"}, "“always” is no working time"),
            ({"hours_mon": "8-25"}, "the day has 24 hours"),
            ({"hours_mon": "16-8"}, "“16-8” ends before it begins"),
            ({"outside_hours": "skip"}, "Enter your working hours first"),
        ],
    )
    def test_what_is_wrong_is_said_and_nothing_is_saved(self, admin: Client, values: Any, sentence: str) -> None:
        before = admin.get(API).json()
        answer = save(admin, settings_form(admin), **{"language": "en", "activity_type": "meeting", **values})
        assert answer.status_code == 200
        assert sentence in answer.content.decode()
        assert admin.get(API).json() == before

    @pytest.mark.parametrize(
        ("language", "first", "later"),
        [("en", "Finland", ["Åland Islands", "Sweden"]), ("fi", "Suomi", ["Ruotsi", "Viro"])],
    )
    def test_the_countries_have_the_readers_names_and_finland_is_first(
        self, admin: Client, language: str, first: str, later: list[str]
    ) -> None:
        page = admin.get(PAGE, headers={"Accept-Language": language}).content.decode()
        options = page[page.index('<select name="region"') :].partition("</select>")[0]
        places = [options.index(f">{name}<") for name in (first, *later)]
        assert places == sorted(places)


class TestActivityType:
    def test_a_key_is_typed_until_pipedrives_types_are_known(self, admin: Client) -> None:
        page = admin.get(PAGE).content.decode()
        assert '<input type="text" name="activity_type" value="call"' in page

    def test_then_it_is_chosen_by_name(self, admin: Client, connected: Connect, bo: User, place: Place) -> None:
        connected(bo)
        log(place())
        page = admin.get(PAGE).content.decode()
        options = page[page.index('<select name="activity_type"') :].partition("</select>")[0]
        assert '<option value="call" selected>' in options
        assert '<option value="meeting">' in options
        assert save(admin, settings_form(admin), activity_type="meeting").status_code == 302
        assert admin.get(API).json()["activity_type"] == "meeting"

    def test_one_that_pipedrive_does_not_have_is_kept_and_marked(
        self, admin: Client, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        patch(admin, activity_type="visit")
        log(place())
        page = admin.get(PAGE).content.decode()
        assert '<option value="visit" selected>visit (not active in Pipedrive)</option>' in page
        assert save(admin, settings_form(admin)).status_code == 302
        assert admin.get(API).json()["activity_type"] == "visit"


class TestOwnNumbersOnThePage:
    def test_a_removed_line_removes_the_number_for_good(self, admin: Client, company: Company) -> None:
        learn(company, LEARNED)
        save(admin, settings_form(admin), own_numbers="040 123 4567")
        learn(company, LEARNED)
        assert own_numbers_of(company) == ["+358401234567"]

    def test_one_learned_while_the_form_was_open_stays(self, admin: Client, company: Company) -> None:
        form = settings_form(admin)
        learn(company, LEARNED)
        save(admin, form, own_numbers="040 123 4567")
        assert own_numbers_of(company) == ["+358401234567", LEARNED]

    def test_it_stays_also_when_the_form_had_to_be_corrected_first(self, admin: Client, company: Company) -> None:
        learn(company, "+358401234567")
        form = settings_form(admin)
        learn(company, LEARNED)
        wrong = save(admin, form, own_numbers="my phone").content.decode()
        corrected = next(each for each in forms_in(wrong) if "own_numbers" in each.names)
        save(admin, corrected, own_numbers="")
        assert own_numbers_of(company) == [LEARNED]

    def test_one_that_somebody_else_removed_meanwhile_does_not_come_back(self, admin: Client, company: Company) -> None:
        learn(company, LEARNED)
        form = settings_form(admin)
        patch(admin, own_numbers=[])
        save(admin, form)
        assert own_numbers_of(company) == []

    def test_a_learned_number_that_nobody_could_type_does_not_hinder_saving(
        self, admin: Client, company: Company
    ) -> None:
        learn(company, "+99912")
        assert save(admin, settings_form(admin)).status_code == 302
        assert own_numbers_of(company) == ["+99912"]
