"""The company's own numbers: learned from calls and from Mustalinja, edited by hand, never customers'."""

import datetime
from typing import Any

import pytest
from django.utils import timezone
from django_q.models import OrmQ
from pytest_django import Settings

from accounts.models import Company, User
from calls.own_numbers import (
    change_own_numbers,
    is_own_number,
    learn,
    learn_from_mustalinja,
    own_numbers_of,
)
from calls.policy import OwnNumber
from calls.tasks import learn_own_numbers_of
from integrations.models import MustalinjaAccount
from integrations.mustalinja_link import save_credentials
from tests.calls.steps import Connect, Place, log, outcome
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

MATTI = "+358409998877"


@pytest.fixture
def company(aino: User) -> Company:
    return company_of(aino)


class TestLearning:
    def test_from_a_call(self, outside: Sandbox, bo: User, place: Place) -> None:
        log(place(user={"email": "aino@esimerkki.example", "number": "040 999 8877"}))
        assert MATTI in own_numbers_of(company_of(bo))
        assert outcome(log(place(from_=MATTI))) == ("skipped", "internal_call")

    def test_from_mustalinjas_users(self, outside: Sandbox, mustalinja: MustalinjaAccount, company: Company) -> None:
        learn_from_mustalinja()
        numbers = own_numbers_of(company)
        assert numbers
        assert all(number.startswith("+358") for number in numbers)

    def test_as_soon_as_the_credentials_are_entered(self, outside: Sandbox, company: Company) -> None:
        save_credentials(company=company, api_key="demo-key", api_secret="demo-secret")
        task = OrmQ.objects.last().task
        assert (task["func"], task["args"]) == ("calls.tasks.learn_own_numbers_of", (company.pk,))
        learn_own_numbers_of(company.pk)
        assert own_numbers_of(company)

    @pytest.mark.parametrize("fault", [{"status": 500}, {"status": 200, "body": "[]"}, {"status": 401}])
    def test_where_mustalinja_cannot_be_asked_nothing_is_lost(
        self, outside: Sandbox, mustalinja: MustalinjaAccount, company: Company, fault: dict[str, Any]
    ) -> None:
        learn(company, MATTI)
        outside.order("mustalinja/control/faults", path="v1/users", **fault)
        learn_from_mustalinja()
        assert own_numbers_of(company) == [MATTI]

    def test_without_an_address_of_mustalinjas_nothing_is_asked(
        self, mustalinja: MustalinjaAccount, company: Company, settings: Settings
    ) -> None:
        settings.MUSTALINJA_API_URL = ""
        learn_from_mustalinja()
        assert own_numbers_of(company) == []

    @pytest.mark.parametrize("odd", ["", "12", "anonymous", "+" + "1" * 40, "+358 40 999 8877"])
    def test_what_is_no_number_is_not_learned(self, company: Company, odd: str) -> None:
        learn(company, odd)
        assert not OwnNumber.objects.exists()

    def test_a_number_not_named_for_ninety_days_is_somebody_elses(self, company: Company) -> None:
        learn(company, MATTI)
        OwnNumber.objects.update(seen_at=timezone.now() - datetime.timedelta(days=91))
        assert not is_own_number(company, MATTI)
        assert own_numbers_of(company) == []
        learn(company, MATTI)
        assert is_own_number(company, MATTI)

    def test_one_companys_number_is_no_others(self, company: Company, cecilia: User) -> None:
        learn(company, MATTI)
        assert not is_own_number(company_of(cecilia), MATTI)


class TestByHand:
    def test_an_entered_number_stays(self, company: Company) -> None:
        change_own_numbers(company, added={MATTI}, removed=set())
        OwnNumber.objects.update(seen_at=timezone.now() - datetime.timedelta(days=400))
        assert is_own_number(company, MATTI)

    def test_a_removed_one_is_not_learned_again(self, company: Company) -> None:
        learn(company, MATTI)
        change_own_numbers(company, added=set(), removed={MATTI})
        learn(company, MATTI)
        assert own_numbers_of(company) == []
        assert not is_own_number(company, MATTI)

    def test_entered_again_it_is_back(self, company: Company) -> None:
        change_own_numbers(company, added={MATTI}, removed=set())
        change_own_numbers(company, added=set(), removed={MATTI})
        change_own_numbers(company, added={MATTI}, removed=set())
        assert own_numbers_of(company) == [MATTI]


def test_a_contact_with_a_colleagues_number_is_never_matched(
    outside: Sandbox, connected: Connect, bo: User, place: Place
) -> None:
    outside.order("pipedrive/control/persons", name="Aino itse", phones=["040 999 8877"])
    connected(bo)
    change_own_numbers(company_of(bo), added={MATTI}, removed=set())
    assert outcome(log(place(from_=MATTI))) == ("skipped", "internal_call")
