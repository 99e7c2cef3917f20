"""The call history as a page: search, filters as chips, totals, charts, and rows that change while somebody looks."""

import datetime
import re
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from calls.models import Call, PersonWord
from calls.person_words import remember_name
from calls.tasks import forget_erased_names
from tests.calls.test_api import START, make_call
from tests.conftest import company_of

BrowserOf = Callable[[User], Client]
HTMX = {"HX-Request": "true"}


def named_call(user: User, number: int, name: str, **fields: Any) -> Call:
    """A logged call with a person, as the engine leaves it."""
    remember_name(company_id=company_of(user).pk, person_id=number, name=name)
    logged = {"status": "logged", "reason": "logged", "activity_id": number, "activity_url": "https://x.example/"}
    return make_call(user, number, person_id=number, person_name=name, **logged | fields)


def found(client: Client, **query: str) -> list[str]:
    answer = client.get("/calls/", query)
    assert answer.status_code == 200
    return [call.external_id for call in answer.context["calls"]]


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]*>", " ", page).split())


class TestSearch:
    @pytest.mark.parametrize(
        ("typed", "numbers"),
        [
            ("mäkinen", [2, 1]),
            ("makinen", [2, 1]),
            ("MÄKI", [3, 2, 1]),
            ("eero mäk", [1]),
            ("mäk eero", [1]),
            ("aho", [3]),
            ("li", [4]),
            ("l", []),
            ("kinen", []),
            ("040 555 0003", [3]),
            ("+358405550003", [3]),
            ("00358 40 555 0003", [3]),
            ("!!!", []),
        ],
    )
    def test_one_box_takes_names_and_numbers(self, aino: User, admin: Client, typed: str, numbers: list[int]) -> None:
        names = ["Eero Mäkinen", "Siiri Mäkinen", "Åsa Mäki-Aho", "Li Wei"]
        calls = [
            named_call(aino, number, name, customer_number=f"+35840555000{number}")
            for number, name in enumerate(names, 1)
        ]
        assert found(admin, q=typed) == [calls[number - 1].external_id for number in numbers]
        if typed[0].isalpha():
            assert found(admin, person=typed) == found(admin, q=typed)

    def test_a_support_code_finds_its_call_however_it_is_read_out(self, aino: User, admin: Client) -> None:
        make_call(aino, 1)
        call = make_call(aino, 2, reference="ABCD2345WXYZ")
        for typed in ("ABC-D23", "abc d23", "ABCD2345WXYZ"):
            assert found(admin, q=typed) == [call.external_id]

    def test_twelve_digits_that_are_nobodys_code_are_a_number(self, aino: User, admin: Client) -> None:
        call = make_call(aino, 1, customer_number="+358449876543")
        assert found(admin, q="358449876543") == [call.external_id]

    def test_a_usual_name_is_searched_in_the_order_of_time(
        self, aino: User, admin: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("calls.person_words.MANY_PERSONS", 2)
        calls = [named_call(aino, number, f"Matti {number}") for number in range(1, 5)]
        make_call(aino, 9)
        assert found(admin, q="matti") == [call.external_id for call in reversed(calls)]

    def test_names_of_other_companies_and_of_colleagues_find_nothing(
        self, aino: User, bo: User, cecilia: User, staff: User, browser_of: BrowserOf
    ) -> None:
        named_call(aino, 1, "Eero Mäkinen")
        for user in (bo, cecilia, staff):
            assert found(browser_of(user), q="Mäkinen") == []

    def test_a_call_that_has_lost_its_name_is_not_found_by_it_and_the_name_is_forgotten(
        self, aino: User, admin: Client
    ) -> None:
        private, kept = named_call(aino, 1, "Salla Salo"), named_call(aino, 2, "Kalle Kivi")
        Call.objects.filter(pk=private.pk).update(person_name="")
        assert found(admin, q="salo") == []
        forget_erased_names()
        assert sorted(PersonWord.objects.values_list("word", flat=True)) == ["kalle", "kivi"]
        assert found(admin, q="kivi") == [kept.external_id]


class TestChips:
    def test_each_filter_is_taken_away_alone(self, aino: User, admin: Client) -> None:
        query = {"status": "waiting", "answered": "true", "since": "2026-11-01", "number": "", "cursor": ""}
        page = admin.get("/calls/", query)
        assert [(chip.label, chip.value) for chip in page.context["chips"]] == [
            ("Status", "Waiting"),
            ("Answered", "Answered"),
            ("From", "1 Nov 2026"),
        ]
        first = page.context["chips"][0]
        assert "status" not in first.without
        assert "answered=true&since=2026-11-01" in first.without
        assert found(admin, status="logged") == []
        assert admin.get(f"/calls/?{first.without}").status_code == 200

    def test_without_filters_there_are_none(self, aino: User, admin: Client) -> None:
        make_call(aino)
        assert admin.get("/calls/").context["chips"] == []

    def test_a_filter_that_cannot_be_used_is_marked_and_no_chip(self, aino: User, admin: Client) -> None:
        page = admin.get("/calls/", {"status": "lost", "q": "Eero"})
        assert [chip.value for chip in page.context["chips"]] == ["Eero"]
        assert "The filter could not be used" in page.content.decode()


class TestTotals:
    def test_the_statuses_of_the_filter_lead_to_their_calls(self, aino: User, bo: User, admin: Client) -> None:
        named_call(aino, 1, "Eero")
        for number in (2, 3):
            make_call(bo, number)
        make_call(bo, 4, status="skipped", reason="rule", direction="out")
        page = admin.get("/calls/", {"direction": "in"})
        words = text_of(page.content.decode())
        assert "3 calls" in words
        assert "Logged 1 Waiting 2" in words
        assert 'href="/calls/?direction=in&amp;status=waiting"' in page.content.decode()
        assert "Skipped 1" in text_of(admin.get("/calls/").content.decode())

    def test_days_and_hours_are_helsinkis(self, aino: User, admin: Client) -> None:
        at = datetime.datetime(2026, 10, 24, 22, 30, tzinfo=datetime.UTC)  # 1.30 on the 25th, the clock goes back at 4
        make_call(aino, 1, started_at=at)
        make_call(aino, 2, started_at=at + datetime.timedelta(hours=4), answered=False)  # 4.30 by the new clock
        page = admin.get("/calls/")
        days, hours = page.context["charts"]
        assert [(bar.value.name, bar.value.cells) for bar in days.bars] == [("25 Oct 2026", ("1", "1"))]
        assert {bar.value.label: bar.value.cells for bar in hours.bars if any(bar.value.parts)} == {
            "1": ("1", "0"),
            "4": ("0", "1"),
        }

    def test_days_without_calls_have_their_place(self, aino: User, admin: Client) -> None:
        for number in (0, 24 * 3, 24 * 40):
            make_call(aino, number)
        days = admin.get("/calls/").context["charts"][0]
        assert len(days.bars) == 31
        assert [bar.value.parts for bar in days.bars][-2:] == [(0, 0), (1, 0)]

    def test_each_chart_has_a_name_and_its_numbers_as_a_table(self, aino: User, admin: Client) -> None:
        make_call(aino)
        page = admin.get("/calls/").content.decode()
        assert page.count('<svg class="bars" role="img" aria-labelledby="chart-') == 2
        assert page.count("The same as a table") == 2
        assert re.search(r'<th scope="row">2 Nov 2026</th><td class="end number">1</td>', page)
        assert "style=" not in page


class TestLiveRows:
    def live(self, client: Client, page: Any, **headers: str) -> Any:
        path = re.search(r'hx-get="([^"]+)"', page.content.decode())
        assert path is not None
        return client.get(path[1].replace("&amp;", "&"), headers=HTMX | headers)

    def test_nothing_is_sent_while_nothing_has_changed_and_little_is_asked(
        self, aino: User, admin: Client, django_assert_max_num_queries: Any
    ) -> None:
        make_call(aino)
        page = admin.get("/calls/", {"status": "waiting"})
        with django_assert_max_num_queries(3):
            answer = self.live(admin, page)
        assert (answer.status_code, answer.content) == (204, b"")

    def test_a_new_call_and_a_changed_one_come_by_themselves(self, aino: User, admin: Client) -> None:
        call = make_call(aino)
        page = admin.get("/calls/")
        new = make_call(aino, 2)
        first = self.live(admin, page)
        assert first.status_code == 200
        assert new.reference in first.content.decode()
        assert "<html" not in first.content.decode()
        assert self.live(admin, first).status_code == 204
        Call.objects.filter(pk=call.pk).update(status="logged", reason="logged", activity_id=1)
        assert "Logged 1 Waiting 1" in text_of(self.live(admin, first).content.decode())

    def test_the_filter_and_the_page_stay(self, aino: User, admin: Client) -> None:
        for number in range(60):
            make_call(aino, number, answered=number != 5)
        first = admin.get("/calls/", {"answered": "true"})
        second = admin.get(f"/calls/?{first.context['older']}")
        Call.objects.filter(external_id=f"c-{aino.pk}-0").update(person_name="Uusi Nimi")
        renewed = self.live(admin, second)
        assert len(renewed.context["calls"]) == 9
        assert "Uusi Nimi" in renewed.content.decode()

    def test_the_totals_are_right_though_the_change_is_on_another_page(
        self, aino: User, admin: Client, django_assert_max_num_queries: Any
    ) -> None:
        for number in range(60):
            make_call(aino, number)
        first = admin.get("/calls/")
        second = admin.get(f"/calls/?{first.context['older']}")
        with django_assert_max_num_queries(4):
            assert self.live(admin, first).status_code == 204
        assert self.live(admin, second).status_code == 204
        newest, oldest = Call.objects.latest("started_at").pk, Call.objects.earliest("started_at").pk
        for logged, (page, changed) in enumerate(((first, oldest), (second, newest)), start=1):
            Call.objects.filter(pk=changed).update(status="logged", reason="logged", activity_id=logged)
            assert self.live(admin, page).context["totals"].statuses["logged"] == logged

    def test_an_empty_history_shows_the_first_call(self, aino: User, admin: Client) -> None:
        page = admin.get("/calls/")
        assert "No calls yet" in page.content.decode()
        make_call(aino)
        assert "No calls yet" not in self.live(admin, page).content.decode()

    def test_whoever_was_logged_out_gets_the_page_anew(self, aino: User, admin: Client) -> None:
        answer = self.live(Client(), admin.get("/calls/"))
        assert (answer.status_code, answer["HX-Refresh"]) == (204, "true")

    def test_in_a_window_of_its_own_it_leads_to_the_page(self, aino: User, admin: Client) -> None:
        answer = admin.get("/calls/live/", {"status": "waiting", "version": "x"})
        assert (answer.status_code, answer["Location"]) == (302, "/calls/?status=waiting")


def test_a_page_of_calls_asks_no_more_than_twelve_questions(
    aino: User, bo: User, admin: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(60):
        named_call(bo if number % 2 else aino, number, f"Matti {number}")
    with django_assert_max_num_queries(12):
        admin.get("/calls/", {"q": "matti", "rep": bo.email, "since": START.date().isoformat()})
