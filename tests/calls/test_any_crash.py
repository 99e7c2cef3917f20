"""Whatever happens in whatever order, and wherever a process dies: every call is in Pipedrive exactly once, and one
that its rep has marked private is not in it.

Hypothesis makes up stories from the rules below, plays them against the real database and the running sandbox, and
looks after each step whether what must always hold does hold. At the end of each story everything is mended, and every
call must get where it belongs.

A few stories, always the same, are part of the tests. `CRASH_STORIES=2000` plays so many new ones.
"""

import datetime
import os
import sys
from collections import Counter
from typing import Any, ClassVar

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from accounts.models import Company, License, User
from calls.crm_sync import record, take_step
from calls.lease import LEASE, Lease
from calls.models import Call, LoggingPolicy, WebhookDelivery
from calls.privacy import mark_private
from calls.reasons import REASONS_OF, Status
from calls.resume import expire_overdue, resume_waiting, try_again
from calls.verdict import GIVE_UP_AFTER
from integrations.connections import check_closed_accounts, connect, disconnect, whose_grant
from integrations.contact_upkeep import keep_index
from integrations.models import ContactIndex, MustalinjaAccount, PipedriveAccount
from integrations.mustalinja.signature import new_secret
from integrations.pipedrive_app import oauth_app
from tests.calls.dying import Death, let_time_pass, run
from tests.calls.events import Json, deliver, ended_call
from tests.calls.steps import activities, fault
from tests.conftest import company_of, make_person
from tests.sandbox.running_sandbox import Sandbox

STORIES = int(os.environ.get("CRASH_STORIES", "0"))
SETTINGS = settings(
    max_examples=STORIES or 30,
    stateful_step_count=40 if STORIES else 16,
    deadline=None,
    derandomize=not STORIES,
    database=None,
    suppress_health_check=list(HealthCheck),
)

IN_PIPEDRIVE, REGISTERED = "bo@esimerkki.example", "bo.koti@esimerkki.example"
"""Bo's two emails: Mustalinja may name either, and both are his."""
KNOWN, SHARED, UNKNOWN = NUMBERS_SENT = "+358400124387", "+358400124392", "+358400999888"
OWN_WORDS = "Owner is not allowed"
LOST = {"method": "POST", "path": "v2/(activities|persons)$", "after": True}
REFUSED = {"method": "POST", "path": "v2/(activities|persons)$"}
FAULTS: dict[str, Json] = {
    "an error before": {**REFUSED, "status": 500},
    "cut off before": {**REFUSED, "drop": True},
    "an error after": {**LOST, "status": 504, "html": True},
    "cut off after": {**LOST, "drop": True},
    "unreadable": {**LOST, "status": 200, "body": "{"},
    "without the id": {**LOST, "status": 201, "body": {"success": True, "data": {}}},
    "too many": {**REFUSED, "status": 429, "headers": {"Retry-After": "7"}},
    "a refusal": {**REFUSED, "status": 400, "body": {"success": False, "error": OWN_WORDS}},
    "not paid": {**REFUSED, "status": 402},
    "a look that fails": {"method": "GET", "path": "v2/activities$", "status": 500},
}
ANYWHERE = st.builds(Death, at_statement=st.integers(1, 70), is_carried_out=st.booleans())
WRITES = [
    'SET "sending_since"',
    'SET "sending_since"',
    'SET "looked"',
    '"calls_newperson"',
    'SET "rep_id"',
    '"detail" =',
]
AROUND_A_WRITE = st.builds(
    Death, at_statement=st.integers(1, 4), is_carried_out=st.booleans(), since=st.sampled_from(WRITES)
)
"""Near what is written around the requests that create something and around their results, where it matters most."""
DEATHS = AROUND_A_WRITE | ANYWHERE
MAYBE = st.none() | DEATHS
NUMBERS = st.sampled_from([KNOWN, UNKNOWN, SHARED])
EMAILS = st.sampled_from([IN_PIPEDRIVE, REGISTERED])
SECONDS = st.sampled_from([4, 20, 120, 7200, GIVE_UP_AFTER.total_seconds() + 60])
KINDS = st.sampled_from(sorted(FAULTS))
CHANGES = [
    "the contact is added",
    "the contact is deleted",
    "Bo disconnects",
    "Bo connects",
    "the license ends",
    "the license is renewed",
    "the company is suspended",
    "the company goes on",
    "support tries again",
]


class EveryCallOnce(RuleBasedStateMachine):
    """A company with one rep, Pipedrive, Mustalinja, and a worker that may die at any statement."""

    outside: ClassVar[Sandbox]

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Json] = []
        self.wished: set[str] = set()

    @initialize(unknown_caller=st.sampled_from(["wait", "create_person"]), number=NUMBERS, email=EMAILS)
    def begin(self, unknown_caller: str, number: str, email: str) -> None:
        for rows in (License.objects.all(), User.objects.all(), Company.objects.all(), OrmQ.objects.all()):
            rows.delete()
        self.outside.order("pipedrive/control/reset")
        quick: Json = {"burst_limit": 10_000, "search_burst_limit": 10_000, "check_webhook_urls": False}
        self.outside.order("pipedrive/control/switches", **quick)
        # Else it would depend on the time of day whether a new contact is asked for.
        self.outside.order("pipedrive/control/companies/7001", "PATCH", daily_tokens=10**9)
        self.bo = make_person(IN_PIPEDRIVE, "Esimerkki Oy")
        User.objects.filter(pk=self.bo.pk).update(email=REGISTERED)
        self.company = company_of(self.bo)
        LoggingPolicy.objects.create(company=self.company, unknown_caller=unknown_caller)
        self.mustalinja = MustalinjaAccount.objects.create(
            company=self.company, api_key="demo-key", api_secret="demo-secret", secret=new_secret()
        )
        self.connect()
        self.call_ends(number, email, None)

    # What comes in.

    @rule(number=NUMBERS, email=EMAILS, death=MAYBE)
    def call_ends(self, number: str, email: str, death: Death | None) -> None:
        user = {"email": email, "number": "+358501112222"}
        self.tell(ended_call(call_id=f"c-{len(self.call_ids())}", from_=number, user=user), death)

    @rule(data=st.data(), email=st.none() | EMAILS, death=MAYBE)
    def mustalinja_repeats_itself(self, data: st.DataObject, email: str | None, death: Death | None) -> None:
        """The same event, or another leg of the same call."""
        event = data.draw(st.sampled_from(self.events))
        self.tell(event if email is None else {**event, "event_id": "another", "user": {"email": email}}, death)

    def tell(self, event: Json, death: Death | None) -> None:
        """Deliver until it is accepted, as Mustalinja does when nobody answers."""
        run(lambda: deliver(self.mustalinja, event), death)
        assert deliver(self.mustalinja, event).status_code in (200, 202)
        self.events.append(event)

    @rule(data=st.data(), death=MAYBE)
    def bo_marks_a_call_private(self, data: st.DataObject, death: Death | None) -> None:
        """Also while a dead worker's request is still under way, or one of its claims."""
        own = Call.objects.filter(rep=self.bo).order_by("external_id")
        if own:
            call = data.draw(st.sampled_from(list(own)))
            if run(lambda: mark_private(call, by=self.bo), death):
                self.wished.add(call.external_id)

    @rule(data=st.data(), kind=st.none() | KINDS)
    def bo_marks_a_call_private_while_it_is_being_sent(self, data: st.DataObject, kind: str | None) -> None:
        """The worker has claimed or sent it, and does not know of the wish."""
        self.let_pipedrive_fail(kind)
        due = Call.objects.due(timezone.now()).filter(company=self.company, rep=self.bo)
        claimed = Call.objects.claim([call.pk for call in due[:1]])
        is_before = data.draw(st.booleans())
        for call in claimed:
            verdict = None if is_before else take_step(call)
            mark_private(Call.objects.get(pk=call.pk), by=self.bo)
            record([(call, take_step(call) if is_before else verdict)])
            self.wished.add(call.external_id)

    # What the worker does.

    @rule(calls=st.integers(1, 3), kind=st.none() | KINDS)
    def worker_takes_a_turn(self, calls: int, kind: str | None) -> None:
        self.let_pipedrive_fail(kind)
        self.turn(calls)

    @rule(calls=st.integers(1, 3), death=DEATHS, kind=st.none() | KINDS)
    def worker_dies_in_its_turn(self, calls: int, death: Death, kind: str | None) -> None:
        self.let_pipedrive_fail(kind)
        if not run(lambda: self.turn(calls), death):
            # Nobody knows that it is dead before its lease has run out.
            let_time_pass(LEASE + datetime.timedelta(seconds=1))

    @rule(death=st.none() | ANYWHERE, is_sweep=st.booleans())
    def worker_does_what_is_due_now_and_then(self, death: Death | None, *, is_sweep: bool) -> None:
        if not run(sweep if is_sweep else read_changes, death):
            let_time_pass(LEASE + datetime.timedelta(seconds=1))

    def turn(self, calls: int) -> bool:
        """What `take_turn` in calls/turns.py does, in one thread; False when there was nothing to do."""
        lease = Lease.take(self.company.pk, worker="one")
        assert lease is not None, "the turn of a dead worker is free when its lease has run out"
        due = Call.objects.due(timezone.now()).filter(company=self.company).values_list("pk", flat=True)
        claimed = Call.objects.claim(list(due[:calls]))
        record([(call, take_step(call)) for call in claimed])
        lease.end()
        return bool(claimed)

    # What happens meanwhile.

    def let_pipedrive_fail(self, kind: str | None) -> None:
        if kind is not None:
            fault(self.outside, **FAULTS[kind])

    @rule(seconds=SECONDS)
    def time_passes(self, seconds: float) -> None:
        let_time_pass(datetime.timedelta(seconds=seconds))

    @rule(what=st.sampled_from(CHANGES))
    def something_changes(self, what: str) -> None:
        match what:
            case "the contact is added":
                self.add_contact()
            case "the contact is deleted":
                for person in self.persons_made():
                    self.outside.order(f"pipedrive/control/persons/{person['id']}", "DELETE")
            case "Bo disconnects":
                disconnect(user=self.bo)
            case "Bo connects":
                self.connect()
            case "the license ends" | "the license is renewed":
                days = 1 if what == "the license ends" else 0
                License.objects.update(valid_until=timezone.localdate() - datetime.timedelta(days=days))
            case "the company is suspended" | "the company goes on":
                is_suspended = what == "the company is suspended"
                Company.objects.update(suspended_at=timezone.now() if is_suspended else None)
            case _:
                try_again(Call.objects.all())

    def add_contact(self) -> None:
        if not self.persons_made():
            self.outside.order("pipedrive/control/persons", name="Uusi Asiakas", phones=["0400 999 888"])

    def connect(self) -> None:
        code = self.outside.order("pipedrive/control/authorize", user_email=IN_PIPEDRIVE)["code"]
        grant = oauth_app().exchange_code(code=code)
        connect(user=self.bo, grant=grant, pipedrive_user=whose_grant(grant))
        read_changes()

    # What must always hold.

    @invariant()
    def no_call_has_two_activities(self) -> None:
        twice = [reference for reference, count in self.activities_by_reference().items() if count > 1]
        assert twice == []

    @invariant()
    def nobody_is_there_twice(self) -> None:
        assert len(self.persons_made()) <= 1

    @invariant()
    def no_call_is_lost(self) -> None:
        assert set(Call.objects.values_list("external_id", flat=True)) == self.call_ids()

    @invariant()
    def a_call_is_as_its_status_says(self) -> None:
        made = {activity["id"]: reference_in(activity) for activity in activities(self.outside)}
        for call in Call.objects.all():
            assert call.reason in REASONS_OF[Status(call.status)]
            assert "in the connector" not in call.detail, "a fault of our own"
            assert (call.status == Status.PENDING) <= (call.next_attempt_at is not None)
            assert (call.status == Status.LOGGED) <= (made.get(call.activity_id) == call.reference)

    @invariant()
    def a_call_only_fails_when_refused_or_after_a_month(self) -> None:
        for call in Call.objects.filter(status=Status.FAILED):
            is_over = min(call.started_at, call.tried_since) < timezone.now() - GIVE_UP_AFTER
            assert (call.reason, is_over) == ("expired", True) or call.reason == "pipedrive_refused"
            assert (OWN_WORDS in call.detail) if call.reason == "pipedrive_refused" else call.detail

    @invariant()
    def a_private_call_stays_private_and_names_nobody(self) -> None:
        private = Call.objects.filter(private_since__isnull=False)
        assert self.wished <= set(private.values_list("external_id", flat=True))
        bodies = WebhookDelivery.objects.filter(call__private_since__isnull=False).values_list("body", flat=True)
        assert [body for body in bodies for number in NUMBERS_SENT if number in bytes(body).decode()] == []
        for call in private.filter(status=Status.SKIPPED):
            assert self.shown_activities_of(call) == []

    def shown_activities_of(self, call: Call) -> list[Json]:
        made = [each for each in activities(self.outside) if reference_in(each) == call.reference]
        return [each for each in made if not each["is_deleted"]]

    def call_ids(self) -> set[str]:
        return {event["call_id"] for event in self.events}

    def activities_by_reference(self) -> Counter[str]:
        return Counter(reference_in(activity) for activity in activities(self.outside))

    def persons_made(self) -> list[Json]:
        """Those with the number that nobody has at first."""
        persons = self.outside.state("persons")["persons"]
        return [each for each in persons if "999888" in digits(each["phones"]) and not each["is_deleted"]]

    # How it ends.

    def teardown(self) -> None:
        if sys.exc_info()[0] is None and hasattr(self, "bo"):
            self.mend()
            self.go_on_until_nothing_is_left()
            for call in Call.objects.exclude(status=Status.LOGGED).filter(private_since__isnull=True):
                assert call.status == Status.FAILED, outcome_of(call)
            self.a_call_only_fails_when_refused_or_after_a_month()
            try_again(Call.objects.all())
            self.go_on_until_nothing_is_left()
            self.everything_is_logged_once()

    def mend(self) -> None:
        """Nothing stands in the way of any call any more."""
        self.outside.order("pipedrive/control/faults", "DELETE")
        for what in ("the license is renewed", "the company goes on", "Bo connects", "the contact is added"):
            self.something_changes(what)

    def go_on_until_nothing_is_left(self) -> None:
        for _round in range(20):
            let_time_pass(datetime.timedelta(hours=2))
            check_closed_accounts()
            read_changes()
            sweep()
            while self.turn(16):
                pass
            if not Call.objects.filter(status__in=(Status.PENDING, Status.WAITING)).exists():
                break

    def everything_is_logged_once(self) -> None:
        private = Call.objects.filter(private_since__isnull=False)
        assert [outcome_of(call) for call in private.exclude(reason="private_number")] == []
        assert [each for call in private for each in self.shown_activities_of(call)] == []
        others = Call.objects.filter(private_since__isnull=True)
        assert [outcome_of(call) for call in others.exclude(status=Status.LOGGED)] == []
        known = [*private.values_list("external_id", flat=True), *others.values_list("external_id", flat=True)]
        assert Counter(known) == Counter(self.call_ids())
        made = self.activities_by_reference()
        assert {reference for reference in others.values_list("reference", flat=True) if made[reference] != 1} == set()
        assert made.keys() <= set(Call.objects.values_list("reference", flat=True))


def outcome_of(call: Call) -> str:
    return f"{call.external_id}: {call.status}, {call.reason}, {call.detail}"


def sweep() -> None:
    """As the worker does every minute."""
    resume_waiting()
    expire_overdue()


def read_changes() -> None:
    """Have the phone index read now what has changed."""
    for account in PipedriveAccount.objects.all():
        ContactIndex.objects.filter(account=account).update(next_step_at=timezone.now())
        keep_index(account.pk)


def reference_in(activity: dict[str, Any]) -> str:
    """The call that an activity says it is of."""
    note: str = activity["note"]
    return note.rpartition("Ref ")[2][:12]


def digits(phones: list[Json]) -> str:
    return "".join(character for phone in phones for character in str(phone["value"]) if character.isdigit())


@pytest.mark.django_db(transaction=True)
def test_every_call_is_logged_exactly_once_wherever_a_process_dies(outside: Sandbox) -> None:
    EveryCallOnce.outside = outside
    run_state_machine_as_test(EveryCallOnce, settings=SETTINGS)
