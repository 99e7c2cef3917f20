"""Access tokens end after an hour; refreshing happens on the way, once, and never loses a good grant."""

import datetime
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone
from pytest_django import Settings

from accounts.models import User
from integrations.connections import check, client_for, connect, keep_alive, whose_grant
from integrations.errors import GrantDiedError, IntegrationError, RateLimitedError, TryLaterError
from integrations.models import PipedriveConnection
from integrations.pipedrive_app import oauth_app
from integrations.token_refresh import access_token_for, refresh_now
from tests.integrations.oauth import code_for, oauth_requests
from tests.sandbox.running_sandbox import Json, Sandbox

pytestmark = pytest.mark.django_db
Connect = Callable[[User], PipedriveConnection]
State = PipedriveConnection.State


@pytest.fixture
def connection(bo: User, connected: Connect) -> PipedriveConnection:
    return connected(bo)


def fresh(connection: PipedriveConnection) -> PipedriveConnection:
    return PipedriveConnection.objects.get(pk=connection.pk)


def ends_in(connection: PipedriveConnection, **time: float) -> PipedriveConnection:
    """The same connection with less time left for its access token."""
    now = timezone.now()
    ends, began = now + datetime.timedelta(**time), now - datetime.timedelta(minutes=50)
    PipedriveConnection.objects.filter(pk=connection.pk).update(access_token_ends_at=ends, refreshed_at=began)
    return fresh(connection)


def refreshes(outside: Sandbox) -> int:
    """How often the token endpoint was asked after the code was exchanged."""
    return len(oauth_requests(outside, "token")) - 1


class TestWhen:
    def test_a_fresh_token_is_used_as_it_is(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        client_for(connection).me()
        assert refreshes(outside) == 0

    @pytest.mark.parametrize(("minutes", "times"), [(6, 0), (4.9, 1), (0, 1), (-300, 1)])
    def test_it_is_refreshed_five_minutes_before_its_end(
        self, outside: Sandbox, connection: PipedriveConnection, minutes: float, times: int
    ) -> None:
        connection = ends_in(connection, minutes=minutes)
        for _request in range(3):
            client_for(connection).me()
        assert refreshes(outside) == times
        if times:
            assert fresh(connection).access_token_ends_at > timezone.now() + datetime.timedelta(minutes=55)
            assert fresh(connection).refreshed_at > timezone.now() - datetime.timedelta(minutes=1)

    def test_a_refused_token_is_refreshed_once_and_the_request_sent_once_more(
        self, outside: Sandbox, connection: PipedriveConnection
    ) -> None:
        outside.order("pipedrive/control/tokens/expire")
        assert client_for(connection).me().email == "bo@esimerkki.example"
        asked = [each["status"] for each in outside.state("requests")["requests"] if each["path"].endswith("users/me")]
        assert (refreshes(outside), asked[-2:]) == (1, [401, 200])

    def test_when_the_new_one_is_refused_too_that_is_the_end(
        self, outside: Sandbox, connection: PipedriveConnection
    ) -> None:
        outside.order("pipedrive/control/faults", path="users/me", status=401, times=9)
        with pytest.raises(IntegrationError):
            client_for(connection).me()
        assert refreshes(outside) == 1
        assert len(outside.state("faults")["faults"]) == 1
        assert outside.state("faults")["faults"][0]["times"] == 7
        assert fresh(connection).state == State.CONNECTED

    def test_what_another_process_has_refreshed_is_used(
        self, outside: Sandbox, connection: PipedriveConnection
    ) -> None:
        stale = ends_in(connection, minutes=1)
        new = refresh_now(fresh(connection))
        assert access_token_for(stale, refused=None) == new
        assert access_token_for(fresh(connection), refused="older") == new
        assert refreshes(outside) == 1

    def test_while_another_process_refreshes_the_old_token_serves(
        self, outside: Sandbox, connection: PipedriveConnection
    ) -> None:
        connection = ends_in(connection, minutes=2)
        lease = timezone.now() + datetime.timedelta(seconds=30)
        PipedriveConnection.objects.update(refreshing_until=lease)
        assert access_token_for(connection, refused=None) == connection.access_token
        assert refreshes(outside) == 0

    def test_a_lease_that_ended_is_taken_over(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        connection = ends_in(connection, minutes=-1)
        PipedriveConnection.objects.update(refreshing_until=timezone.now() - datetime.timedelta(seconds=1))
        assert access_token_for(connection, refused=None) != ""
        assert (refreshes(outside), fresh(connection).refreshing_until) == (1, None)


def with_answer(outside: Sandbox, connection: PipedriveConnection, **body: Any) -> Json:
    """The next refresh answers the given fields."""
    answer = {"access_token": "new-token", "expires_in": 3599, "api_domain": "https://esimerkki.pipedrive.com", **body}
    outside.order("pipedrive/control/faults", path="oauth/token", status=200, body=answer)
    return answer


class TestAnswers:
    def test_without_a_refresh_token_the_old_one_stays(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        with_answer(outside, connection)
        old = connection.refresh_token
        assert refresh_now(connection) == "new-token"
        assert (fresh(connection).access_token, fresh(connection).refresh_token) == ("new-token", old)

    def test_another_refresh_token_is_kept(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        with_answer(outside, connection, refresh_token="another")
        refresh_now(connection)
        assert fresh(connection).refresh_token == "another"

    def test_a_company_may_change_its_domain(
        self, outside: Sandbox, connection: PipedriveConnection, settings: Settings
    ) -> None:
        settings.PIPEDRIVE_API_URL = ""
        with_answer(outside, connection, api_domain="https://uusi-nimi.pipedrive.com")
        refresh_now(connection)
        assert fresh(connection).api_url == "https://uusi-nimi.pipedrive.com"

    def test_an_untrusted_domain_leaves_everything_as_it_was(
        self, outside: Sandbox, connection: PipedriveConnection, settings: Settings
    ) -> None:
        settings.PIPEDRIVE_API_URL = ""
        with_answer(outside, connection, api_domain="https://evil.example")
        before = (connection.access_token, connection.api_url)
        with pytest.raises(IntegrationError):
            refresh_now(connection)
        after = fresh(connection)
        assert (after.access_token, after.api_url, after.refreshing_until) == (*before, None)
        assert (connection.access_token, connection.api_url) == before


class TestDeadGrant:
    def test_it_must_be_authorized_again(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        outside.order("pipedrive/control/grants/kill", user_email="bo@esimerkki.example")
        with pytest.raises(GrantDiedError):
            client_for(connection).me()
        assert fresh(connection).state == State.REAUTHORIZE
        assert fresh(connection).refreshing_until is None

    def test_pipedrive_is_not_asked_again_then(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        PipedriveConnection.objects.update(state=State.REAUTHORIZE)
        connection = ends_in(connection, minutes=-1)
        for _time in range(3):
            with pytest.raises(GrantDiedError):
                client_for(connection).me()
        assert refreshes(outside) == 0

    def test_sixty_idle_days_end_it(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        outside.order("pipedrive/control/clock", advance_seconds=61 * 24 * 3600)
        with pytest.raises(GrantDiedError):
            refresh_now(connection)
        assert fresh(connection).state == State.REAUTHORIZE

    def test_who_has_just_authorized_anew_keeps_the_new_grant(
        self, outside: Sandbox, connection: PipedriveConnection, bo: User, connected: Connect
    ) -> None:
        """The refresh leaves with the old token while the person is coming back from the consent page."""
        kept = {name: getattr(connection, name) for name in ("connected_at", "refreshed_at")}
        outside.order("pipedrive/control/grants/kill", user_email=bo.email)
        new = connected(bo)
        PipedriveConnection.objects.update(refreshed_at=kept["refreshed_at"])
        assert refresh_now(connection) == new.access_token
        assert fresh(connection).state == State.CONNECTED
        assert client_for(connection).me().email == bo.email

    @pytest.mark.parametrize(
        "fault",
        [
            {"status": 500},
            {"status": 503},
            {"status": 429},
            {"status": 401},
            {"drop": True},
            {"status": 200, "body": {}},
        ],
        ids=str,
    )
    def test_trouble_that_passes_leaves_it_alive(
        self, outside: Sandbox, connection: PipedriveConnection, fault: Json
    ) -> None:
        outside.order("pipedrive/control/faults", path="oauth/token", **fault)
        with pytest.raises(IntegrationError) as raised:
            refresh_now(connection)
        assert not isinstance(raised.value, GrantDiedError)
        assert (fresh(connection).state, fresh(connection).refreshing_until) == (State.CONNECTED, None)
        refresh_now(fresh(connection))
        assert refreshes(outside) == 2

    def test_a_rate_limit_keeps_its_time(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        outside.order("pipedrive/control/faults", path="oauth/token", status=429, headers={"Retry-After": "9"})
        with pytest.raises(RateLimitedError) as raised:
            refresh_now(connection)
        assert raised.value.retry_after == 9


class TestLostKey:
    OTHER = "3q2-7wAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

    def test_the_call_waits_for_it_and_pipedrive_is_not_bothered(
        self, outside: Sandbox, connection: PipedriveConnection, settings: Settings
    ) -> None:
        settings.FIELD_ENCRYPTION_KEYS = [self.OTHER]
        with pytest.raises(TryLaterError):
            client_for(ends_in(connection, minutes=-1)).me()
        assert refreshes(outside) == 0

    def test_when_the_key_is_back_so_is_the_connection(
        self, outside: Sandbox, connection: PipedriveConnection, settings: Settings
    ) -> None:
        keys = settings.FIELD_ENCRYPTION_KEYS
        settings.FIELD_ENCRYPTION_KEYS = [self.OTHER]
        with pytest.raises(TryLaterError):
            client_for(ends_in(connection, minutes=-1)).me()
        settings.FIELD_ENCRYPTION_KEYS = keys
        assert client_for(fresh(connection)).me().email == "bo@esimerkki.example"


class TestKeepAlive:
    @pytest.mark.parametrize(("days", "times"), [(8, 1), (7.01, 1), (6.9, 0), (0, 0)])
    def test_what_was_idle_for_a_week_is_refreshed(
        self, outside: Sandbox, connection: PipedriveConnection, days: float, times: int
    ) -> None:
        PipedriveConnection.objects.update(refreshed_at=timezone.now() - datetime.timedelta(days=days))
        keep_alive()
        assert refreshes(outside) == times
        assert fresh(connection).refreshed_at > timezone.now() - datetime.timedelta(days=7)

    @pytest.mark.parametrize("state", [State.REAUTHORIZE, State.ACCOUNT_CLOSED])
    def test_what_does_not_work_is_left_alone(
        self, outside: Sandbox, connection: PipedriveConnection, state: str
    ) -> None:
        long_ago = timezone.now() - datetime.timedelta(days=50)
        PipedriveConnection.objects.update(refreshed_at=long_ago, state=state)
        keep_alive()
        assert refreshes(outside) == 0

    def test_one_that_fails_does_not_hold_up_the_others(
        self, outside: Sandbox, aino: User, bo: User, connected: Connect
    ) -> None:
        for user in (aino, bo):
            connected(user)
        PipedriveConnection.objects.update(refreshed_at=timezone.now() - datetime.timedelta(days=9))
        outside.order("pipedrive/control/faults", path="oauth/token", status=500)
        keep_alive()
        assert PipedriveConnection.objects.filter(refreshed_at__gte=timezone.now() - datetime.timedelta(days=1)).count()


class TestCheck:
    def test_a_closed_account_is_noticed_and_its_opening_too(
        self, outside: Sandbox, connection: PipedriveConnection
    ) -> None:
        outside.order("pipedrive/control/faults", path="users/me", status=402)
        check(connection)
        assert (connection.state, fresh(connection).state) == (State.ACCOUNT_CLOSED, State.ACCOUNT_CLOSED)
        check(connection)
        assert (connection.state, fresh(connection).state) == (State.CONNECTED, State.CONNECTED)

    def test_what_pipedrive_says_of_the_person_is_kept(self, outside: Sandbox, connection: PipedriveConnection) -> None:
        user_id = connection.pipedrive_user_id
        outside.order(f"pipedrive/control/users/{user_id}", "PATCH", name="Bo Uusi", email="bo.uusi@esimerkki.example")
        check(connection)
        assert (fresh(connection).name, fresh(connection).email) == ("Bo Uusi", "bo.uusi@esimerkki.example")

    @pytest.mark.parametrize("fault", [{"status": 500}, {"drop": True}, {"status": 200, "body": {"data": 1}}], ids=str)
    def test_trouble_that_passes_changes_nothing(
        self, outside: Sandbox, connection: PipedriveConnection, fault: Json
    ) -> None:
        outside.order("pipedrive/control/faults", path="users/me", **fault)
        check(connection)
        assert fresh(connection).state == State.CONNECTED


@pytest.mark.django_db(transaction=True)
def test_who_authorizes_as_somebody_else_during_a_refresh_keeps_the_new_tokens(
    outside: Sandbox, bo: User, connection: PipedriveConnection
) -> None:
    outside.order("pipedrive/control/faults", path="oauth/token", hang_seconds=0.4, after=True)

    def refresh_elsewhere() -> None:
        try:
            refresh_now(fresh(connection))
        finally:
            connections.close_all()

    other = threading.Thread(target=refresh_elsewhere)
    other.start()
    time.sleep(0.15)
    grant = oauth_app().exchange_code(code=code_for(outside, "aino@esimerkki.example"))
    connect(user=bo, grant=grant, pipedrive_user=whose_grant(grant))
    other.join()
    assert fresh(connection).access_token == grant.access_token
    assert client_for(fresh(connection)).me().email == "aino@esimerkki.example"
