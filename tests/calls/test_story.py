"""What happened to a call is kept as it happens: cheaply, bounded, and without names and numbers."""

import datetime
import json

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import User
from calls.crm_sync import record, take_step
from calls.models import Call, CallStep
from calls.resume import contacts_have_changed
from tests.calls.steps import Connect, Place, due_now, fault, log
from tests.sandbox.running_sandbox import Sandbox

Kind = CallStep.Kind


def steps_of(call: Call) -> list[tuple[str, str, int]]:
    return [(step.kind, step.reason, step.times) for step in call.steps.all()]


@pytest.fixture(autouse=True)
def _bo_is_connected(connected: Connect, bo: User) -> None:
    connected(bo)


class TestKept:
    def test_an_attempt_is_one_step_with_what_was_found_out(self, outside: Sandbox, place: Place) -> None:
        call = log(place())
        (step,) = call.steps.all()
        assert (step.kind, step.reason, step.times) == ("attempt", "logged", 1)
        sent = datetime.datetime.fromisoformat(step.data.pop("sent"))
        assert call.received_at < sent < step.at
        assert step.data == {"whose": "email", "looked": "index", "found": 1, "how": "only"}

    def test_the_same_outcome_again_is_counted_with_its_latest_time_and_findings(
        self, outside: Sandbox, place: Place
    ) -> None:
        call = log(place(from_="+358400999888"))
        first = call.steps.get()
        for _time in range(3):
            contacts_have_changed(call.company_id, [call.customer_number])
            call = log(call)
        step = call.steps.get()
        assert steps_of(call) == [("attempt", "no_contact", 4)]
        assert step.first_at == first.at < step.at

    def test_each_outcome_has_a_step_of_its_own_in_the_order_of_the_last_times(
        self, outside: Sandbox, place: Place, bo: User
    ) -> None:
        fault(outside, method="POST", path="/activities", status=429)
        call = log(place())
        bo.pipedrive_connection.__class__.objects.update(paused_until=None)
        call = log(due_now(call))
        assert steps_of(call) == [("attempt", "rate_limited", 1), ("attempt", "logged", 1)]
        assert call.steps.get(reason="rate_limited").data["trouble"] == "RateLimitedError"

    def test_no_name_and_no_number_is_in_it(self, outside: Sandbox, place: Place) -> None:
        calls = [log(place()), log(place(from_="+358400999888")), log(place(from_="+358400124392"))]
        kept = json.dumps(list(CallStep.objects.filter(call__in=calls).values_list("data", flat=True)))
        names = [name for call in calls for name in call.person_name.split()]
        assert names
        assert [word for word in (*names, "400124387", "400999888", "400124392", "@") if word in kept] == []

    def test_it_goes_with_the_call(self, outside: Sandbox, place: Place) -> None:
        log(place()).delete()
        assert not CallStep.objects.exists()

    def test_whoever_lost_the_claim_adds_nothing(self, outside: Sandbox, place: Place) -> None:
        log(place())
        call = place(from_="+358400999888")
        (claimed,) = Call.objects.claim([call.pk])
        verdict = take_step(claimed)
        Call.objects.filter(pk=call.pk).update(claimed_until=timezone.now())
        record([(claimed, verdict)])
        assert steps_of(call) == []


class TestCost:
    def test_the_steps_of_a_batch_are_one_statement(self, outside: Sandbox, place: Place) -> None:
        placed = [place() for _number in range(12)]
        results = [(call, take_step(call)) for call in Call.objects.claim([call.pk for call in placed])]
        with CaptureQueriesContext(
            connection,
        ) as queries:
            record(results)
        written = [query["sql"].split(" ")[0] for query in queries if "SAVEPOINT" not in query["sql"]]
        assert written[:13] == ["UPDATE"] * 12 + ["INSERT"]
        # What the company wants beside the activity is looked up once for the whole batch.
        assert written[13:] == ["SELECT"]
        assert CallStep.objects.count() == 12

    def test_receiving_a_call_writes_none(self, mustalinja: object, place: Place) -> None:
        with CaptureQueriesContext(connection) as queries:
            place()
        assert not any("callstep" in query["sql"] for query in queries)


class TestSupportCode:
    def test_a_call_is_found_by_it_however_it_is_spelled(self, place: Place) -> None:
        place()
        call = place()
        code = call.support_code
        assert (len(code), code.replace("-", "")) == (7, call.reference[:6])
        for typed in (code, code.lower(), code.replace("-", " "), call.reference[:6], call.reference, f" {code} "):
            assert list(Call.objects.with_code(typed)) == [call]

    @pytest.mark.parametrize("typed", ["", "K7M", "K7M-2Q", "K7M-2QO", "Eero Mäkinen", "0400124387", "A" * 13])
    def test_what_is_no_code_finds_nothing(self, place: Place, typed: str) -> None:
        place()
        assert not Call.objects.with_code(typed).exists()
