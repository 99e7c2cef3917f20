"""An activity type that the company chose and Pipedrive does not have: calls go on, and the admin is told."""

import pytest
from django.core import mail
from django_q.models import OrmQ

from accounts.models import User
from calls.models import LoggingPolicy
from calls.tasks import mail_missing_type
from integrations.models import PipedriveAccount
from tests.calls.steps import Connect, Place, activities, log, outcome
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox


@pytest.fixture(autouse=True)
def _they_chose_visits(outside: Sandbox, connected: Connect, aino: User, bo: User) -> None:
    company = company_of(bo)
    company.language = "en"
    company.save(update_fields=["language"])
    LoggingPolicy.objects.create(company=company, activity_type="visit")
    connected(bo)


def mails_queued() -> int:
    return sum(entry.task["func"] == "calls.tasks.mail_missing_type" for entry in OrmQ.objects.all())


def test_the_call_is_logged_as_call_and_the_admin_gets_one_mail(
    outside: Sandbox, place: Place, aino: User, bo: User
) -> None:
    assert [outcome(log(place())) for _call in range(3)] == [("logged", "logged")] * 3
    assert [activity["type"] for activity in activities(outside)] == ["call"] * 3
    assert mails_queued() == 1
    mail_missing_type(PipedriveAccount.objects.get().pk)
    (sent,) = mail.outbox
    assert sent.to == [aino.email]
    assert sent.subject == "The activity type “visit” is not active in Pipedrive"
    assert "Until it has, calls are logged as “call”." in sent.body
    assert "/settings/company/" in sent.body


def test_it_says_so_on_the_account_until_the_type_is_there(outside: Sandbox, place: Place) -> None:
    log(place())
    assert PipedriveAccount.objects.get().missing_activity_type == "visit"
    outside.order("pipedrive/control/activity-types", key_string="visit", name="Visit")
    PipedriveAccount.objects.update(activity_types_read_at=None)
    log(place())
    assert PipedriveAccount.objects.get().missing_activity_type == ""
    assert activities(outside)[-1]["type"] == "visit"


def test_a_type_mended_before_the_mail_goes_needs_none(place: Place) -> None:
    log(place())
    PipedriveAccount.objects.update(missing_activity_type="")
    mail_missing_type(PipedriveAccount.objects.get().pk)
    assert mail.outbox == []
