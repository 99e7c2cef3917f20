"""People read the portal, and the portal's mails, in the language of their account."""

from collections.abc import Callable

import pytest
from django.core.mail import EmailMessage
from django.db import IntegrityError, transaction
from django.test import Client

from accounts.mails import mail_admins_of, mail_person
from accounts.models import User
from tests.conftest import company_of

pytestmark = pytest.mark.django_db
Browser = Callable[[User], Client]
MAIL = "integrations/email/reauthorize_admin"


def choose(client: Client, language: str) -> None:
    assert client.post("/i18n/setlang/", {"language": language, "next": "/"}).status_code == 302


def language_of(client: Client) -> str:
    page = client.get("/integrations/").content.decode()
    return page.partition('<html lang="')[2][:2]


def test_who_has_chosen_nothing_reads_the_language_of_the_browser(bo: User, browser_of: Browser) -> None:
    client = browser_of(bo)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    assert language_of(client) == "en"
    assert language_of(browser_of(bo)) == "fi"


def test_the_language_of_the_account_wins_over_the_browser(bo: User, browser_of: Browser) -> None:
    User.objects.filter(pk=bo.pk).update(language="fi")
    client = browser_of(bo)
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "en"
    client.cookies["django_language"] = "en"
    page = client.get("/integrations/")
    assert page["Content-Language"] == "fi"
    assert language_of(client) == "fi"


def test_the_language_switch_is_kept_on_the_account(bo: User, browser_of: Browser) -> None:
    choose(browser_of(bo), "en")
    bo.refresh_from_db()
    assert bo.language == "en"
    assert language_of(browser_of(bo)) == "en"


def test_a_language_that_there_is_not_changes_nothing(bo: User, browser_of: Browser) -> None:
    choose(browser_of(bo), "sv")
    bo.refresh_from_db()
    assert bo.language == ""


def test_the_language_switch_of_somebody_unknown_is_kept_in_the_browser(bo: User) -> None:
    client = Client()
    choose(client, "en")
    assert '<html lang="en">' in client.get("/").content.decode()
    bo.refresh_from_db()
    assert bo.language == ""


def test_each_person_gets_mail_in_their_own_language(aino: User, bo: User, mailoutbox: list[EmailMessage]) -> None:
    User.objects.filter(pk=bo.pk).update(language="en", is_company_admin=True)
    mail_admins_of(company_of(aino), MAIL, context={"person": bo})
    bodies = {mail.to[0]: mail.body for mail in mailoutbox}
    assert "Hello," in bodies[bo.email]
    assert "Hei" in bodies[aino.email]


def test_who_has_chosen_no_language_gets_mail_in_the_companys(
    aino: User, bo: User, mailoutbox: list[EmailMessage]
) -> None:
    company = company_of(aino)
    mail_person(bo, company, MAIL, context={"person": bo})
    company.language = "en"
    mail_person(bo, company, MAIL, context={"person": bo})
    finnish, english = mailoutbox
    assert finnish.subject != english.subject


@pytest.mark.parametrize(
    ("field", "value"), [("language", "sv"), ("hold_minutes", 16), ("hold_minutes", -1), ("summary", "hourly")]
)
def test_the_database_refuses_settings_that_there_are_not(bo: User, field: str, value: object) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=bo.pk).update(**{field: value})
