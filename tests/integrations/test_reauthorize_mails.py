"""Whose grant has died hears of it by mail, and the company's admins too: once, whatever happens meanwhile."""

from collections.abc import Callable, Iterator
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import Company, User
from calls.schedules import EVERY_MINUTES
from integrations.connections import client_for, disconnect
from integrations.errors import GrantDiedError
from integrations.models import PipedriveConnection
from integrations.tasks import mail_reauthorize, mail_reauthorize_again
from tests.integrations.asking_processes import Asking
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
Connect = Callable[[User], PipedriveConnection]
TASK = "integrations.tasks.mail_reauthorize"


class AwayBackend(EmailBackend):
    """A mail server that does not take mails for one address."""

    refuses = ""
    knows_no_such_address = False

    def send_messages(self, messages: list[mail.EmailMessage]) -> int:  # type: ignore[override]
        if any(self.refuses in each.to for each in messages):
            if self.knows_no_such_address:
                raise SMTPRecipientsRefused({self.refuses: (550, b"no such mailbox")})
            raise ConnectionRefusedError
        return int(super().send_messages(messages))


@pytest.fixture
def mail_server(settings: Settings) -> Iterator[type[AwayBackend]]:
    settings.EMAIL_BACKEND = f"{__name__}.AwayBackend"
    yield AwayBackend
    AwayBackend.refuses, AwayBackend.knows_no_such_address = "", False


@pytest.fixture(autouse=True)
def _in_english(aino: User) -> None:
    Company.objects.update(language="en")


@pytest.fixture
def connection(bo: User, just_connected: Connect) -> PipedriveConnection:
    return just_connected(bo)


def grant_dies(outside: Sandbox, connection: PipedriveConnection, *, calls: int = 1) -> None:
    """So many calls find that the authorization is gone."""
    outside.order("pipedrive/control/grants/kill", user_email=connection.user.email)
    for _call in range(calls):
        with pytest.raises(GrantDiedError):
            client_for(PipedriveConnection.objects.get(pk=connection.pk)).me()


def work() -> None:
    """Carry out what is queued of this kind."""
    for entry in OrmQ.objects.all():
        if entry.task["func"] == TASK:
            mail_reauthorize(*entry.task["args"])
            entry.delete()


def sent() -> list[tuple[str, str]]:
    return sorted((each.to[0], str(each.subject)) for each in mail.outbox)


def test_the_rep_and_the_admin_get_one_mail_each_however_many_calls_notice(
    outside: Sandbox, connection: PipedriveConnection
) -> None:
    grant_dies(outside, connection, calls=3)
    work()
    mail_reauthorize(connection.pk)
    mail_reauthorize_again()
    assert sent() == [
        ("aino@esimerkki.example", "bo@esimerkki.example has to connect Pipedrive again"),
        ("bo@esimerkki.example", "Connect Pipedrive again"),
    ]
    for each in mail.outbox:
        assert "http://localhost:8000/integrations/" in each.body
        assert "Esimerkki" in each.body


def test_a_rep_who_is_the_admin_gets_one(outside: Sandbox, aino: User, just_connected: Connect) -> None:
    grant_dies(outside, just_connected(aino))
    work()
    assert sent() == [("aino@esimerkki.example", "Connect Pipedrive again")]


@pytest.mark.usefixtures("cecilia")
def test_another_companys_admin_gets_none(outside: Sandbox, connection: PipedriveConnection) -> None:
    grant_dies(outside, connection)
    work()
    assert {to for to, _subject in sent()} == {"aino@esimerkki.example", "bo@esimerkki.example"}


def test_one_who_has_left_gets_none(outside: Sandbox, connection: PipedriveConnection, bo: User) -> None:
    User.objects.filter(pk=bo.pk).update(is_active=False)
    grant_dies(outside, connection)
    work()
    assert [to for to, _subject in sent()] == ["aino@esimerkki.example"]


def test_what_the_mail_server_does_not_take_is_sent_later_and_nothing_twice(
    outside: Sandbox, connection: PipedriveConnection, mail_server: type[AwayBackend]
) -> None:
    grant_dies(outside, connection)
    mail_server.refuses = "aino@esimerkki.example"
    with pytest.raises(ConnectionRefusedError):
        work()
    mail_reauthorize_again()
    assert [to for to, _subject in sent()] == ["bo@esimerkki.example"]
    mail_server.refuses = ""
    mail_reauthorize_again()
    mail_reauthorize_again()
    assert [to for to, _subject in sent()] == ["aino@esimerkki.example", "bo@esimerkki.example"]


def test_an_admin_whose_address_is_refused_has_the_others_told_once(
    outside: Sandbox, connection: PipedriveConnection, mail_server: type[AwayBackend]
) -> None:
    for name in ("aada", "zelda"):
        email = f"{name}@esimerkki.example"
        User.objects.create_user(email=email, company=connection.account.company, is_company_admin=True)
    mail_server.refuses, mail_server.knows_no_such_address = "aino@esimerkki.example", True
    grant_dies(outside, connection)
    work()
    for _minute in range(3):
        mail_reauthorize_again()
    told = [to for to, _subject in sent()]
    assert told == ["aada@esimerkki.example", "bo@esimerkki.example", "zelda@esimerkki.example"]


def test_a_mail_whose_task_was_lost_is_sent_within_a_minute(outside: Sandbox, connection: PipedriveConnection) -> None:
    grant_dies(outside, connection)
    OrmQ.objects.all().delete()
    assert EVERY_MINUTES["integrations.tasks.mail_reauthorize_again"] == 1
    mail_reauthorize_again()
    assert len(mail.outbox) == 2


def test_who_has_connected_again_before_it_was_sent_gets_none(
    outside: Sandbox, connection: PipedriveConnection, just_connected: Connect
) -> None:
    grant_dies(outside, connection)
    just_connected(connection.user)
    work()
    mail_reauthorize_again()
    assert mail.outbox == []


def test_who_has_disconnected_gets_none(outside: Sandbox, connection: PipedriveConnection) -> None:
    grant_dies(outside, connection)
    disconnect(user=connection.user)
    work()
    assert mail.outbox == []


def test_the_next_time_is_told_of_again(
    outside: Sandbox, connection: PipedriveConnection, just_connected: Connect
) -> None:
    for _time in range(2):
        grant_dies(outside, connection)
        work()
        connection = just_connected(connection.user)
    assert len(mail.outbox) == 4


@pytest.mark.processes
def test_workers_that_send_at_the_same_moment_send_one(workers: Asking) -> None:
    workers.change(state="reauthorize")
    assert workers.work("mail", processes=2, threads=4, times=8) == {"done": 16}
    assert len(list(workers.mails.iterdir())) == 1
