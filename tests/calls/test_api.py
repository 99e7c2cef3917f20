"""Calls and the company's settings as JSON, and the call history as a page."""

import datetime
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.test.utils import override_settings

from accounts.models import Company, User
from calls.models import Call
from calls.reasons import EXPLANATIONS, REASONS_OF, Reason, Status
from tests.conftest import company_of

BrowserOf = Callable[[User], Client]
START = datetime.datetime(2026, 11, 2, 7, 0, tzinfo=datetime.UTC)


def make_call(user: User, number: int = 0, **fields: Any) -> Call:
    """A waiting call of somebody, the `number`th hour after the start."""
    defaults = {
        "company": company_of(user),
        "rep": user,
        "rep_email": user.email,
        "rep_key": f"email:{user.email}",
        "external_id": f"c-{user.pk}-{number}",
        "direction": "in",
        "answered": True,
        "result": "answered",
        "customer_number": "+358400124387",
        "customer_number_typed": "0400124387",
        "own_number": "+358941234567",
        "started_at": START + datetime.timedelta(hours=number),
        "ring_seconds": 8,
        "talk_seconds": 172,
        "status": "waiting",
        "reason": "no_contact",
    }
    return Call.objects.create(**defaults | fields)


def listed(client: Client, **query: Any) -> list[str]:
    answer = client.get("/api/v1/calls/", query)
    assert answer.status_code == 200, answer.content
    return [call["external_id"] for call in answer.json()["results"]]


def test_every_field_of_a_call(bo: User, browser_of: BrowserOf) -> None:
    call = make_call(
        bo,
        status="logged",
        reason="logged",
        person_id=5,
        person_name="Eero Mäkinen",
        organization_id=6,
        organization_name="Kuusikon Puutarha Oy",
        activity_id=7,
        activity_url="https://esimerkki.pipedrive.com/activities/list#dialog/activity/7",
    )
    answer = browser_of(bo).get(f"/api/v1/calls/{call.reference}/", headers={"Accept-Language": "en"}).json()
    assert answer | {"received_at": ..., "logged_at": ..., "steps": ...} == {
        "id": call.reference,
        "external_id": call.external_id,
        "direction": "in",
        "answered": True,
        "result": "answered",
        "customer_number": "+358400124387",
        "own_number": "+358941234567",
        "started_at": "2026-11-02T07:00:00Z",
        "ended_at": None,
        "ring_seconds": 8,
        "talk_seconds": 172,
        "rep": "bo@esimerkki.example",
        "rep_email": "bo@esimerkki.example",
        "status": "logged",
        "reason": "logged",
        "explanation": "The call is logged to Pipedrive.",
        "person": {"id": 5, "name": "Eero Mäkinen"},
        "organization": {"id": 6, "name": "Kuusikon Puutarha Oy"},
        "activity_id": 7,
        "activity_url": "https://esimerkki.pipedrive.com/activities/list#dialog/activity/7",
        "received_at": ...,
        "logged_at": ...,
        "support_code": f"{call.reference[:3]}-{call.reference[3:6]}",
        "steps": ...,
    }


def test_what_is_not_known_is_null(aino: User, browser_of: BrowserOf) -> None:
    call = make_call(aino, rep=None, customer_number="", customer_number_typed="", rep_email="", rep_key="")
    answer = browser_of(aino).get(f"/api/v1/calls/{call.reference}/").json()
    unknown = ("customer_number", "rep", "person", "organization", "activity_id", "activity_url")
    assert [answer[name] for name in unknown] == [None] * len(unknown)


class TestWhoSeesWhat:
    def test_a_rep_sees_the_own_calls(self, aino: User, bo: User, browser_of: BrowserOf) -> None:
        make_call(aino, 1)
        own = make_call(bo, 2)
        assert listed(browser_of(bo)) == [own.external_id]

    def test_the_company_admin_sees_the_companys(self, aino: User, bo: User, browser_of: BrowserOf) -> None:
        make_call(bo, 1)
        make_call(aino, 2, rep=None)
        assert len(listed(browser_of(aino))) == 2

    def test_another_company_sees_nothing(self, bo: User, cecilia: User, browser_of: BrowserOf) -> None:
        call = make_call(bo)
        client = browser_of(cecilia)
        assert listed(client) == []
        assert client.get(f"/api/v1/calls/{call.reference}/").status_code == 404
        assert client.get(f"/calls/{call.reference}/").status_code == 404
        assert call.reference not in client.get("/calls/").content.decode()

    def test_a_colleague_who_is_no_admin_does_not_see_the_call(
        self, aino: User, bo: User, browser_of: BrowserOf
    ) -> None:
        call = make_call(aino)
        assert browser_of(bo).get(f"/api/v1/calls/{call.reference}/").status_code == 404

    def test_somebody_who_left_the_company_does_not_see_its_calls(self, bo: User, browser_of: BrowserOf) -> None:
        make_call(bo)
        bo.company = Company.objects.create(name="Uusi Oy")
        bo.save()
        assert listed(browser_of(bo)) == []

    def test_nobody_is_401(self, db: None) -> None:
        answer = Client().get("/api/v1/calls/")
        assert (answer.status_code, answer["WWW-Authenticate"]) == (401, "Bearer")


class TestFilters:
    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"status": "logged"}, [3]),
            ({"status": "waiting"}, [2, 1, 0]),
            ({"reason": "no_contact"}, [1, 0]),
            ({"direction": "out"}, [1]),
            ({"answered": "false"}, [2]),
            ({"answered": "true"}, [3, 1, 0]),
            ({"answered": "True"}, [3, 1, 0]),
            ({"number": "+358400124387"}, [2, 1, 0]),
            ({"number": "040 012 4387"}, [2, 1, 0]),
            ({"number": "00358400124399"}, [3]),
            ({"number": "nobody"}, []),
            ({"rep": "BO@esimerkki.example"}, [3, 2, 1]),
            ({"since": "2026-11-02T08:00:00Z"}, [3, 2, 1]),
            ({"since": "2026-11-02T10:00:00+02:00"}, [3, 2, 1]),
            ({"until": "2026-11-02T08:00:00Z"}, [0]),
            ({"since": "2026-11-02T08:00:00Z", "until": "2026-11-02T09:00:00Z"}, [1]),
            ({"since": "2026-11-02T10:00:00"}, [3, 2, 1]),
        ],
    )
    def test_each(self, aino: User, bo: User, browser_of: BrowserOf, query: Any, found: list[int]) -> None:
        calls = [
            make_call(aino, 0),
            make_call(bo, 1, direction="out"),
            make_call(bo, 2, answered=False, reason="no_license"),
            make_call(bo, 3, customer_number="+358400124399", status="logged", reason="logged", activity_id=1),
        ]
        assert listed(browser_of(aino), **query) == [calls[number].external_id for number in found]

    @pytest.mark.parametrize(
        "query",
        [
            {"status": "lost"},
            {"direction": "up"},
            {"answered": "banana"},
            {"since": "yesterday"},
            {"since": "0001-01-01T00:00:00"},
            {"since": "0001-01-01T00:00:00+14:00"},
            {"until": "9999-12-31T23:59:59-12:00"},
        ],
    )
    def test_nonsense_is_400(self, aino: User, browser_of: BrowserOf, query: Any) -> None:
        assert browser_of(aino).get("/api/v1/calls/", query).status_code == 400


def test_pages_do_not_shift_when_a_call_comes_in(aino: User, browser_of: BrowserOf) -> None:
    for number in range(5):
        make_call(aino, number)
    client = browser_of(aino)
    first = client.get("/api/v1/calls/", {"page_size": 2}).json()
    make_call(aino, 9)
    second = client.get(first["next"]).json()
    third = client.get(second["next"]).json()
    pages = [[call["external_id"][-1] for call in page["results"]] for page in (first, second, third)]
    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    assert (first["previous"], third["next"]) == (None, None)
    assert client.get(third["previous"]).json()["results"] == second["results"]


@override_settings(SITE_URL="https://connector.saashop.example")
def test_the_links_to_other_pages_carry_the_public_address(aino: User, browser_of: BrowserOf) -> None:
    for number in range(3):
        make_call(aino, number)
    client = browser_of(aino)
    first = client.get("/api/v1/calls/?page_size=1&direction=in").json()
    second = client.get(first["next"].removeprefix("https://connector.saashop.example")).json()
    for link in (first["next"], second["previous"]):
        assert link.startswith("https://connector.saashop.example/api/v1/calls/?")
        assert {"direction", "page_size", "cursor"} == set(parse_qs(urlsplit(link).query))


@pytest.mark.parametrize(
    "cursor",
    ["cD1hYmM=", "cj0xJnA9OTk5OQ==", "cD0yMDI2LTEzLTQ1", "cD0A", "cD0wMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAw", "%00", "x"],
)
def test_a_cursor_that_is_not_ours_is_404(aino: User, browser_of: BrowserOf, cursor: str) -> None:
    make_call(aino)
    assert browser_of(aino).get("/api/v1/calls/", {"cursor": cursor}).status_code == 404


@pytest.mark.parametrize("path", ["/calls/%00/", "/api/v1/calls/%00/", "/calls/x/", "/api/v1/calls/<b>/"])
def test_an_odd_reference_is_404(aino: User, browser_of: BrowserOf, path: str) -> None:
    assert browser_of(aino).get(path).status_code == 404


@pytest.mark.parametrize("language", ["en", "fi"])
def test_every_reason_is_explained_on_the_page(aino: User, browser_of: BrowserOf, language: str) -> None:
    client = browser_of(aino)
    for number, (status, reasons) in enumerate(REASONS_OF.items()):
        for reason in reasons:
            fields: dict[str, Any] = {"activity_id": 1} if status == Status.LOGGED else {}
            if reason == "private_number":
                fields = {"private_since": START, "customer_number": "", "customer_number_typed": ""}
            call = make_call(aino, number, status=status, reason=reason, **fields)
            page = client.get(f"/calls/{call.reference}/", headers={"Accept-Language": language})
            assert page.status_code == 200
            call.delete()
    assert set(EXPLANATIONS) == set(Reason) == set().union(*REASONS_OF.values())


def test_the_history_is_paged_and_filtered(aino: User, browser_of: BrowserOf) -> None:
    for number in range(51):
        make_call(aino, number, customer_number=f"+3584001243{number:02d}")
    client = browser_of(aino)
    first = client.get("/calls/")
    assert "040 012 4300" not in first.content.decode()
    second = client.get(f"/calls/?{first.context['older']}")
    assert "040 012 4300" in second.content.decode()
    newer = client.get(f"/calls/?{second.context['newer']}")
    assert newer.context["calls"] == first.context["calls"]
    assert (first.context["newer"], second.context["older"]) == (None, None)
    assert "040 012 4300" in client.get("/calls/", {"number": "0400124300"}).content.decode()
    days = client.get("/calls/", {"since": "2026-11-03", "until": "2026-11-03"})
    assert days.context["count"] == 24


def test_the_links_of_the_history_keep_the_filter(aino: User, browser_of: BrowserOf) -> None:
    for number in range(60):
        make_call(aino, number, answered=number != 5)
    first = browser_of(aino).get("/calls/", {"answered": "true"})
    second = browser_of(aino).get(f"/calls/?{first.context['older']}")
    assert [len(each.context["calls"]) for each in (first, second)] == [50, 9]


@pytest.mark.parametrize("cursor", ["cD1hYmM=", "x", "%00"])
def test_a_page_of_the_history_that_is_not_there_is_404(aino: User, browser_of: BrowserOf, cursor: str) -> None:
    make_call(aino)
    assert browser_of(aino).get("/calls/", {"cursor": cursor}).status_code == 404


def test_no_more_than_two_thousand_calls_are_counted(aino: User, browser_of: BrowserOf) -> None:
    company = company_of(aino)
    Call.objects.bulk_create(
        Call(
            company=company,
            external_id=f"c-{number}",
            rep_key="r",
            rep=aino,
            direction="in",
            answered=True,
            result="answered",
            started_at=START,
        )
        for number in range(2_001)
    )
    page = browser_of(aino).get("/calls/", headers={"Accept-Language": "en"}).content.decode()
    assert "More than 2,000 calls" in page
    Call.objects.filter(external_id="c-0").delete()
    assert "2,000 calls" in browser_of(aino).get("/calls/", headers={"Accept-Language": "en"}).content.decode()


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_at_the_end_of_the_calendar_is_no_day_of_calls(aino: User, browser_of: BrowserOf, day: str) -> None:
    page = browser_of(aino).get("/calls/", {"since": day})
    assert page.context["filter"].form.errors.keys() == {"since"}


def test_the_schema_names_every_address(aino: User, browser_of: BrowserOf) -> None:
    schema = browser_of(aino).get("/api/v1/schema/", headers={"Accept": "application/vnd.oai.openapi+json"}).json()
    assert set(schema["paths"]) == {
        "/api/v1/calls/",
        "/api/v1/calls/{id}/",
        "/api/v1/orders/",
        "/api/v1/settings/company/",
        "/api/v1/settings/me/",
        "/api/v1/tokens/",
        "/api/v1/tokens/{id}/",
    }
    filters = {parameter["name"] for parameter in schema["paths"]["/api/v1/calls/"]["get"]["parameters"]}
    assert {"status", "reason", "direction", "answered", "number", "rep", "since", "until", "cursor"} <= filters
    fields = schema["components"]["schemas"]["Call"]["properties"]
    assert fields["person"]["nullable"]
