"""Numbers whose calls are nobody's business but the rep's, and that nobody can read."""

from collections.abc import Callable

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.db import connection
from pytest_django import Settings

from accounts.models import User
from calls.models import LoggingPolicy, NewPerson, NumberChoice, PrivateNumber, RepPolicy
from calls.privacy import make_number_private, mark_private
from calls.private_numbers import (
    UnreadableListError,
    add_number,
    count_of,
    is_private,
    remove_all,
    remove_number,
    replace_numbers,
)
from calls.resume import resume_waiting
from calls.typed_numbers import clean_number
from integrations.models import PipedriveAccount, PipedriveConnection
from tests.calls.steps import Connect, Place, activities, due_now, fault, log, outcome
from tests.calls.test_private_calls import NUMBER, POST_ACTIVITY, PRIVATE, shown, traces_in_database
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
OTHER = "+358400999888"


class TestTheList:
    @pytest.mark.parametrize("typed", ["0400 124387", "+358 40 0124387", "00358400124387", "040-012 4387"])
    def test_a_number_is_known_again_however_it_is_typed(self, bo: User, typed: str) -> None:
        add_number(bo, NUMBER)
        assert is_private(bo, clean_number(typed))
        assert not is_private(bo, OTHER)

    def test_adding_twice_removing_and_emptying(self, bo: User) -> None:
        assert (add_number(bo, NUMBER), add_number(bo, NUMBER), add_number(bo, OTHER)) == (True, False, True)
        assert count_of(bo) == 2
        assert (remove_number(bo, NUMBER), remove_number(bo, NUMBER), count_of(bo)) == (True, False, 1)
        remove_all(bo)
        assert (count_of(bo), is_private(bo, OTHER)) == (0, False)
        replace_numbers(bo, {NUMBER, OTHER})
        replace_numbers(bo, {OTHER})
        assert (count_of(bo), is_private(bo, NUMBER), is_private(bo, OTHER)) == (1, False, True)

    def test_one_reps_list_says_nothing_about_anothers(self, aino: User, bo: User) -> None:
        add_number(bo, NUMBER)
        add_number(aino, NUMBER)
        digests = PrivateNumber.objects.values_list("digest", flat=True)
        assert len(set(digests)) == 2
        remove_all(aino)
        assert (is_private(aino, NUMBER), is_private(bo, NUMBER)) == (False, True)

    def test_neither_number_nor_key_lies_readable_in_the_database(self, bo: User) -> None:
        add_number(bo, NUMBER)
        key = RepPolicy.objects.get(user=bo).number_key
        with connection.cursor() as cursor:
            for model in (PrivateNumber, RepPolicy):
                cursor.execute(f"SELECT * FROM {model._meta.db_table}")  # noqa: S608 - our own table
                stored = str(cursor.fetchall())
                assert "400124387" not in stored
                assert key not in stored

    def test_it_outlives_a_change_of_the_encryption_keys(self, bo: User, settings: Settings) -> None:
        add_number(bo, NUMBER)
        new = Fernet.generate_key().decode()
        settings.FIELD_ENCRYPTION_KEYS = [new, *settings.FIELD_ENCRYPTION_KEYS]
        call_command("reencrypt")
        settings.FIELD_ENCRYPTION_KEYS = [new]
        assert is_private(bo, NUMBER)

    def test_with_a_lost_key_nobody_says_that_a_number_is_not_on_it(self, bo: User, settings: Settings) -> None:
        add_number(bo, NUMBER)
        settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]
        with pytest.raises(UnreadableListError):
            is_private(bo, OTHER)
        remove_all(bo)
        add_number(bo, OTHER)
        assert is_private(bo, OTHER)

    @pytest.mark.parametrize("typed", ["abc", "112", ""])
    def test_what_is_no_telephone_number_is_refused(self, typed: str) -> None:
        with pytest.raises(ValueError, match="040 012 4387"):
            clean_number(typed)


class TestTheCalls:
    @pytest.fixture(autouse=True)
    def _bo_is_connected(self, connected: Connect, bo: User) -> None:
        connected(bo)

    def test_a_call_with_a_private_number_is_not_logged_and_names_nobody(
        self, outside: Sandbox, bo: User, place: Place
    ) -> None:
        add_number(bo, NUMBER)
        assert outcome(log(place())) == PRIVATE
        assert activities(outside) == []
        assert traces_in_database() == []
        assert outcome(log(place(from_="+358400124390"))) != PRIVATE

    def test_a_colleagues_calls_with_it_are_logged(
        self, aino: User, connected: Connect, bo: User, place: Place
    ) -> None:
        add_number(aino, NUMBER)
        assert outcome(log(place())) == ("logged", "logged")

    @pytest.mark.parametrize("rule", ["blocked", "no such kind", "suspended", "no license"])
    def test_that_it_is_private_comes_before_every_other_rule(self, bo: User, place: Place, rule: str) -> None:
        add_number(bo, NUMBER)
        policy = LoggingPolicy.objects.create(company=company_of(bo))
        match rule:
            case "blocked":
                LoggingPolicy.objects.filter(pk=policy.pk).update(blocked_numbers=[NUMBER])
            case "no such kind":
                LoggingPolicy.objects.filter(pk=policy.pk).update(in_answered="none")
            case "suspended":
                type(policy.company).objects.update(suspended_at="2026-01-01T00:00:00Z")
            case _:
                bo.licenses.update(holder=None)
        assert outcome(log(place())) == PRIVATE
        assert traces_in_database() == []

    def test_it_holds_for_calls_that_came_before_anybody_was_registered(self, bo: User, place: Place) -> None:
        User.objects.filter(pk=bo.pk).update(is_active=False)
        call = place()
        assert outcome(log(call)) == ("waiting", "unknown_rep")
        User.objects.filter(pk=bo.pk).update(is_active=True)
        add_number(bo, NUMBER)
        resume_waiting()
        assert outcome(log(call)) == PRIVATE
        assert traces_in_database() == []

    def test_one_that_may_have_been_sent_already_is_looked_for_and_deleted(
        self, outside: Sandbox, bo: User, place: Place
    ) -> None:
        fault(outside, **POST_ACTIVITY, drop=True, after=True)
        call = log(place())
        assert outcome(call) == ("pending", "confirming")
        add_number(bo, NUMBER)
        assert outcome(log(due_now(call))) == PRIVATE
        assert len(activities(outside)) == 1
        assert shown(outside) == []

    def test_earlier_calls_become_private_if_not_logged_and_logged_ones_on_request(
        self, outside: Sandbox, bo: User, place: Place
    ) -> None:
        logged, waiting, other = log(place()), place(), log(place(from_="+358400124390"))
        add_number(bo, NUMBER)
        assert make_number_private(bo, NUMBER, with_logged=False) == 1
        waiting.refresh_from_db()
        assert outcome(waiting) == PRIVATE
        assert make_number_private(bo, NUMBER, with_logged=True) == 1
        assert outcome(log(logged)) == PRIVATE
        other.refresh_from_db()
        assert other.customer_number == "+358400124390"
        assert [each for each in shown(outside) if logged.reference in each["note"]] == []

    @pytest.fixture
    def known(self, bo: User) -> Callable[[], bool]:
        """Somebody has chosen a person for the number, and the portal has made one. Asks whether it still knows."""
        account = PipedriveConnection.objects.get(user=bo).account
        NumberChoice.objects.create(account=account, number=NUMBER, person_id=1, chosen_by=bo)
        NewPerson.objects.create(account=account, number=NUMBER, person_id=2)

        def still_knows() -> bool:
            counts = {model.objects.filter(number=NUMBER).count() for model in (NumberChoice, NewPerson)}
            assert len(counts) == 1
            return bool(counts.pop())

        return still_knows

    def test_whom_the_number_of_a_private_call_means_is_forgotten(
        self, bo: User, place: Place, known: Callable[[], bool]
    ) -> None:
        one, other = place(), place()
        mark_private(one, by=bo)
        assert known()
        mark_private(other, by=bo)
        assert not known()

    def test_it_is_known_as_long_as_a_colleague_needs_it(
        self, bo: User, aino: User, place: Place, known: Callable[[], bool]
    ) -> None:
        colleagues = place(user={"id": "u-8", "email": aino.email})
        add_number(bo, NUMBER)
        assert outcome(log(place())) == PRIVATE
        make_number_private(bo, NUMBER, with_logged=True)
        assert known()
        mark_private(colleagues, by=aino)
        assert not known()

    def test_another_companys_is_not_touched(
        self, bo: User, cecilia: User, place: Place, known: Callable[[], bool]
    ) -> None:
        PipedriveAccount.objects.update(company=company_of(cecilia))
        mark_private(place(), by=bo)
        assert known()

    @pytest.mark.parametrize("how", ["the list", "a new call"])
    def test_a_number_of_the_list_is_forgotten_though_logged_calls_with_it_stay(
        self, bo: User, place: Place, known: Callable[[], bool], how: str
    ) -> None:
        assert outcome(log(place())) == ("logged", "logged")
        add_number(bo, NUMBER)
        if how == "the list":
            make_number_private(bo, NUMBER, with_logged=False)
        else:
            log(place())
        assert not known()

    def test_with_a_lost_key_no_call_of_the_rep_is_logged(
        self, outside: Sandbox, bo: User, place: Place, settings: Settings
    ) -> None:
        add_number(bo, OTHER)
        RepPolicy.objects.update(number_key="")
        call = place()
        for _try in range(8):
            log(due_now(call))
        assert outcome(call) == ("failed", "error")
        assert activities(outside) == []
