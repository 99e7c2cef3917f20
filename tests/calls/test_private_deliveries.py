"""Of a private call nothing of the other side stays in anything that Mustalinja has sent."""

import json
from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import EmailAlias, User
from calls.models import Call, WebhookDelivery
from calls.privacy import make_number_private, mark_private
from calls.private_numbers import add_number
from integrations.models import MustalinjaAccount
from tests.calls.backfill_steps import list_fault, pull
from tests.calls.events import Json, deliver, ended_call
from tests.calls.steps import log, outcome
from tests.calls.test_private_calls import NUMBER, PRIVATE, traces_in_database
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db

ENDED = ended_call(call_id="c-1001")
LATER = {
    "another event": {**ENDED, "event": "call.started", "event_id": "e-2"},
    "an event without a direction": {"event": "call.answered", "call_id": "c-1001", "from": "+358941", "to": NUMBER},
    "an ended call that lacks its start": {**ENDED, "started_at": None, "event_id": "e-3"},
    "of which kind of event is not known": {**ENDED, "event": "sms.sent"},
    "with half a character": {**ENDED, "result": "\ud83d"},
    "another event with half a character": {**ENDED, "event": "call.started", "result": "\ud83d"},
}
NAMELESS = {
    "with the id in another field": {"callId": "c-1001", "caller": NUMBER},
    "with the number in an event that makes no call": {"event": "call.started", "caller": NUMBER},
    "cut off": json.dumps(ENDED).encode()[:-20],
    "not in UTF-8": json.dumps({**ENDED, "result": "ä"}, ensure_ascii=False).encode("latin-1"),
}
OTHERS = ended_call(call_id="c-1002", from_="+358400124388")
OF_SEVERAL: dict[str, Json | bytes] = {
    "a batch": {"calls": [ENDED, OTHERS]},
    "a list": json.dumps([ENDED, OTHERS]).encode(),
    "cut off, with the id as another number": json.dumps({**OTHERS, "talk_seconds": "c-1001"}).encode()[:-2],
}
WITHOUT_ID = {
    name: f'{{"caller": {text}, "at": 1}}'.encode()
    for name, text in {
        "international": '"+358400124387"',
        "as a number": "358400124387",
        "with double zero": '"00358 400 124387"',
        "national": '"0400 124387"',
        "with hyphens": '"040-012-4387"',
        "with its zero in brackets": '"+358 (0)40 012 4387"',
        "with a hard space": '"040\\u00a0012\\u00a04387"',
        "with the plus as a code": '"\\u002b358400124387"',
        "an address": '"sip:+358400124387@mustalinja.example"',
        "in words": '"Eero, 0400 124387, again"',
    }.items()
}
WITHOUT_ID["in a list"] = b'{"numbers": [1, 358400124387, -358400124387.50], "at": 1}'
WITHOUT_ID["in words that look like JSON"] = b'{"said": "[\\": 358400124387, 2]", "at": 1}'
WITHOUT_ID["a form"] = b"caller=%2B358%2040%20012%204387&at=1"


@pytest.fixture
def private(mustalinja: MustalinjaAccount, bo: User) -> Call:
    """A call of Bo's that he has made private."""
    deliver(mustalinja, ENDED)
    call = Call.objects.get()
    mark_private(call, by=bo)
    return call


def bodies() -> list[bytes]:
    return [bytes(body) for body in WebhookDelivery.objects.order_by("pk").values_list("body", flat=True)]


class TestWhatCameBefore:
    @pytest.mark.parametrize("other", LATER.values(), ids=LATER.keys())
    def test_whatever_names_the_call_names_nobody_any_more(
        self, mustalinja: MustalinjaAccount, bo: User, other: Json | bytes
    ) -> None:
        deliver(mustalinja, other)
        deliver(mustalinja, ENDED)
        mark_private(Call.objects.get(), by=bo)
        assert traces_in_database() == []
        assert WebhookDelivery.objects.count() == 2

    @pytest.mark.parametrize("other", NAMELESS.values(), ids=NAMELESS.keys())
    def test_what_names_no_call_loses_its_number(
        self, mustalinja: MustalinjaAccount, bo: User, other: Json | bytes
    ) -> None:
        deliver(mustalinja, other)
        deliver(mustalinja, ENDED)
        mark_private(Call.objects.get(), by=bo)
        assert [body for body in bodies() if b"400124387" in body] == []

    @pytest.mark.parametrize("several", OF_SEVERAL.values(), ids=OF_SEVERAL.keys())
    def test_what_tells_of_other_calls_as_well_loses_nothing_but_the_number(
        self, mustalinja: MustalinjaAccount, bo: User, several: Json | bytes
    ) -> None:
        deliver(mustalinja, several)
        as_it_came = bodies()[0]
        deliver(mustalinja, ENDED)
        mark_private(Call.objects.get(), by=bo)
        assert bodies()[0] == as_it_came.replace(NUMBER.encode(), b"anonymous")

    @pytest.mark.parametrize("event", [{"started_at": None}, {"event": "call.started"}])
    def test_another_reps_leg_of_the_call_stays_as_it_came(
        self, mustalinja: MustalinjaAccount, bo: User, aino: User, event: Json
    ) -> None:
        leg = {**ENDED, **event, "event_id": "e-2", "user": {"id": "u-8", "email": aino.email.upper()}}
        deliver(mustalinja, leg)
        deliver(mustalinja, ENDED)
        mark_private(Call.objects.get(), by=bo)
        deliver(mustalinja, leg)
        assert [bodies()[place] for place in (0, 2)] == [json.dumps(leg).encode()] * 2

    def test_the_reps_own_leg_under_another_email_names_nobody(self, mustalinja: MustalinjaAccount, bo: User) -> None:
        EmailAlias.objects.create(company=company_of(bo), person=bo, email="bo.muu@esimerkki.example")
        leg = {**ENDED, "started_at": None, "user": {"email": "bo.muu@esimerkki.example"}}
        deliver(mustalinja, leg)
        deliver(mustalinja, ENDED)
        mark_private(Call.objects.get(), by=bo)
        deliver(mustalinja, leg)
        assert traces_in_database() == []

    def test_a_number_of_many_calls_is_looked_for_once(self, mustalinja: MustalinjaAccount, bo: User) -> None:
        deliver(mustalinja, b"0400 124387 is calling")
        for _call in range(3):
            deliver(mustalinja, ended_call())
        with CaptureQueriesContext(connection) as captured:
            assert make_number_private(bo, NUMBER, with_logged=True) == 3
        assert len([query for query in captured if "\"event\" = 'call.ended'" in query["sql"]]) == 1
        assert traces_in_database() == []

    @pytest.mark.parametrize("body", WITHOUT_ID.values(), ids=WITHOUT_ID.keys())
    def test_what_cannot_be_read_loses_the_number_and_nothing_else(
        self, mustalinja: MustalinjaAccount, bo: User, body: bytes
    ) -> None:
        deliver(mustalinja, body)
        deliver(mustalinja, ENDED)
        mark_private(Call.objects.get(), by=bo)
        kept, _ended = bodies()
        assert traces_in_database() == []
        assert b"124387" not in kept.replace(b"-", b"").replace(b" ", b"")
        assert b"anonymous" in kept
        if body.startswith(b"{"):
            assert json.loads(kept)["at"] == 1

    def test_a_call_with_a_number_of_the_reps_list_leaves_none_either(
        self, mustalinja: MustalinjaAccount, bo: User
    ) -> None:
        add_number(bo, NUMBER)
        deliver(mustalinja, {**ENDED, "event": "call.started", "event_id": "e-2"})
        deliver(mustalinja, b"0400 124387 is calling")
        deliver(mustalinja, ENDED)
        assert outcome(log(Call.objects.get())) == PRIVATE
        assert traces_in_database() == []

    @pytest.mark.parametrize(
        "other",
        [
            {**ENDED, "call_id": "c-1002", "event": "call.started"},
            {**ENDED, "call_id": "c-1002", "started_at": None},
            b"13584001243870 and +358400124388",
        ],
    )
    def test_other_calls_deliveries_stay_as_they_came(
        self, mustalinja: MustalinjaAccount, bo: User, other: Json | bytes
    ) -> None:
        deliver(mustalinja, other)
        deliver(mustalinja, ENDED)
        mark_private(Call.objects.get(), by=bo)
        assert bodies()[0] == (other if isinstance(other, bytes) else json.dumps(other).encode())

    def test_another_companys_stay_as_they_came(self, mustalinja: MustalinjaAccount, bo: User, cecilia: User) -> None:
        for body in (ENDED | {"event": "call.started"}, b"0400 124387 is calling"):
            deliver(mustalinja, body)
        WebhookDelivery.objects.update(company=cecilia.company)
        before = bodies()
        deliver(mustalinja, ENDED)
        mark_private(Call.objects.get(), by=bo)
        assert bodies()[:2] == before


class TestWhatComesLater:
    @pytest.mark.parametrize("later", LATER.values(), ids=LATER.keys())
    def test_whatever_names_the_call_is_kept_without_the_other_side(
        self, mustalinja: MustalinjaAccount, private: Call, later: Json | bytes
    ) -> None:
        assert deliver(mustalinja, later).status_code in (200, 202)
        assert traces_in_database() == []
        assert WebhookDelivery.objects.count() == 2

    @pytest.mark.parametrize("several", OF_SEVERAL.values(), ids=OF_SEVERAL.keys())
    def test_what_names_no_call_is_kept_as_it_comes(
        self, mustalinja: MustalinjaAccount, private: Call, several: Json | bytes
    ) -> None:
        deliver(mustalinja, several)
        assert bodies()[1] == (several if isinstance(several, bytes) else json.dumps(several).encode())

    def test_other_calls_events_are_kept_as_they_come(self, mustalinja: MustalinjaAccount, private: Call) -> None:
        other = {**ENDED, "call_id": "c-1002", "event": "call.started"}
        deliver(mustalinja, other)
        assert bodies()[1] == json.dumps(other).encode()

    def test_what_the_list_has_of_it_is_not_kept_anew_every_night(
        self, outside: Sandbox, mustalinja: MustalinjaAccount, private: Call
    ) -> None:
        item = {**ENDED, "started_at": "half past nine"}
        for quarantined in (1, 0):
            list_fault(outside, status=200, body={"calls": [item], "next_cursor": None})
            assert pull(mustalinja).quarantined == quarantined
            assert traces_in_database() == []

    def test_nor_is_what_names_no_call_once_its_number_is_gone(
        self, outside: Sandbox, mustalinja: MustalinjaAccount, bo: User
    ) -> None:
        for quarantined, item in ((1, {"caller": NUMBER, "at": 1}), (0, {"at": 1, "caller": NUMBER})):
            list_fault(outside, status=200, body={"calls": [item], "next_cursor": None})
            assert pull(mustalinja).quarantined == quarantined
            deliver(mustalinja, ENDED)
            mark_private(Call.objects.get(), by=bo)
            assert traces_in_database() == []


class TestWhatAnEarlierVersionHasKept:
    def test_a_delivery_without_call_is_told_which_call_it_names(self, mustalinja: MustalinjaAccount, bo: User) -> None:
        deliver(mustalinja, LATER["an ended call that lacks its start"])
        deliver(mustalinja, b"0400 124387 is calling")
        WebhookDelivery.objects.update(external_id="")
        import_module("calls.migrations.0019_calls_of_earlier_deliveries").name_calls(apps, None)
        assert list(WebhookDelivery.objects.order_by("pk").values_list("external_id", flat=True)) == ["c-1001", ""]
