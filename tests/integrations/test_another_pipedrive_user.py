"""A person has one account of Pipedrive, and a Pipedrive user one person."""

from collections.abc import Callable
from typing import Any

from accounts.models import User
from integrations.connections import connect, whose_grant
from integrations.models import PipedriveConnection
from integrations.pipedrive_app import oauth_app
from tests.sandbox.running_sandbox import Sandbox

Connect = Callable[[User], PipedriveConnection]


def connect_as(outside: Sandbox, user: User, email: str) -> PipedriveConnection:
    code = outside.order("pipedrive/control/authorize", user_email=email)["code"]
    grant = oauth_app().exchange_code(code=code)
    return connect(user=user, grant=grant, pipedrive_user=whose_grant(grant))


def grants(outside: Sandbox) -> list[Any]:
    live: list[Any] = [grant["user_id"] for grant in outside.state("grants")["grants"] if grant["alive"]]
    return live


def test_connecting_as_another_pipedrive_user_revokes_the_earlier_grant(
    outside: Sandbox, connected: Connect, bo: User
) -> None:
    first = connected(bo)
    second = connect_as(outside, bo, "aino@esimerkki.example")
    assert first.pipedrive_user_id != second.pipedrive_user_id
    assert grants(outside) == [second.pipedrive_user_id]
    assert PipedriveConnection.objects.count() == 1


def test_connecting_again_as_the_same_pipedrive_user_revokes_nothing(
    outside: Sandbox, connected: Connect, bo: User
) -> None:
    connected(bo)
    connected(bo)
    assert [request["path"] for request in outside.state("requests")["requests"] if "revoke" in request["path"]] == []
    connection = PipedriveConnection.objects.get()
    assert grants(outside).count(connection.pipedrive_user_id) >= 1


def test_somebody_else_who_is_that_pipedrive_user_takes_the_connection_over(
    outside: Sandbox, connected: Connect, aino: User, bo: User
) -> None:
    connected(bo)
    connection = connect_as(outside, aino, bo.email)
    assert PipedriveConnection.objects.get() == connection
    assert connection.user == aino
