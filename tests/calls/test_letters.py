"""Mails that look back on a week or a day, or ahead to the end of a licence: to whom, when, once, and how they end."""

import datetime
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from smtplib import SMTPRecipientsRefused

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from accounts.letters import Draft, forget_old_letters, send_all
from accounts.license_ends import license_end_drafts
from accounts.models import Company, Letter, License, User
from calls.digests import digest_drafts
from calls.models import Call
from calls.schedules import EVERY_MINUTES
from calls.summaries import summary_drafts
from calls.tasks import mail_what_is_due
from tests.calls.steps import Place, log
from tests.conftest import company_of

pytestmark = pytest.mark.django_db
DAY = datetime.timedelta(days=1)
MONDAY = datetime.datetime(2026, 11, 23, 7, 0, tzinfo=datetime.timezone(datetime.timedelta(hours=2)))
"""A Monday at seven in Helsinki; the week before is 16 to 22 November."""
LAST_WEEK = datetime.datetime(2026, 11, 18, 12, 0, tzinfo=datetime.UTC)
UNSUBSCRIBE = re.compile(r"http://localhost:8000(/accounts/unsubscribe/\S+/)")


class AwayBackend(EmailBackend):
    """A mail server that does not take anything."""

    def send_messages(self, messages: object) -> int:
        raise ConnectionRefusedError


class PickyBackend(EmailBackend):
    """A mail server that knows no mailbox of Aino's."""

    def send_messages(self, messages: list[mail.EmailMessage]) -> int:  # type: ignore[override]
        refused = {to: (550, b"no such mailbox") for each in messages for to in each.to if to.startswith("aino@")}
        if refused:
            raise SMTPRecipientsRefused(refused)
        return int(super().send_messages(messages))


@pytest.fixture(autouse=True)
def _in_english(aino: User) -> None:
    Company.objects.update(language="en")


@pytest.fixture
def waiting(place: Place, bo: User) -> Call:
    """A call of Bo's of last week that nobody is registered for at Pipedrive."""
    call = log(place())
    Call.objects.filter(pk=call.pk).update(started_at=LAST_WEEK)
    return call


def sent() -> list[tuple[str, str]]:
    return sorted((each.to[0], str(each.subject)) for each in mail.outbox)


def digest(now: datetime.datetime = MONDAY) -> None:
    send_all(digest_drafts(now))


class TestDigest:
    def test_admins_are_told_what_could_not_be_logged_and_what_to_do(self, waiting: Call, place: Place) -> None:
        unknown = log(place(user={"id": "u", "email": "dora@esimerkki.example"}))
        Call.objects.filter(pk=unknown.pk).update(started_at=LAST_WEEK)
        digest()
        assert sent() == [("aino@esimerkki.example", "2 calls of Esimerkki Oy are not in Pipedrive")]
        body = mail.outbox[0].body
        assert "16 Nov 2026 – 22 Nov 2026" in body
        assert "Connect it on the Integrations page" in body
        assert "- dora@esimerkki.example: 1" in body
        assert "http://localhost:8000/team/" in body
        assert waiting.customer_number not in body

    def test_it_is_in_the_readers_own_language(self, waiting: Call, aino: User) -> None:
        User.objects.filter(pk=aino.pk).update(language="fi")
        digest()
        assert "puuttuu Pipedrivesta" in mail.outbox[0].subject

    def test_when_there_is_nothing_none_is_sent(self, waiting: Call) -> None:
        Call.objects.update(started_at=LAST_WEEK - 7 * DAY)
        digest()
        Call.objects.update(started_at=LAST_WEEK, status="skipped", reason="rule")
        digest()
        assert mail.outbox == []

    def test_only_admins_who_want_it_get_it(self, waiting: Call, aino: User, bo: User, cecilia: User) -> None:
        User.objects.filter(pk=bo.pk).update(is_company_admin=True, gets_digest=False)
        digest()
        assert [to for to, _subject in sent()] == [aino.email]

    @pytest.mark.parametrize(
        ("now", "number"),
        [
            (MONDAY - datetime.timedelta(minutes=1), 0),
            (MONDAY, 1),
            (MONDAY + 5 * DAY, 1),
            (MONDAY + 6 * DAY, 1),
            (MONDAY + 7 * DAY - datetime.timedelta(minutes=1), 0),
            (MONDAY + 7 * DAY, 0),
        ],
    )
    def test_it_comes_from_monday_morning_on(self, waiting: Call, now: datetime.datetime, number: int) -> None:
        digest(now)
        assert len(mail.outbox) == number

    def test_it_comes_once_a_week(self, waiting: Call) -> None:
        for hours in (0, 1, 30, 100):
            digest(MONDAY + datetime.timedelta(hours=hours))
        assert len(mail.outbox) == 1
        Call.objects.update(started_at=LAST_WEEK + 7 * DAY)
        digest(MONDAY + 7 * DAY)
        assert len(mail.outbox) == 2

    def test_what_the_mail_server_does_not_take_is_sent_later(self, waiting: Call, settings: Settings) -> None:
        usual = settings.EMAIL_BACKEND
        settings.EMAIL_BACKEND = f"{__name__}.AwayBackend"
        digest()
        settings.EMAIL_BACKEND = usual
        digest()
        digest()
        assert len(mail.outbox) == 1

    def test_an_address_that_the_mail_server_refuses_keeps_nobody_elses_back(
        self, waiting: Call, bo: User, settings: Settings
    ) -> None:
        User.objects.filter(pk=bo.pk).update(is_company_admin=True)
        settings.EMAIL_BACKEND = f"{__name__}.PickyBackend"
        for _time in range(2):
            digest()
        assert [to for to, _subject in sent()] == [bo.email]

    def test_its_job_runs(self) -> None:
        assert EVERY_MINUTES["calls.tasks.mail_what_is_due"] == 10
        mail_what_is_due()


class TestSummary:
    @pytest.fixture
    def _daily(self, waiting: Call, bo: User) -> None:
        User.objects.filter(pk=bo.pk).update(summary=User.Summary.DAILY)

    @pytest.mark.usefixtures("_daily")
    def test_the_days_calls_are_counted(self) -> None:
        send_all(summary_drafts(LAST_WEEK.replace(hour=6) + DAY))
        assert sent() == [("bo@esimerkki.example", "Your calls on 18 Nov 2026")]
        body = mail.outbox[0].body
        assert "- Calls: 1" in body
        assert "- Talk time: 2 min 52 s" in body
        assert "- Logged to Pipedrive: 0" in body

    @pytest.mark.usefixtures("_daily")
    @pytest.mark.parametrize(("hour", "number"), [(4, 0), (5, 1)])
    def test_it_comes_at_seven_in_helsinki(self, hour: int, number: int) -> None:
        send_all(summary_drafts(LAST_WEEK.replace(hour=hour) + DAY))
        assert len(mail.outbox) == number

    @pytest.mark.usefixtures("_daily")
    def test_a_day_without_calls_has_none(self) -> None:
        send_all(summary_drafts(LAST_WEEK + 2 * DAY))
        assert mail.outbox == []

    def test_a_weeks_comes_on_monday(self, waiting: Call, bo: User) -> None:
        User.objects.filter(pk=bo.pk).update(summary=User.Summary.WEEKLY)
        for _time in range(2):
            send_all(summary_drafts(MONDAY))
        assert sent() == [("bo@esimerkki.example", "Your calls 16 Nov 2026 – 22 Nov 2026")]

    def test_who_has_not_asked_for_it_gets_none(self, waiting: Call) -> None:
        send_all(summary_drafts(MONDAY))
        assert mail.outbox == []


class TestEndOfALicense:
    TODAY = datetime.date(2026, 6, 1)

    def ends(self, user: User, days: int) -> None:
        License.objects.filter(holder=user).update(valid_until=self.TODAY + days * DAY)

    def look(self, days_later: int = 0) -> None:
        send_all(license_end_drafts(self.at(7) + days_later * DAY))

    def at(self, hour: int) -> datetime.datetime:
        """A full hour of today in Helsinki."""
        return timezone.make_aware(datetime.datetime.combine(self.TODAY, datetime.time(hour)))

    def test_the_holder_and_the_admin_are_told_three_times_each(self, bo: User) -> None:
        self.ends(bo, 40)
        told = []
        for day in range(45):
            self.look(day)
            told += [(40 - day, each.to[0]) for each in mail.outbox]
            mail.outbox.clear()
        assert told == [
            (days, email) for days in (30, 7, 1) for email in ("aino@esimerkki.example", "bo@esimerkki.example")
        ]

    @pytest.mark.parametrize(("hour", "number"), [(0, 0), (6, 0), (7, 2), (23, 2)])
    def test_nobody_is_told_at_night(self, bo: User, hour: int, number: int) -> None:
        self.ends(bo, 30)
        send_all(license_end_drafts(self.at(hour)))
        assert len(mail.outbox) == number

    def test_days_on_which_nothing_was_sent_are_made_up_for(self, bo: User) -> None:
        self.ends(bo, 25)
        self.look()
        assert len(mail.outbox) == 2
        assert "26 Jun 2026" in mail.outbox[0].subject

    def test_an_admin_gets_one_for_all_and_none_as_a_holder(self, aino: User, bo: User) -> None:
        for user in (aino, bo):
            self.ends(user, 7)
        self.look()
        assert sent() == [
            (aino.email, "2 licenses of Esimerkki Oy end on 8 Jun 2026"),
            (bo.email, "Your license ends on 8 Jun 2026"),
        ]
        assert f"- {aino.email}\n- {bo.email}" in mail.outbox[0].body

    @pytest.mark.parametrize("until", [None, datetime.date(2027, 6, 1)])
    def test_who_has_renewed_is_left_alone(self, bo: User, until: datetime.date | None) -> None:
        self.ends(bo, 7)
        License.objects.create(company=company_of(bo), holder=bo, valid_until=until)
        self.look()
        assert mail.outbox == []

    def test_free_seats_and_licenses_that_have_ended_are_left_alone(self, bo: User) -> None:
        self.ends(bo, -1)
        License.objects.create(company=company_of(bo), valid_until=self.TODAY + 7 * DAY)
        self.look()
        assert mail.outbox == []

    def test_it_cannot_be_unsubscribed(self, bo: User) -> None:
        self.ends(bo, 7)
        self.look()
        for each in mail.outbox:
            assert "List-Unsubscribe" not in each.extra_headers
            assert "unsubscribe" not in each.body


class TestUnsubscribing:
    @pytest.fixture
    def path(self, waiting: Call) -> str:
        """The link in a digest."""
        digest()
        return self.link_in(mail.outbox[0])

    def link_in(self, message: mail.EmailMessage) -> str:
        found = UNSUBSCRIBE.search(str(message.body))
        assert found is not None
        assert message.extra_headers["List-Unsubscribe"] == f"<{found.group(0)}>"
        assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        return found.group(1)

    def test_opening_the_link_asks_and_changes_nothing(self, path: str, aino: User) -> None:
        page = Client(headers={"accept-language": "en"}).get(path).content.decode()
        assert "Stop these emails?" in page
        aino.refresh_from_db()
        assert aino.gets_digest

    def test_one_click_of_the_mail_program_ends_it_without_login(self, path: str, aino: User) -> None:
        client = Client(enforce_csrf_checks=True, headers={"accept-language": "en"})
        page = client.post(path, {"List-Unsubscribe": "One-Click"})
        assert page.status_code == 200
        assert "not sent to aino@esimerkki.example any more" in page.content.decode()
        aino.refresh_from_db()
        assert not aino.gets_digest
        Call.objects.update(started_at=LAST_WEEK + 7 * DAY)
        digest(MONDAY + 7 * DAY)
        assert len(mail.outbox) == 1

    def test_it_can_be_turned_on_again_on_the_team_page(self, path: str, aino: User, admin: Client) -> None:
        Client().post(path)
        assert "Send it to me" in admin.get("/team/").content.decode()
        admin.post("/team/digest/", {"wanted": "yes"})
        aino.refresh_from_db()
        assert aino.gets_digest

    def test_a_summary_ends_its_own_kind_only(self, waiting: Call, bo: User) -> None:
        User.objects.filter(pk=bo.pk).update(summary=User.Summary.WEEKLY)
        send_all(summary_drafts(MONDAY))
        Client().post(self.link_in(mail.outbox[0]))
        bo.refresh_from_db()
        assert (bo.summary, bo.gets_digest) == (User.Summary.NONE, True)

    @pytest.mark.parametrize("spoil", [lambda token: token[:-2], lambda token: "x" + token])
    def test_a_link_that_we_have_not_made_does_nothing(
        self, path: str, aino: User, spoil: Callable[[str], str]
    ) -> None:
        token = path.split("/")[3]
        assert Client().post(path.replace(token, spoil(token))).status_code == 404
        aino.refresh_from_db()
        assert aino.gets_digest


class TestTooMany:
    def draft(self, person: User, occasion: str, kind: Letter.Kind = Letter.Kind.DIGEST) -> Draft:
        return Draft(
            person=person,
            company=company_of(person),
            kind=kind,
            occasion=occasion,
            template="accounts/email/license_ends",
            context={"day": MONDAY},
        )

    def test_an_address_gets_three_a_day_and_the_rest_later(self, bo: User) -> None:
        drafts = [self.draft(bo, str(number)) for number in range(5)]
        send_all(drafts)
        assert len(mail.outbox) == 3
        Letter.objects.update(sent_at=timezone.now() - DAY)
        send_all(drafts)
        assert len(mail.outbox) == 5

    def test_essential_ones_do_not_wait(self, bo: User) -> None:
        send_all(self.draft(bo, str(number), Letter.Kind.LICENSE_END) for number in range(5))
        assert len(mail.outbox) == 5

    def test_what_was_sent_long_ago_is_forgotten(self, bo: User) -> None:
        send_all([self.draft(bo, "old"), self.draft(bo, "new")])
        Letter.objects.filter(occasion="old").update(sent_at=timezone.now() - 91 * DAY)
        forget_old_letters()
        assert [letter.occasion for letter in Letter.objects.all()] == ["new"]


@pytest.fixture
def at_once(db: None) -> Callable[[Callable[[], None]], None]:
    """Does something four times at the same moment."""

    def run(work: Callable[[], None]) -> None:
        def each(_number: int) -> None:
            try:
                work()
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(each, range(4)))

    return run


@pytest.mark.django_db(transaction=True)
def test_workers_that_look_at_the_same_moment_send_one(
    waiting: Call, at_once: Callable[[Callable[[], None]], None]
) -> None:
    at_once(digest)
    assert len(mail.outbox) == 1
