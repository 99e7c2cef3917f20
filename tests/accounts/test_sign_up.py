"""Signing up with a licence: who becomes what, what is refused, what is not revealed."""

from typing import Any, ClassVar

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from pytest_django import Settings

from accounts.licenses import issue_licenses
from accounts.models import Company, License, User
from tests.accounts.browser import PASSWORD, in_english, is_logged_in, link_in, log_in, path_of, sign_up

pytestmark = pytest.mark.django_db
Mails = list[EmailMessage]


@pytest.fixture
def codes() -> list[str]:
    """Two free codes of a new company."""
    return [license_.code for license_ in issue_licenses(company_name="Uusi Oy", seats=2, valid_until=None)]


def confirm(client: Client, mail: EmailMessage) -> Any:
    """Open the link of the mail and press the button."""
    path = path_of(link_in(mail))
    assert client.get(path).status_code == 200
    return client.post(path)


class WhereItHashes(MD5PasswordHasher):
    """Keeps whether a transaction was open each time that a password was hashed."""

    in_transaction: ClassVar[list[bool]] = []

    def encode(self, password: str, salt: str) -> str:
        self.in_transaction.append(connection.in_atomic_block)
        return super().encode(password, salt)


@pytest.mark.django_db(transaction=True)
def test_the_password_is_hashed_before_the_transaction_for_which_all_others_wait(
    codes: list[str], settings: Settings
) -> None:
    settings.PASSWORD_HASHERS = [f"{__name__}.WhereItHashes"]
    WhereItHashes.in_transaction.clear()
    sign_up(Client(), email="eka@uusi.example", code=codes[0])
    assert WhereItHashes.in_transaction == [False]
    assert User.objects.get().check_password(PASSWORD)


class TestNewPerson:
    def test_the_first_of_a_company_becomes_its_admin_and_the_second_does_not(self, codes: list[str]) -> None:
        sign_up(Client(), email="eka@uusi.example", code=codes[0])
        sign_up(Client(), email="toka@uusi.example", code=codes[1])
        people = dict(User.objects.values_list("email", "is_company_admin"))
        assert people == {"eka@uusi.example": True, "toka@uusi.example": False}
        assert set(User.objects.values_list("company__name", flat=True)) == {"Uusi Oy"}

    def test_the_license_is_used_up(self, codes: list[str]) -> None:
        sign_up(Client(), email="eka@uusi.example", code=codes[0].lower().replace("-", " "))
        used = License.objects.get(code=codes[0])
        assert used.holder is not None
        assert (used.holder.email, used.redeemed_at is not None) == ("eka@uusi.example", True)
        assert License.objects.get(code=codes[1]).holder is None

    def test_the_email_is_kept_in_lower_case(self, codes: list[str]) -> None:
        sign_up(Client(), email="Eka.Etunimi@Uusi.Example", code=codes[0])
        assert User.objects.get().email == "eka.etunimi@uusi.example"

    def test_logging_in_works_only_after_the_email_is_confirmed(self, codes: list[str], mailoutbox: Mails) -> None:
        client = Client()
        assert sign_up(client, email="eka@uusi.example", code=codes[0]).status_code == 302
        assert not is_logged_in(client)
        another = Client()
        assert log_in(another, email="eka@uusi.example").status_code == 302
        assert not is_logged_in(another)
        assert another.get("/integrations/").status_code == 302
        confirm(client, mailoutbox[0])
        assert EmailAddress.objects.get().verified
        log_in(another, email="eka@uusi.example")
        assert another.get("/integrations/").status_code == 200

    def test_a_confirmation_link_with_a_wrong_key_confirms_nothing(self, codes: list[str], mailoutbox: Mails) -> None:
        sign_up(Client(), email="eka@uusi.example", code=codes[0])
        path = path_of(link_in(mailoutbox[0]))
        Client().post(path[:-4] + "xyz/")
        assert not EmailAddress.objects.get().verified

    def test_the_way_from_the_front_page_to_the_own_overview(self, codes: list[str], mailoutbox: Mails) -> None:
        client = Client()
        assert b"/accounts/signup/" in client.get("/").content
        assert b'name="license_code"' in client.get("/accounts/signup/").content
        sign_up(client, email="eka@uusi.example", code=codes[0])
        confirm(client, mailoutbox[0])
        log_in(client, email="eka@uusi.example")
        assert "Uusi Oy" in client.get("/integrations/").content.decode()


REFUSED = {
    "nothing": ("", "This field is required"),
    "unknown": ("7K2M-QX9R-4HTB-WCPE", "no such license code"),
    "used": ("used", "already in use"),
    "expired": ("expired", "has expired"),
    "longer than any code": ("7" * 65, "at most 64 characters"),
    "a NUL": ("7K2M\0", "Null characters"),
}


@pytest.mark.parametrize(("typed", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_a_refused_code_makes_no_account_and_says_why(aino: User, mailoutbox: Mails, typed: str, sentence: str) -> None:
    if typed == "used":
        typed = License.objects.get(holder=aino).code
    if typed == "expired":
        typed = issue_licenses(company_name="Uusi Oy", seats=1, valid_until=aino.date_joined.date())[0].code
        License.objects.filter(code=typed).update(valid_until="2020-01-01")
    page = sign_up(in_english(Client()), email="uusi@uusi.example", code=typed)
    assert page.status_code == 200
    assert sentence in page.content.decode()
    assert sentence in str(page.context["form"].errors["license_code"])
    assert not User.objects.filter(email="uusi@uusi.example").exists()
    assert mailoutbox == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"email": ""}, "email"),
        ({"email": "eka"}, "email"),
        ({"password2": "something-else-42"}, "password2"),
        ({"password1": "12345678", "password2": "12345678"}, "password1"),
        ({"password1": "lyhyt1", "password2": "lyhyt1"}, "password1"),
    ],
)
def test_other_mistakes_do_not_use_up_the_license(codes: list[str], changes: dict[str, str], field: str) -> None:
    fields = {"email": "eka@uusi.example", "password1": "kevät-sataa-42", "password2": "kevät-sataa-42"}
    page = Client().post("/accounts/signup/", fields | {"license_code": codes[0]} | changes)
    assert field in page.context["form"].errors
    assert not User.objects.exists()
    assert not License.objects.exclude(holder=None).exists()


class TestExistingEmail:
    @pytest.mark.parametrize("email", ["aino@esimerkki.example", "AINO@Esimerkki.example"])
    def test_the_answer_is_that_of_a_new_email(self, aino: User, codes: list[str], email: str) -> None:
        new = sign_up(Client(), email="eka@uusi.example", code=codes[0])
        known = sign_up(Client(), email=email, code=codes[1])
        assert (known.status_code, known["Location"]) == (new.status_code, new["Location"])
        assert known.content == new.content

    def test_it_makes_no_account_and_leaves_the_license_free(
        self, aino: User, codes: list[str], mailoutbox: Mails
    ) -> None:
        sign_up(in_english(Client()), email=aino.email, code=codes[0])
        assert User.objects.count() == 1
        assert License.objects.get(code=codes[0]).holder is None
        assert [mail.to for mail in mailoutbox] == [[aino.email]]
        assert "already have an account" in mailoutbox[0].subject
        assert "license code was not used" in mailoutbox[0].body

    def test_it_does_not_hold_back_the_confirmation_of_whoever_signed_up_a_moment_before(
        self, codes: list[str], mailoutbox: Mails
    ) -> None:
        # The first of two sign-ups at the same moment: saved, its confirmation not yet mailed.
        User.objects.create_user(email="eka@uusi.example", password=PASSWORD)
        sign_up(Client(), email="eka@uusi.example", code=codes[0])
        sign_up(Client(), email="eka@uusi.example", code=codes[0])
        assert len(mailoutbox) == 1, "told once of the account, not for each attempt"
        log_in(Client(), email="eka@uusi.example")
        assert [mail.to for mail in mailoutbox[1:]] == [["eka@uusi.example"]]
        assert "/accounts/confirm-email/" in link_in(mailoutbox[1])

    def test_the_company_and_the_password_stay_what_they_were(self, aino: User, codes: list[str]) -> None:
        before = aino.password
        fields = {"email": aino.email, "password1": "another-one-42", "password2": "another-one-42"}
        Client().post("/accounts/signup/", fields | {"license_code": codes[0]})
        aino.refresh_from_db()
        assert aino.company is not None
        assert (aino.company.name, aino.password) == ("Esimerkki Oy", before)
        assert Company.objects.get(name="Uusi Oy").admin_appointed_at is None


class TestLinksOfMails:
    """A Host header is the sender's word; a link that lies in somebody's mailbox must not follow it."""

    def test_the_confirmation_link_begins_with_the_public_address(
        self, codes: list[str], mailoutbox: Mails, settings: Settings
    ) -> None:
        settings.SITE_URL = "https://connector.saashop.example"
        sign_up(Client(), email="eka@uusi.example", code=codes[0], headers={"host": "127.0.0.1:8000"})
        assert link_in(mailoutbox[0]).startswith("https://connector.saashop.example/accounts/confirm-email/")
        assert "127.0.0.1" not in mailoutbox[0].body

    def test_the_link_for_a_known_email_begins_with_it_too(
        self, aino: User, codes: list[str], mailoutbox: Mails, settings: Settings
    ) -> None:
        settings.SITE_URL = "https://connector.saashop.example"
        sign_up(Client(), email=aino.email, code=codes[0], headers={"host": "127.0.0.1"})
        assert link_in(mailoutbox[0]) == "https://connector.saashop.example/accounts/password/reset/"

    def test_a_host_that_is_not_ours_is_refused(self, codes: list[str], mailoutbox: Mails) -> None:
        answer = sign_up(Client(), email="eka@uusi.example", code=codes[0], headers={"host": "evil.example"})
        assert answer.status_code == 400
        assert mailoutbox == []
