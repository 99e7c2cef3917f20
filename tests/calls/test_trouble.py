"""Trouble on the way: nothing is lost, nothing is made twice, and a failed search is never "nobody"."""

import datetime
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from accounts.models import User
from calls.models import CLAIM_LASTS, Call, LoggingPolicy, Turn
from calls.resume import nudge_due, try_again
from integrations.errors import GrantDiedError
from integrations.models import BurstLimit, PipedriveAccount, PipedriveConnection
from integrations.token_refresh import access_token_for
from tests.calls.steps import Connect, Place, activities, asked, due_now, fault, log, outcome, seconds_until_next
from tests.sandbox.running_sandbox import Sandbox

POST_ACTIVITY = {"method": "POST", "path": "/activities"}


@pytest.fixture(autouse=True)
def _bo_is_connected(just_connected: Connect, bo: User) -> None:
    """The persons are not read yet, so each call asks Pipedrive who has the number."""
    just_connected(bo)


def make_attempt_old() -> None:
    """Let the attempt be long past, as when its worker died."""
    past = timezone.now() - CLAIM_LASTS
    Call.objects.update(claimed_until=past)


class TestBeforeSending:
    """Nothing can have been created, so the call is simply tried again."""

    @pytest.mark.parametrize("path", ["persons/search", "/persons/", "activityTypes"])
    @pytest.mark.parametrize(
        "trouble", [{"status": 500}, {"status": 503, "html": True}, {"status": 200, "body": "{"}, {"drop": True}]
    )
    def test_a_failed_question_is_asked_again(
        self, outside: Sandbox, place: Place, path: str, trouble: dict[str, Any]
    ) -> None:
        fault(outside, path=path, times=1, **trouble)
        call = log(place())
        assert outcome(call) == ("pending", "retrying")
        assert 3 < seconds_until_next(call) < 7
        assert call.detail
        assert outcome(log(due_now(call))) == ("logged", "logged")
        assert len(activities(outside)) == 1

    def test_a_search_without_an_answer_in_json_is_not_nobody(self, outside: Sandbox, place: Place) -> None:
        fault(outside, path="persons/search", status=200, body={"success": True, "data": None})
        assert outcome(log(place())) == ("pending", "retrying")

    def test_success_false_is_a_failure(self, outside: Sandbox, place: Place) -> None:
        fault(outside, path="persons/search", status=200, body={"success": False, "error": "sorry"})
        call = log(place())
        assert outcome(call) == ("pending", "retrying")
        assert "sorry" in call.detail

    def test_the_back_off_doubles_up_to_an_hour(self, outside: Sandbox, place: Place) -> None:
        fault(outside, path="persons/search", status=500, times=30)
        call = place()
        waits = []
        for _attempt in range(13):
            PipedriveAccount.objects.update(paused_until=None)
            call = log(due_now(call))
            waits.append(seconds_until_next(call))
        nominal = [min(5 * 2**attempt, 3600) for attempt in range(13)]
        assert all(0.75 * wish < wait < 1.25 * wish for wish, wait in zip(nominal, waits, strict=True))

    def test_not_before_its_time(self, outside: Sandbox, place: Place) -> None:
        fault(outside, path="persons/search", status=500)
        call = log(log(place()))
        assert (outcome(call), call.attempts) == (("pending", "retrying"), 1)


class TestRateLimit:
    def test_the_call_and_the_reps_other_calls_wait_as_long_as_pipedrive_says(
        self, outside: Sandbox, place: Place
    ) -> None:
        fault(outside, path="persons/search", status=429, headers={"Retry-After": "40"})
        first, second = place(), place()
        first = log(first)
        assert outcome(first) == ("pending", "rate_limited")
        assert 35 < seconds_until_next(first) <= 40
        before = len(outside.state("requests")["requests"])
        second = log(second)
        assert outcome(second) == ("pending", "rate_limited")
        assert 35 < seconds_until_next(second) <= 41
        assert len(outside.state("requests")["requests"]) == before

    def test_tries_for_another_reason_do_not_count(self, outside: Sandbox, place: Place) -> None:
        fault(outside, path="persons/search", status=429)
        call = place()
        Call.objects.update(reason="retrying", attempts=12)
        assert seconds_until_next(log(call)) < 4

    def test_a_call_that_was_not_asked_for_is_not_counted(self, outside: Sandbox, place: Place) -> None:
        PipedriveConnection.objects.update(paused_until=timezone.now() + datetime.timedelta(seconds=30))
        call = place()
        for _attempt in range(5):
            call = log(due_now(call))
        assert (outcome(call), call.attempts) == (("pending", "rate_limited"), 0)
        assert seconds_until_next(call) <= 31

    def test_being_told_again_and_again_means_the_days_budget_and_waits_grow(
        self, outside: Sandbox, place: Place
    ) -> None:
        fault(outside, path="persons/search", status=429, times=9)
        call, waits = place(), []
        for _attempt in range(9):
            PipedriveConnection.objects.update(paused_until=None)
            call = log(due_now(call))
            waits.append(seconds_until_next(call))
        assert waits[0] < 4
        assert waits[-1] > 600
        assert waits == sorted(waits)

    def test_those_of_ours_that_wait_to_be_sent_do_not_make_it_longer(
        self, outside: Sandbox, place: Place, bo: User
    ) -> None:
        call, before = place(), len(outside.state("requests")["requests"])
        for _time in range(4):
            soon = {"send_next_at": timezone.now() + datetime.timedelta(seconds=10)}
            BurstLimit.objects.update_or_create(connection=bo.pipedrive_connection, defaults=soon)
            assert outcome(log(due_now(call))) == ("pending", "rate_limited")
            assert 5 < seconds_until_next(call) <= 12.5
        assert len(outside.state("requests")["requests"]) == before

    def test_a_refused_post_made_nothing_and_is_sent_again(self, outside: Sandbox, place: Place) -> None:
        fault(outside, **POST_ACTIVITY, status=429)
        call = log(place())
        assert (outcome(call), call.sending_since) == (("pending", "rate_limited"), None)
        PipedriveConnection.objects.update(paused_until=None)
        assert outcome(log(due_now(call))) == ("logged", "logged")
        assert asked(outside, "GET /activities") == 0

    def test_a_page_instead_of_json_is_the_networks_edge_and_left_alone(self, outside: Sandbox, place: Place) -> None:
        fault(outside, path="persons/search", status=403, html=True)
        call = log(place())
        assert outcome(call) == ("pending", "rate_limited")
        assert seconds_until_next(call) > 800


class TestAccessToken:
    def test_one_refresh_when_the_token_is_refused(self, outside: Sandbox, place: Place, bo: User) -> None:
        outside.order("pipedrive/control/tokens/expire", user_email=bo.email)
        assert outcome(log(place())) == ("logged", "logged")
        assert asked(outside, "POST oauth/token") == 2  # connecting, refreshing

    @pytest.mark.parametrize("status", [400, 401, 404, 500])
    def test_a_refresh_that_fails_for_our_own_fault_stops_no_call(
        self, outside: Sandbox, place: Place, bo: User, status: int
    ) -> None:
        outside.order("pipedrive/control/tokens/expire", user_email=bo.email)
        fault(outside, path="oauth/token", status=status, body={"success": False, "error": "invalid_client"})
        call = log(place())
        assert outcome(call) == ("pending", "retrying")
        assert outcome(log(due_now(call))) == ("logged", "logged")

    def test_disconnecting_in_the_middle_is_no_fault(self, outside: Sandbox, place: Place, bo: User) -> None:
        outside.order("pipedrive/control/tokens/expire", user_email=bo.email)
        call = place()
        Call.objects.claim([call.pk])
        connection = PipedriveConnection.objects.get()
        PipedriveConnection.objects.all().delete()
        with pytest.raises(GrantDiedError):
            access_token_for(connection, refused=connection.access_token)

    def test_a_short_lived_token_is_not_refreshed_for_every_request(
        self, outside: Sandbox, place: Place, bo: User, just_connected: Connect
    ) -> None:
        outside.order("pipedrive/control/switches", access_token_seconds=60)
        just_connected(bo)
        assert outcome(log(place())) == ("logged", "logged")
        assert asked(outside, "POST oauth/token") == 2  # connecting twice

    def test_a_post_refused_for_its_token_is_sent_again_at_once(self, outside: Sandbox, place: Place) -> None:
        fault(outside, **POST_ACTIVITY, status=401)
        assert outcome(log(place())) == ("logged", "logged")
        assert len(activities(outside)) == 1


class TestOutcomeUnknown:
    @pytest.mark.parametrize("trouble", [{"status": 500}, {"status": 502, "html": True}, {"drop": True}])
    def test_an_activity_whose_answer_was_lost_is_found_and_not_made_again(
        self, outside: Sandbox, place: Place, trouble: dict[str, Any]
    ) -> None:
        fault(outside, **POST_ACTIVITY, after=True, **trouble)
        call = log(place())
        assert outcome(call) == ("pending", "confirming")
        assert 2 < seconds_until_next(call) <= 3
        call = log(due_now(call))
        assert outcome(call) == ("logged", "logged")
        assert [activity["id"] for activity in activities(outside)] == [call.activity_id]
        assert (call.sending_since, call.activity_url.endswith(str(call.activity_id))) == (None, True)

    def test_an_answer_without_an_id_is_looked_up(self, outside: Sandbox, place: Place) -> None:
        fault(outside, **POST_ACTIVITY, after=True, status=200, body={"success": True, "data": {}})
        assert outcome(log(due_now(log(place())))) == ("logged", "logged")
        assert len(activities(outside)) == 1

    def test_a_refused_refresh_is_no_look(self, outside: Sandbox, place: Place, bo: User) -> None:
        fault(outside, **POST_ACTIVITY, after=True, drop=True)
        call = log(place())
        outside.order("pipedrive/control/tokens/expire", user_email=bo.email)
        fault(outside, path="oauth/token", status=404, times=2)
        for _time in range(4):
            call = log(due_now(call))
        assert outcome(call) == ("logged", "logged")
        assert len(activities(outside)) == 1

    def test_an_activity_of_a_person_merged_meanwhile_is_found(self, outside: Sandbox, place: Place) -> None:
        fault(outside, **POST_ACTIVITY, after=True, drop=True)
        call = log(place())
        Call.objects.update(person_id=999_999)
        call = log(due_now(log(due_now(call))))
        assert outcome(call) == ("logged", "logged")
        assert len(activities(outside)) == 1

    def test_sendings_that_come_to_nothing_grow_apart(self, outside: Sandbox, place: Place) -> None:
        outside.order("pipedrive/control/switches", search_burst_limit=1000)
        fault(outside, **POST_ACTIVITY, status=500, times=30)
        call, waited = place(), 0.0
        for _step in range(30):
            PipedriveAccount.objects.update(paused_until=None)
            call = log(due_now(call))
            waited += seconds_until_next(call)
        assert asked(outside, "POST /activities") == 15
        assert waited > 3 * 3600

    @pytest.mark.parametrize("status", [400, 403, 404])
    def test_where_the_persons_activities_are_refused_it_is_found_among_the_reps(
        self, outside: Sandbox, place: Place, status: int
    ) -> None:
        fault(outside, **POST_ACTIVITY, after=True, drop=True)
        call = log(place())
        fault(outside, method="GET", path="/activities", status=status, body={"success": False, "error": "no"})
        assert outcome(log(due_now(call))) == ("logged", "logged")
        assert (len(activities(outside)), asked(outside, "GET /activities")) == (1, 2)

    def test_a_refused_look_is_no_look_and_no_end(self, outside: Sandbox, place: Place) -> None:
        fault(outside, **POST_ACTIVITY, after=True, drop=True)
        call = log(place())
        refusal = {"status": 403, "body": {"success": False, "error": "no"}}
        fault(outside, method="GET", path="/activities", **refusal, times=2)
        assert outcome(log(due_now(call))) == ("pending", "confirming")
        assert outcome(log(due_now(call))) == ("logged", "logged")

    def test_an_attempt_whose_outcome_is_unknown_does_not_expire(self, outside: Sandbox, place: Place) -> None:
        fault(outside, **POST_ACTIVITY, after=True, drop=True)
        call = place(started_at="2026-03-01T09:00:00+02:00")
        Call.objects.update(tried_since="2026-03-01T09:00:00+02:00")
        assert outcome(log(call)) == ("pending", "confirming")
        assert outcome(log(due_now(call))) == ("logged", "logged")

    def test_it_is_sent_again_only_after_two_looks(self, outside: Sandbox, place: Place) -> None:
        fault(outside, **POST_ACTIVITY, status=500)
        call = log(place())
        call = log(due_now(call))
        assert (outcome(call), call.looked) == (("pending", "confirming"), 1)
        assert 10 < seconds_until_next(call) <= 15
        assert not activities(outside)
        call = log(due_now(call))
        assert (outcome(call), asked(outside, "GET /activities")) == (("logged", "logged"), 2)
        assert len(activities(outside)) == 1

    def test_a_failed_look_is_no_look(self, outside: Sandbox, place: Place) -> None:
        fault(outside, **POST_ACTIVITY, after=True, status=500)
        call = log(place())
        fault(outside, method="GET", path="/activities", status=500, times=1)
        call = log(due_now(call))
        assert (outcome(call), call.looked) == (("pending", "confirming"), 0)
        assert call.sending_since is not None
        assert outcome(log(due_now(call))) == ("logged", "logged")
        assert len(activities(outside)) == 1

    def test_a_worker_that_died_while_sending_is_followed_by_one_that_looks(
        self, outside: Sandbox, place: Place
    ) -> None:
        call = log(place())
        Call.objects.update(
            status="pending",
            reason="queued",
            activity_id=None,
            sending_since=timezone.now() - datetime.timedelta(minutes=4),
            next_attempt_at=timezone.now(),
        )
        make_attempt_old()
        assert outcome(log(call)) == ("logged", "logged")
        assert len(activities(outside)) == 1

    def test_a_rule_made_meanwhile_does_not_hide_an_activity_that_may_exist(
        self, outside: Sandbox, place: Place
    ) -> None:
        fault(outside, **POST_ACTIVITY, after=True, status=500)
        call = log(place())
        LoggingPolicy.objects.create(company=call.company, in_answered="none")
        assert outcome(log(due_now(call))) == ("logged", "logged")


class TestOddWords:
    """Text that JSON allows and databases do not."""

    ODD = "\x00Tuo\ud800mas"

    def test_in_an_error_of_pipedrives(self, outside: Sandbox, place: Place) -> None:
        fault(outside, path="persons/search", status=500, body={"success": False, "error": self.ODD})
        call = log(place())
        assert (outcome(call), "Tuo?mas" in call.detail) == (("pending", "retrying"), True)

    def test_in_a_persons_name(self, outside: Sandbox, place: Place) -> None:
        outside.order("pipedrive/control/persons", name=self.ODD + "x" * 300, phones=["0400777666"])
        call = log(place(from_="0400777666"))
        assert outcome(call) == ("logged", "logged")
        assert call.person_name.startswith("Tuo?mas")


class TestRefused:
    @pytest.mark.parametrize("status", [400, 403, 404, 422])
    def test_pipedrives_own_words_are_kept_for_support(self, outside: Sandbox, place: Place, status: int) -> None:
        body = {"success": False, "error": "Owner is not allowed", "error_info": "see the docs"}
        fault(outside, **POST_ACTIVITY, status=status, body=body)
        call = log(place())
        assert outcome(call) == ("failed", "pipedrive_refused")
        assert "Owner is not allowed – see the docs" in call.detail
        assert (call.next_attempt_at, call.sending_since) == (None, None)

    def test_a_user_whom_pipedrives_admin_has_deactivated_may_be_active_again(
        self, outside: Sandbox, place: Place
    ) -> None:
        PipedriveConnection.objects.update(is_deactivated=True)
        fault(outside, **POST_ACTIVITY, status=403, body={"success": False, "error": "no"})
        call = log(place())
        assert outcome(call) == ("pending", "retrying")
        assert outcome(log(due_now(call))) == ("logged", "logged")

    def test_support_can_send_it_again(self, outside: Sandbox, place: Place) -> None:
        fault(outside, **POST_ACTIVITY, status=403)
        call = log(place())
        assert try_again(Call.objects.all()) == 1
        assert outcome(log(call)) == ("logged", "logged")

    def test_an_old_call_sent_again_is_not_given_up_at_the_first_trouble(self, outside: Sandbox, place: Place) -> None:
        call = place(started_at="2026-03-01T09:00:00+02:00")
        Call.objects.update(received_at="2026-03-01T09:00:00+02:00", tried_since="2026-03-01T09:00:00+02:00")
        try_again(Call.objects.all())
        fault(outside, path="activityTypes", status=500)
        assert outcome(log(call)) == ("pending", "retrying")

    def test_a_logged_call_is_not_sent_again(self, outside: Sandbox, place: Place) -> None:
        log(place())
        assert try_again(Call.objects.all()) == 0


class TestClaims:
    def test_a_claimed_call_is_left_alone(self, outside: Sandbox, place: Place) -> None:
        call = place()
        assert Call.objects.claim([call.pk]) == [call]
        assert Call.objects.claim([call.pk]) == []
        assert outcome(log(call)) == ("pending", "queued")

    def test_a_dead_workers_claim_ends(self, outside: Sandbox, place: Place) -> None:
        call = place()
        Call.objects.claim([call.pk])
        make_attempt_old()
        assert outcome(log(call)) == ("logged", "logged")

    def test_a_worker_whose_clock_is_behind_takes_a_new_call(self, outside: Sandbox, place: Place) -> None:
        call = place()
        behind = timezone.now() - datetime.timedelta(seconds=20)
        assert Call.objects.due(behind).filter(pk=call.pk).exists()

    def test_a_call_in_the_future_is_not_claimed(self, outside: Sandbox, place: Place) -> None:
        due, later = place(), place()
        Call.objects.filter(pk=later.pk).update(next_attempt_at=timezone.now() + datetime.timedelta(minutes=1))
        assert Call.objects.claim([later.pk, due.pk]) == [due]

    def test_what_fell_through_the_queue_is_queued_again_after_half_a_minute(
        self, outside: Sandbox, place: Place
    ) -> None:
        place()
        OrmQ.objects.all().delete()
        assert nudge_due() == 0
        Turn.objects.update(queued_at=timezone.now() - datetime.timedelta(seconds=31))
        assert nudge_due() == 1
        assert nudge_due() == 0

    def test_a_company_is_queued_once_for_many_calls(self, outside: Sandbox, place: Place) -> None:
        OrmQ.objects.all().delete()
        calls = [place() for _ in range(3)]
        queued = [(entry.task["func"], entry.task["args"]) for entry in OrmQ.objects.all()]
        assert queued == [("calls.tasks.log_calls", (calls[0].company_id,))]
