"""Inviting a colleague: a seat is kept, its code mailed, and used by who was invited."""

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from accounts.invitations import free_seats_of_old_invitations
from accounts.licenses import issue_licenses
from accounts.models import Invitation, License, User
from accounts.seats import seats_of
from calls.schedules import EVERY_MINUTES
from calls.tasks import mail_invitation, mail_invitation_taken, mail_invitations_again
from tests.accounts.browser import in_english, link_in, path_of, sign_up
from tests.conftest import company_of

pytestmark = pytest.mark.django_db
Mails = list[EmailMessage]
DORA = "dora@esimerkki.example"
EVE = "eve@esimerkki.example"


@pytest.fixture
def admin(aino: User, browser_of: Callable[[User], Client]) -> Client:
    return in_english(browser_of(aino))


@pytest.fixture
def seats(aino: User) -> list[str]:
    """Two free seats of Aino's company."""
    company_of(aino).licenses.update(valid_until=timezone.localdate() + datetime.timedelta(days=400))
    issued = issue_licenses(company_name="Esimerkki Oy", seats=2, valid_until=None)
    return [license_.code for license_ in issued]


def work() -> None:
    """Carry out what is queued of this kind."""
    tasks = {f"calls.tasks.{task.__name__}": task for task in (mail_invitation, mail_invitation_taken)}
    for entry in OrmQ.objects.all():
        if entry.task["func"] in tasks:
            tasks[entry.task["func"]](*entry.task["args"])
            entry.delete()


def invite(admin: Client, email: str = DORA) -> str:
    """Press the button, let the worker send the mail, and give what the page then says."""
    page = admin.post("/team/invite/", {"email": email}, follow=True)
    work()
    return " ".join(str(message) for message in page.context["messages"])


def counts(user: User) -> tuple[int, int, int, int]:
    seats = seats_of(company_of(user))
    return seats.bought, seats.used, seats.promised, seats.free


class TestTheMail:
    def test_it_brings_a_code_of_a_seat_that_is_kept(
        self, admin: Client, aino: User, seats: list[str], mailoutbox: Mails
    ) -> None:
        assert counts(aino) == (3, 1, 0, 2)
        assert "is invited" in invite(admin, "Dora@Esimerkki.example")
        assert counts(aino) == (3, 1, 1, 1)
        (mail,) = mailoutbox
        kept = Invitation.objects.get()
        assert (mail.to, kept.email, kept.mailed_at is not None) == ([DORA], DORA, True)
        assert kept.license.code in str(mail.body)
        assert kept.license.code in seats
        assert path_of(link_in(mail)) == f"/accounts/join/{kept.license.code}/"

    def test_it_has_html_that_says_the_same(self, admin: Client, seats: list[str], mailoutbox: Mails) -> None:
        invite(admin)
        html, kind = mailoutbox[0].alternatives[0]  # type: ignore[attr-defined]
        assert kind == "text/html"
        assert f'href="{link_in(mailoutbox[0])}"' in html
        assert Invitation.objects.get().license.code in html

    def test_it_is_in_the_companys_language(self, admin: Client, seats: list[str], mailoutbox: Mails) -> None:
        invite(admin)
        assert "kutsuu sinut Mustalinja Connectoriin" in mailoutbox[0].subject

    def test_it_is_sent_once_however_often_the_task_runs(
        self, admin: Client, seats: list[str], mailoutbox: Mails
    ) -> None:
        invite(admin)
        mail_invitation(Invitation.objects.get().pk)
        mail_invitations_again()
        assert len(mailoutbox) == 1

    def test_one_whose_task_was_lost_is_sent_later(self, admin: Client, seats: list[str], mailoutbox: Mails) -> None:
        admin.post("/team/invite/", {"email": DORA})
        OrmQ.objects.all().delete()
        assert "calls.tasks.mail_invitations_again" in EVERY_MINUTES
        mail_invitations_again()
        assert [mail.to for mail in mailoutbox] == [[DORA]]

    def test_no_more_than_three_are_sent_to_an_address_on_a_day(
        self, admin: Client, seats: list[str], mailoutbox: Mails
    ) -> None:
        said = [invite(admin) for _time in range(4)]
        assert len(mailoutbox) == 3
        assert ["tomorrow" in each for each in said] == [False, False, False, True]
        assert "is invited" in invite(admin, "eve@esimerkki.example")


class TestJoining:
    def test_the_link_fills_the_code_and_the_address_in(
        self, admin: Client, seats: list[str], mailoutbox: Mails
    ) -> None:
        invite(admin)
        page = Client().get(path_of(link_in(mailoutbox[0])), follow=True)
        form = page.context["form"]
        assert page.redirect_chain[-1][0].startswith("/accounts/signup/")
        assert (form["license_code"].value(), form["email"].value()) == (Invitation.objects.get().license.code, DORA)

    def test_who_signs_up_by_it_is_of_the_company_and_has_the_seat(
        self, admin: Client, aino: User, seats: list[str], mailoutbox: Mails
    ) -> None:
        invite(admin)
        sign_up(Client(), email=DORA, code=Invitation.objects.get().license.code)
        dora = User.objects.get(email=DORA)
        assert (dora.company, dora.is_company_admin, dora.sees_all_calls) == (aino.company, False, False)
        assert not Invitation.objects.exists()
        assert counts(aino) == (3, 2, 0, 1)

    def test_who_has_an_account_is_led_to_the_license_page(
        self, admin: Client, cecilia: User, seats: list[str], mailoutbox: Mails, browser_of: Callable[[User], Client]
    ) -> None:
        invite(admin, cecilia.email)
        path = path_of(link_in(mailoutbox[0]))
        assert "/accounts/login/" in Client().get(path, follow=True).redirect_chain[-1][0]
        page = browser_of(cecilia).get(path, follow=True)
        assert page.context["form"]["license_code"].value() == Invitation.objects.get().license.code

    def test_its_code_seats_one_person_whoever_has_it(self, admin: Client, aino: User, seats: list[str]) -> None:
        invite(admin)
        kept = Invitation.objects.get().license
        sign_up(Client(), email=EVE, code=kept.code)
        assert License.objects.get(holder__email=EVE) == kept
        assert not Invitation.objects.exists()
        assert counts(aino) == (3, 2, 0, 1)
        page: Any = sign_up(in_english(Client()), email=DORA, code=kept.code)
        assert "already in use" in page.content.decode()
        assert not User.objects.filter(email=DORA).exists()
        assert counts(aino) == (3, 2, 0, 1)

    def test_who_invited_is_told_when_another_joins_by_it(
        self, admin: Client, aino: User, seats: list[str], mailoutbox: Mails
    ) -> None:
        invite(admin)
        sign_up(Client(), email=EVE, code=Invitation.objects.get().license.code)
        work()
        (told,) = [mail for mail in mailoutbox if mail.to == [aino.email]]
        assert told.subject == f"{EVE} liittyi kutsulla, jonka sai {DORA}"
        assert EVE in str(told.body)
        assert DORA in str(told.body)

    def test_nobody_is_told_when_the_invited_one_joins(
        self, admin: Client, aino: User, seats: list[str], mailoutbox: Mails
    ) -> None:
        invite(admin)
        sign_up(Client(), email=DORA, code=Invitation.objects.get().license.code)
        work()
        assert [mail.to for mail in mailoutbox if mail.to == [aino.email]] == []

    def test_one_who_signs_up_with_another_code_keeps_no_second_seat(
        self, admin: Client, aino: User, seats: list[str]
    ) -> None:
        invite(admin)
        other = License.objects.free().exclude(invitation__isnull=False).get()
        sign_up(Client(), email=DORA, code=other.code)
        assert counts(aino) == (3, 2, 0, 1)


class TestTheSeat:
    def test_no_seat_is_promised_twice(self, admin: Client, seats: list[str]) -> None:
        invite(admin)
        invite(admin, "eve@esimerkki.example")
        assert len(set(Invitation.objects.values_list("license", flat=True))) == 2
        assert "no free seat" in invite(admin, "fia@esimerkki.example")
        assert Invitation.objects.count() == 2

    def test_invited_again_the_same_seat_is_kept_longer(self, admin: Client, seats: list[str]) -> None:
        invite(admin)
        kept = Invitation.objects.get()
        Invitation.objects.update(ends_at=timezone.now() + datetime.timedelta(days=1))
        invite(admin)
        again = Invitation.objects.get()
        assert again.license == kept.license
        assert again.ends_at - timezone.now() > datetime.timedelta(days=13)

    def test_withdrawn_it_is_free_and_the_mailed_code_opens_nothing(
        self, admin: Client, aino: User, seats: list[str], mailoutbox: Mails
    ) -> None:
        invite(admin)
        kept = Invitation.objects.get()
        code = kept.license.code
        admin.post(f"/team/invitations/{kept.pk}/withdraw/")
        assert counts(aino) == (3, 1, 0, 2)
        page: Any = sign_up(in_english(Client()), email=DORA, code=code)
        assert "no such license code" in page.content.decode()

    def test_after_14_days_it_is_free_and_the_mailed_code_opens_nothing(
        self, admin: Client, aino: User, seats: list[str]
    ) -> None:
        invite(admin)
        code = Invitation.objects.get().license.code
        assert Invitation.objects.get().ends_at - timezone.now() <= datetime.timedelta(days=14)
        Invitation.objects.update(ends_at=timezone.now())
        assert counts(aino) == (3, 1, 0, 2)
        free_seats_of_old_invitations()
        assert not License.objects.filter(code=code).exists()
        assert not Invitation.objects.exists()

    def test_who_has_a_license_is_not_invited(self, admin: Client, bo: User, seats: list[str]) -> None:
        assert "has an account and a license" in invite(admin, bo.email)
        assert not Invitation.objects.exists()

    def test_whose_account_is_deactivated_is_not_invited(self, admin: Client, bo: User, seats: list[str]) -> None:
        License.objects.filter(holder=bo).update(holder=None)
        User.objects.filter(pk=bo.pk).update(is_active=False)
        assert "Ask SaaShop's support to open it again" in invite(admin, bo.email)
        assert not Invitation.objects.exists()

    @pytest.mark.parametrize("email", ["", "dora", "dora@", "a b@c.example"])
    def test_what_is_no_address_is_told(self, admin: Client, seats: list[str], email: str) -> None:
        assert "write an email address" in invite(admin, email)
        assert not Invitation.objects.exists()

    def test_another_companys_invitation_is_out_of_reach(
        self, admin: Client, cecilia: User, seats: list[str], browser_of: Callable[[User], Client]
    ) -> None:
        invite(admin)
        kept = Invitation.objects.get()
        for action in ("withdraw", "resend"):
            answer = browser_of(cecilia).post(f"/team/invitations/{kept.pk}/{action}/")
            assert answer.status_code == 404
        assert Invitation.objects.get() == kept
