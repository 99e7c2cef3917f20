"""One call on its way to Pipedrive: what it becomes, by what is true of the rep, the company and Pipedrive."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone

from accounts.licenses import issue_licenses, redeem_license
from accounts.models import Company, License, User
from calls.models import Call, LoggingPolicy, Turn
from calls.resume import nudge_due, resume_waiting, settings_changed, try_again
from integrations.connections import disconnect
from integrations.models import PipedriveAccount, PipedriveConnection
from tests.calls.steps import (
    Connect,
    Place,
    activities,
    asked,
    due_now,
    fault,
    log,
    outcome,
    read_changes_now,
    seconds_until_next,
)
from tests.conftest import company_of, make_person
from tests.sandbox.running_sandbox import Sandbox

OUT = {"direction": "out", "from_": "+358941234567", "to": "0400124387"}


def make_policy(user: User, **rules: Any) -> None:
    assert user.company is not None
    LoggingPolicy.objects.create(company=user.company, **rules)


class TestLogged:
    @pytest.mark.parametrize(
        ("number", "name"),
        [
            ("+358400124387", "Eero Mäkinen"),
            ("0400124388", "Helmi Koskela"),
            ("358400124389", "Ilmari Saarinen"),
            ("00358400124390", "Katri Lehtonen"),
            ("+358941234567", "Lauri Heikkilä"),
            ("+46701234567", "Astrid Nyström"),
            ("+358400124393", "Sanna Jokinen"),
            ("+358400124394", "Toivo Aaltonen"),
        ],
    )
    def test_the_person_is_found_however_the_number_was_typed(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place, number: str, name: str
    ) -> None:
        connection = connected(bo)
        call = log(place(from_=number, to="+358501112222"))
        person = outside.person(name)
        assert outcome(call) == ("logged", "logged")
        assert (call.person_id, call.person_name, call.organization_id) == (person["id"], name, person["org_id"])
        activity = activities(outside)[0]
        assert activity["participants"] == [{"person_id": person["id"], "primary": True}]
        assert activity["owner_id"] == connection.pipedrive_user_id
        assert activity["id"] == call.activity_id
        assert call.activity_url.endswith(f"/{call.activity_id}")

    def test_a_second_step_does_nothing(self, outside: Sandbox, connected: Connect, bo: User, place: Place) -> None:
        connected(bo)
        call = log(log(place()))
        assert len(activities(outside)) == 1
        assert outcome(call) == ("logged", "logged")

    def test_of_several_the_reps_own_contact_then_the_latest_updated(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connection = connected(bo)
        pekka = outside.person("Pekka Rantanen")
        outside.order(f"pipedrive/control/persons/{pekka['id']}", "PATCH", owner_id=connection.pipedrive_user_id)
        paivi = outside.person("Päivi Rantanen")
        others = next(user for user in outside.state("users")["users"] if user["email"] == "aino@esimerkki.example")
        outside.order(f"pipedrive/control/persons/{paivi['id']}", "PATCH", owner_id=others["id"])
        read_changes_now(connection)
        assert log(place(from_="+358400124392")).person_name == "Pekka Rantanen"
        outside.order(f"pipedrive/control/persons/{pekka['id']}", "PATCH", owner_id=others["id"])
        outside.order(f"pipedrive/control/persons/{paivi['id']}", "PATCH", name="Päivi Rantanen-Uusi")
        read_changes_now(connection)
        second = log(place(from_="+358400124392"))
        assert second.person_name == "Päivi Rantanen-Uusi"
        note = next(a["note"] for a in activities(outside) if a["id"] == second.activity_id)
        assert "Pekka Rantanen" in note

    def test_a_deleted_person_still_in_the_search_is_nobody(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        outside.order(f"pipedrive/control/persons/{outside.person('Eero')['id']}", "DELETE")
        assert outcome(log(place())) == ("waiting", "no_contact")

    def test_a_number_that_only_looks_alike_is_nobody(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        outside.order("pipedrive/control/persons", name="Väärä", phones=["+46 4001249999 04", "+358 9 4001249999"])
        assert outcome(log(place(from_="+3584001249999"))) == ("waiting", "no_contact")

    def test_the_rep_is_found_by_the_email_of_pipedrive_too(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        User.objects.filter(pk=bo.pk).update(email="bo.lindqvist@gmail.example")
        call = log(place(user={"email": "BO@Esimerkki.example"}))
        assert (outcome(call), call.rep) == (("logged", "logged"), bo)


class TestWaiting:
    """Each cause, and that the call goes on by itself when the cause is gone."""

    def check(self, call: Call, reason: str, mend: Callable[[], object]) -> None:
        assert outcome(log(call)) == ("waiting", reason)
        # As the worker does that took the company's turn.
        Turn.objects.update(queued_at=None)
        resume_waiting()
        call.refresh_from_db()
        assert outcome(call) == ("waiting", reason)
        mend()
        resume_waiting()
        assert nudge_due() == 1
        assert outcome(log(call)) == ("logged", "logged")

    def test_unknown_rep(self, outside: Sandbox, connected: Connect, bo: User, place: Place) -> None:
        connected(bo)
        User.objects.filter(pk=bo.pk).update(email="old@esimerkki.example")
        PipedriveConnection.objects.update(email="")
        call = place()
        assert call.rep is None
        self.check(call, "unknown_rep", lambda: User.objects.filter(pk=bo.pk).update(email="bo@esimerkki.example"))

    def test_somebody_elses_company_does_not_know_the_rep(
        self, outside: Sandbox, connected: Connect, cecilia: User, place: Place
    ) -> None:
        connected(cecilia)
        assert outcome(log(place(user={"email": cecilia.email}))) == ("waiting", "unknown_rep")
        resume_waiting()
        assert not Call.objects.filter(status="pending").exists()

    def test_an_event_without_email(self, outside: Sandbox, bo: User, place: Place) -> None:
        assert outcome(log(place(user=None))) == ("waiting", "unknown_rep")
        User.objects.filter(pk=bo.pk).update(email="")
        resume_waiting()
        assert not Call.objects.filter(status="pending").exists()

    def test_no_license(self, outside: Sandbox, connected: Connect, bo: User, place: Place) -> None:
        connected(bo)
        yesterday = timezone.localdate() - datetime.timedelta(days=1)
        licenses = License.objects.filter(holder=bo)
        licenses.update(valid_until=yesterday)
        self.check(place(), "no_license", lambda: licenses.update(valid_until=timezone.localdate()))

    def test_company_suspended(self, outside: Sandbox, connected: Connect, bo: User, place: Place) -> None:
        connected(bo)
        Company.objects.update(suspended_at=timezone.now())
        self.check(place(), "company_suspended", lambda: Company.objects.update(suspended_at=None))

    def test_pipedrive_not_connected(self, outside: Sandbox, connected: Connect, bo: User, place: Place) -> None:
        connected(bo)
        disconnect(user=bo)
        self.check(place(), "pipedrive_not_connected", lambda: connected(bo))

    def test_pipedrive_reauthorize(self, outside: Sandbox, connected: Connect, bo: User, place: Place) -> None:
        connected(bo)
        outside.order("pipedrive/control/grants/kill", user_email=bo.email)
        self.check(place(), "pipedrive_reauthorize", lambda: connected(bo))
        assert PipedriveConnection.objects.get().state == "connected"

    def test_no_contact_is_looked_for_again(self, outside: Sandbox, connected: Connect, bo: User, place: Place) -> None:
        connection = connected(bo)
        call = place(from_="+358400999888")

        def add_person() -> None:
            outside.order("pipedrive/control/persons", name="Uusi Asiakas", phones=["0400 999 888"])
            read_changes_now(connection)

        self.check(call, "no_contact", add_person)
        assert call.person_name == "Uusi Asiakas"

    def test_the_looks_for_a_contact_grow_apart(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        call = log(place(from_="+358400999888"))
        assert 50 < seconds_until_next(call) <= 60
        Call.objects.update(received_at=timezone.now() - datetime.timedelta(hours=1))
        resume_waiting()
        try_again(Call.objects.all())
        log(call)
        assert 3 * 3600 - 60 < seconds_until_next(call) <= 3 * 3600 + 60

    def test_activity_type_missing(self, outside: Sandbox, connected: Connect, bo: User, place: Place) -> None:
        connected(bo)
        outside.order("pipedrive/control/activity-types", key_string="call", active_flag=False)
        call = place()

        def activate() -> None:
            outside.order("pipedrive/control/activity-types", key_string="call", active_flag=True)
            PipedriveAccount.objects.update(activity_types_read_at=timezone.now() - datetime.timedelta(minutes=10))
            due_now(call)

        self.check(call, "activity_type_missing", activate)

    def test_pipedrive_account_closed(self, outside: Sandbox, connected: Connect, bo: User, place: Place) -> None:
        connected(bo)
        fault(outside, method="POST", path="/activities", status=402)
        states = PipedriveConnection.State
        self.check(
            place(), "pipedrive_account_closed", lambda: PipedriveConnection.objects.update(state=states.CONNECTED)
        )


class TestAnotherCompany:
    """What is one company's never goes into the Pipedrive of another."""

    def test_a_rep_who_moved_away_takes_no_call_along(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        call = place()
        code = issue_licenses(company_name="Toinen Oy", seats=1, valid_until=None)[0].code
        redeem_license(user=bo, code=code)
        connected(bo)
        resume_waiting()
        assert outcome(log(call)) == ("waiting", "unknown_rep")
        resume_waiting()
        assert outcome(log(call)) == ("waiting", "unknown_rep")
        assert activities(outside) == []
        assert call.rep is None

    def test_a_connection_made_for_another_company_is_not_used(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        PipedriveAccount.objects.update(company=Company.objects.create(name="Toinen Oy"))
        assert outcome(log(place())) == ("waiting", "pipedrive_not_connected")
        resume_waiting()
        assert not Call.objects.filter(status="pending").exists()

    def test_a_rep_who_is_no_longer_active_logs_nothing(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        connected(bo)
        call = place()
        User.objects.filter(pk=bo.pk).update(is_active=False)
        assert outcome(log(call)) == ("waiting", "unknown_rep")

    def test_a_call_whose_rep_was_deleted_finds_whoever_registers_with_the_email(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place
    ) -> None:
        call = log(place())
        assert outcome(call) == ("waiting", "pipedrive_not_connected")
        email = bo.email
        bo.delete()
        connected(make_person(email, "Esimerkki Oy"))
        resume_waiting()
        assert outcome(log(call)) == ("logged", "logged")


class TestSkipped:
    @pytest.mark.parametrize(
        ("changes", "policy", "reason"),
        [
            ({"from_": "anonymous"}, {}, "hidden_number"),
            ({"from_": "112"}, {}, "short_number"),
            ({"from_": "+358941234567"}, {}, "internal_call"),
            ({"from_": "+358501112222"}, {}, "internal_call"),
            ({}, {"blocked_numbers": ["+358400124387"]}, "blocked_number"),
            ({}, {"blocked_numbers": ["+35840012*"]}, "blocked_number"),
            ({}, {"in_answered": "none"}, "rule"),
            ({"answered": False}, {"in_missed": "none"}, "rule"),
            (OUT, {"out_answered": "none"}, "rule"),
            (
                {"direction": "out", "from_": "", "to": "0400124387", "answered": False},
                {"out_unanswered": "none"},
                "rule",
            ),
            ({}, {"minimum_seconds": 173}, "rule"),
        ],
    )
    def test_a_rule_said_no(
        self, outside: Sandbox, bo: User, place: Place, changes: Any, policy: Any, reason: str
    ) -> None:
        make_policy(bo, **policy)
        assert outcome(log(place(**changes))) == ("skipped", reason)
        assert not outside.state("requests")["requests"]

    def test_a_call_with_a_colleague_is_internal(self, outside: Sandbox, bo: User, place: Place) -> None:
        log(place(user={"email": "aino@esimerkki.example", "number": "040 999 8877"}))
        assert outcome(log(place(from_="+358409998877"))) == ("skipped", "internal_call")

    @pytest.mark.parametrize("policy", [{"blocked_numbers": ["+3584001243870"]}, {"minimum_seconds": 172}])
    def test_a_rule_that_does_not_fit_lets_the_call_through(
        self, outside: Sandbox, connected: Connect, bo: User, place: Place, policy: Any
    ) -> None:
        connected(bo)
        make_policy(bo, **policy)
        assert outcome(log(place())) == ("logged", "logged")


def test_the_activity_type_of_the_company_is_used_while_it_is_active(
    outside: Sandbox, connected: Connect, bo: User, place: Place
) -> None:
    connected(bo)
    make_policy(bo, activity_type="meeting")
    log(place())
    outside.order("pipedrive/control/activity-types", key_string="meeting", active_flag=False)
    log(place())
    log(place())
    assert [activity["type"] for activity in sorted(activities(outside), key=lambda each: each["id"])] == [
        "meeting",
        "call",
        "call",
    ]
    assert PipedriveAccount.objects.get().activity_types
    assert asked(outside, "GET activityTypes") == 2


def test_a_type_chosen_now_is_used_for_the_next_call(
    outside: Sandbox, connected: Connect, bo: User, place: Place
) -> None:
    connected(bo)
    outside.order("pipedrive/control/activity-types", key_string="phone", active_flag=False)
    log(place())
    outside.order("pipedrive/control/activity-types", key_string="phone", active_flag=True)
    make_policy(bo, activity_type="phone")
    settings_changed(company_of(bo), before=LoggingPolicy(company=company_of(bo)))
    call = log(place())
    assert next(each["type"] for each in activities(outside) if each["id"] == call.activity_id) == "phone"


def test_calls_waiting_for_a_type_go_on_when_another_is_chosen_or_one_is_found(
    outside: Sandbox, connected: Connect, bo: User, place: Place
) -> None:
    connected(bo)
    outside.order("pipedrive/control/activity-types", key_string="call", active_flag=False)
    first, second = log(place()), log(place())
    assert outcome(second) == ("waiting", "activity_type_missing")
    make_policy(bo, activity_type="meeting")
    settings_changed(company_of(bo), before=LoggingPolicy(company=company_of(bo)))
    resume_waiting()
    assert outcome(log(first)) == outcome(log(second)) == ("logged", "logged")


def test_without_any_type_one_call_reads_the_list_for_all(
    outside: Sandbox, connected: Connect, bo: User, place: Place
) -> None:
    connected(bo)
    outside.order("pipedrive/control/activity-types", key_string="call", active_flag=False)
    for _call in range(3):
        assert outcome(log(place())) == ("waiting", "activity_type_missing")
    assert (asked(outside, "GET activityTypes"), asked(outside, "GET persons/search")) == (1, 0)


def test_nobodys_name_stays_on_a_call_that_found_nobody(
    outside: Sandbox, connected: Connect, bo: User, place: Place
) -> None:
    connected(bo)
    fault(outside, method="POST", path="/activities", status=429)
    call = log(place())
    assert call.person_name == "Eero Mäkinen"
    outside.order(f"pipedrive/control/persons/{outside.person('Eero')['id']}", "DELETE")
    PipedriveConnection.objects.update(paused_until=None)
    call = log(due_now(call))
    assert (outcome(call), call.person_id, call.person_name) == (("waiting", "no_contact"), None, "")


def test_a_user_who_may_not_read_the_types_still_gets_calls_logged(
    outside: Sandbox, connected: Connect, bo: User, place: Place
) -> None:
    connected(bo)
    fault(outside, path="activityTypes", status=403, body={"success": False, "error": "Scope and URL mismatch"})
    assert outcome(log(place())) == ("logged", "logged")
