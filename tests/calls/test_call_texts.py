"""The company's own subjects and notes: what they say, what they can never take away, how they are tried."""

import datetime
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import Company, User
from calls.activity_texts import note_of, subject_of
from calls.matching import Match
from calls.models import Call, LoggingPolicy
from tests.calls.settings_steps import KINDS, PAGE, patch, settings_form
from tests.calls.steps import Connect, Place, activities, log
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

EERO = Match(person_id=5, name="Eero Mäkinen", organization_id=6, organization_name="Kuusikon Puutarha Oy")
PREVIEW = "/settings/company/texts/"
FACTS = (
    "Incoming call, answered<br>From: +358400124387<br>To: +358941234567<br>"
    "Talk time: 2 min 52 s (172 s)<br>Ring time: 8 s<br>Ref ABCDEFGH2345"
)


def a_call(**changes: Any) -> Call:
    fields: dict[str, Any] = {
        "direction": "in",
        "answered": True,
        "result": "answered",
        "customer_number": "+358400124387",
        "own_number": "+358941234567",
        "started_at": datetime.datetime(2026, 3, 1, 22, 5, tzinfo=datetime.UTC),
        "ring_seconds": 8,
        "talk_seconds": 172,
    }
    return Call(company=Company(region="FI"), reference="ABCDEFGH2345", **fields | changes)


def texts(template: str, *, language: str = "en", match: Match = EERO, **changes: Any) -> tuple[str, str]:
    """Subject and note of a call whose company has one text for all."""
    policy = LoggingPolicy(**{f"{part}_{kind}": template for part in ("subject", "note") for kind in KINDS})
    call = a_call(**changes)
    with translation.override(language):
        return (
            subject_of(call, match, policy, rep_name="Bo Berg"),
            note_of(call, match, policy, rep_name="Bo Berg"),
        )


@pytest.mark.parametrize(
    ("template", "english", "finnish"),
    [
        ("{name}", "Eero Mäkinen", "Eero Mäkinen"),
        ("{organization}: {name}", "Kuusikon Puutarha Oy: Eero Mäkinen", "Kuusikon Puutarha Oy: Eero Mäkinen"),
        ("{number} → {own_number}", "040 012 4387 → 09 4123 4567", "040 012 4387 → 09 4123 4567"),
        ("{rep}", "Bo Berg", "Bo Berg"),
        ("{direction}, {result}", "incoming, answered", "saapuva, vastattu"),
        ("{duration}/{ring_time}", "2 min 52 s/8 s", "2 min 52 s/8 s"),
        ("{date} {time}", "2 Mar 2026 00:05", "2.3.2026 0.05"),
        ("  two \n lines  ", "two lines", "two lines"),
        ("100 % $name {{}}", "100 % $name {{}}", "100 % $name {{}}"),
    ],
)
def test_what_the_words_in_braces_stand_for(template: str, english: str, finnish: str) -> None:
    in_english, in_finnish = (texts(template, language=language)[0] for language in ("en", "fi"))
    assert (in_english.replace("  ", " "), in_finnish) == (english, finnish)


@pytest.mark.parametrize(
    ("direction", "answered", "default"),
    [
        ("in", True, "Incoming call, 2 min 52 s"),
        ("in", False, "Missed call"),
        ("out", True, "Outgoing call, 2 min 52 s"),
        ("out", False, "Outgoing call, no answer"),
    ],
)
def test_an_empty_template_and_one_that_comes_to_nothing_give_the_portals_subject(
    direction: str,
    answered: bool,  # noqa: FBT001 - from the table
    default: str,
) -> None:
    assert texts("", direction=direction, answered=answered)[0] == default
    nobodys = Match(person_id=5, name="Eero")
    assert texts("{organization}", match=nobodys, direction=direction, answered=answered)[0].startswith(default[:11])


def test_each_kind_of_call_has_its_own() -> None:
    policy = LoggingPolicy(subject_in_missed="Missed: {name}", subject_out_answered="Sold to {name}?")
    with translation.override("en"):
        missed = subject_of(a_call(answered=False, result="missed"), EERO, policy, rep_name="")
        called = subject_of(a_call(direction="out"), EERO, policy, rep_name="")
        incoming = subject_of(a_call(), EERO, policy, rep_name="")
    assert (missed, called, incoming) == (
        "Missed: Eero Mäkinen",
        "Sold to Eero Mäkinen?",
        "Incoming call, 2 min 52 s",
    )


@pytest.mark.parametrize("template", ["", "Hello {name}", "Ref WRONG", "<!--", "{organization}" * 50, "\n\n"])
def test_the_facts_stand_in_every_note_whatever_the_template_says(template: str) -> None:
    assert texts(template)[1].endswith(FACTS)


def test_what_customers_are_called_is_never_read_as_a_template_or_as_html() -> None:
    sly = Match(person_id=5, name="{number} {rep} <img src=x> & co")
    subject, note = texts("{name}", match=sly)
    assert subject == "{number} {rep} <img src=x> & co"
    assert note == f"{{number}} {{rep}} &lt;img src=x&gt; &amp; co<br>{FACTS}"


def test_html_in_a_template_is_shown_as_it_is_typed_and_lines_stay_lines() -> None:
    assert texts("<b>{name}</b>\nsecond")[1] == f"&lt;b&gt;Eero Mäkinen&lt;/b&gt;<br>second<br>{FACTS}"


def test_a_subject_is_never_longer_than_pipedrive_takes() -> None:
    assert len(texts("{name}", match=Match(person_id=5, name="x" * 400))[0]) == 255


def test_the_activity_in_pipedrive_carries_them(
    outside: Sandbox, admin: Client, connected: Connect, place: Place, bo: User
) -> None:
    connection = connected(bo)
    patch(admin, language="en", subjects={"in_answered": "{name} · {rep}"}, notes={"in_answered": "{organization}!"})
    log(place())
    (activity,) = activities(outside)
    assert activity["subject"] == f"Eero Mäkinen · {connection.name}"
    assert activity["note"].startswith("Kuusikon Puutarha Oy!<br>Incoming call, answered<br>")


class TestPreview:
    def test_it_shows_every_kind_in_the_companys_language_and_saves_nothing(self, admin: Client, aino: User) -> None:
        form = settings_form(admin)
        values = {**form.fields, "create_person_for": KINDS, "language": "fi", "subject_in_missed": "Oi! {name} {date}"}
        page = admin.post(PREVIEW, values).content.decode()
        assert "<h1>Company settings</h1>" in page
        assert "Oi! Eero Mäkinen" in page
        assert "Saapuva puhelu, 2 min 52 s" in page
        assert "Ref ABCDEFGH2345" in page
        assert 'value="Oi! {name} {date}"' in page
        assert not LoggingPolicy.objects.filter(company=company_of(aino)).exclude(subject_in_missed="").exists()

    def test_htmx_gets_the_part_alone(self, admin: Client) -> None:
        values = {**settings_form(admin).fields, "language": "en", "note_in_missed": "<i>{name}</i>"}
        part = admin.post(PREVIEW, values, headers={"HX-Request": "true"}).content.decode()
        assert part.lstrip().startswith('<div id="text-previews"')
        assert "&lt;i&gt;Eero Mäkinen&lt;/i&gt;<br>Incoming call, not answered" in part

    def test_it_names_what_is_wrong_and_does_not_mind_what_is_wrong_elsewhere(self, admin: Client) -> None:
        values = {**settings_form(admin).fields, "blocked_numbers": "everybody", "subject_in_missed": "{customer}"}
        part = admin.post(PREVIEW, values, headers={"HX-Request": "true"}).content.decode()
        assert "Incoming, missed, Subject: {customer} is not known." in part
        assert "everybody" not in part

    def test_the_page_lists_every_word(self, admin: Client) -> None:
        page = admin.get(PAGE).content.decode()
        assert "<code>{ring_time}</code>" in page
