"""The index itself: whose number it is, whatever order the news comes in."""

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from accounts.models import Company
from integrations.contacts import (
    IndexGoneError,
    contacts_with,
    drop_unseen,
    erase_index,
    forget_person,
    remove_person,
    write_persons,
)
from integrations.models import Contact, ContactIndex, ContactNumber, PipedriveAccount
from integrations.signals import numbers_changed
from tests.contacts.steps import EERO, NOON, names, numbers, person

pytestmark = pytest.mark.django_db
SECOND = datetime.timedelta(seconds=1)


class TestWriting:
    def test_every_number_of_a_person_leads_to_it(self, index: ContactIndex) -> None:
        write_persons(index, [person(phones=("040-012 4387 (Eero)", "09 4123 4567 / 050 111 2222", "", "puh."))])
        assert numbers() == {"+358400124387": [5], "+358941234567": [5], "+358501112222": [5]}

    def test_a_lookup_is_one_query(self, index: ContactIndex) -> None:
        write_persons(index, [person(), person(6)])
        with CaptureQueriesContext(
            connection,
        ) as queries:
            found = contacts_with(index.account, EERO)
        assert ({contact.person_id for contact in found}, len(queries)) == ({5, 6}, 1)

    def test_a_lookup_uses_the_index_of_numbers(self, index: ContactIndex) -> None:
        plan = Contact.objects.filter(numbers__account=index.account, numbers__e164=EERO).explain()
        assert "contact_by_number" in plan or connection.vendor == "postgresql"

    def test_a_person_without_a_number_is_not_kept(self, index: ContactIndex) -> None:
        write_persons(index, [person(phones=()), person(6, phones=("kysy Matilta",))])
        assert not Contact.objects.exists()

    def test_national_numbers_are_those_of_the_region(self, index: ContactIndex) -> None:
        index.region = "SE"
        write_persons(index, [person(phones=("070-123 45 67",))])
        assert numbers() == {"+46701234567": [5]}

    def test_a_changed_number_replaces_the_old_one(self, index: ContactIndex) -> None:
        write_persons(index, [person()])
        write_persons(index, [person(at=NOON + SECOND, phones=("0501112222",), name="Eero M.")])
        assert (numbers(), names()) == ({"+358501112222": [5]}, {"Eero M."})

    def test_a_person_that_loses_its_number_has_none(self, index: ContactIndex) -> None:
        write_persons(index, [person()])
        write_persons(index, [person(at=NOON + SECOND, phones=())])
        assert numbers() == {}

    def test_other_companies_and_accounts_are_apart(self, index: ContactIndex) -> None:
        other = Company.objects.create(name="Toinen Oy")
        account = PipedriveAccount.objects.create(company=other, pipedrive_company_id=7001)
        theirs = ContactIndex.objects.create(account=account, region="FI")
        write_persons(index, [person()])
        write_persons(theirs, [person(name="Joku Muu")])
        assert [contact.name for contact in contacts_with(index.account, EERO)] == ["Eero Mäkinen"]
        erase_index(account)
        assert numbers() == {EERO: [5]}


class TestOldNews:
    def test_an_older_state_changes_nothing(self, index: ContactIndex) -> None:
        write_persons(index, [person(at=NOON + SECOND, phones=("0501112222",))])
        assert write_persons(index, [person()]) == []
        assert numbers() == {"+358501112222": [5]}

    def test_an_older_state_gives_no_number_to_a_person_that_has_none(self, index: ContactIndex) -> None:
        write_persons(index, [person(at=NOON + SECOND, phones=())], heard_at=NOON + SECOND)
        write_persons(index, [person()], heard_at=NOON)
        assert (numbers(), names()) == ({}, {""})

    def test_a_number_added_within_the_second_is_there(self, index: ContactIndex) -> None:
        write_persons(index, [person(phones=())], heard_at=NOON + datetime.timedelta(milliseconds=200))
        write_persons(index, [person()], heard_at=NOON + datetime.timedelta(milliseconds=700))
        assert numbers() == {EERO: [5]}

    def test_of_two_events_in_one_second_the_later_holds(self, index: ContactIndex) -> None:
        early, late = NOON + datetime.timedelta(milliseconds=200), NOON + datetime.timedelta(milliseconds=700)
        write_persons(index, [person(phones=("0501112222",))], heard_at=late)
        write_persons(index, [person()], heard_at=early)
        assert numbers() == {"+358501112222": [5]}

    def test_a_page_read_before_a_deletion_does_not_bring_the_person_back(self, index: ContactIndex) -> None:
        write_persons(index, [person()])
        remove_person(index, 5, at=NOON + SECOND)
        write_persons(index, [person()])
        assert (numbers(), names()) == ({}, set())

    def test_nor_does_one_of_a_person_that_was_never_known(self, index: ContactIndex) -> None:
        remove_person(index, 5, at=NOON + SECOND)
        write_persons(index, [person()])
        assert numbers() == {}

    def test_a_person_restored_later_is_back(self, index: ContactIndex) -> None:
        remove_person(index, 5, at=NOON)
        write_persons(index, [person(at=NOON + SECOND)])
        assert numbers() == {EERO: [5]}

    def test_a_late_word_of_a_deletion_does_not_undo_a_restoration(self, index: ContactIndex) -> None:
        write_persons(index, [person(at=NOON + SECOND)])
        remove_person(index, 5, at=NOON)
        assert numbers() == {EERO: [5]}

    def test_only_what_is_new_counts_as_news(self, index: ContactIndex) -> None:
        assert write_persons(index, [person()]) == [NOON]
        assert write_persons(index, [person(), person(6, at=NOON + SECOND)]) == [NOON + SECOND]


class TestGone:
    def test_nobodys_name_is_kept(self, index: ContactIndex) -> None:
        write_persons(index, [person()])
        remove_person(index, 5, at=NOON + SECOND)
        gone = Contact.objects.get()
        assert (gone.name, gone.owner_id, gone.organization_id, gone.is_gone) == ("", None, None, True)

    def test_a_person_that_is_not_shown_leaves_no_trace(self, index: ContactIndex) -> None:
        write_persons(index, [person()])
        forget_person(index, 5)
        assert not Contact.objects.exists()
        write_persons(index, [person()])
        assert numbers() == {EERO: [5]}

    def test_what_a_sweep_did_not_show_is_dropped(self, index: ContactIndex) -> None:
        write_persons(index, [person(), person(6, phones=("0501112222",))])
        Contact.objects.filter(person_id=5).update(seen_at=NOON)
        remove_person(index, 8, at=NOON)
        drop_unseen(index, since=NOON + datetime.timedelta(days=3))
        assert numbers() == {"+358501112222": [6]}
        assert Contact.objects.count() == 1

    def test_the_whole_index_goes_in_a_few_statements(self, index: ContactIndex) -> None:
        write_persons(index, [person(number, phones=(f"+35840{number:07}",)) for number in range(1, 301)])
        with CaptureQueriesContext(connection) as queries:
            erase_index(index.account)
        assert not Contact.objects.exists()
        assert not ContactNumber.objects.exists()
        assert len(queries) < 15

    def test_nothing_is_written_into_an_erased_index(self, index: ContactIndex) -> None:
        erase_index(index.account)
        with pytest.raises(IndexGoneError):
            write_persons(index, [person()])
        with pytest.raises(IndexGoneError):
            remove_person(index, 5, at=NOON)
        assert not Contact.objects.exists()


class TestTelling:
    @pytest.fixture
    def told(self) -> Any:
        """The numbers that others were told of."""
        heard: list[str] = []

        def hear(numbers: list[str], **_kwargs: Any) -> None:
            heard.extend(numbers)

        numbers_changed.connect(hear)
        yield heard
        numbers_changed.disconnect(hear)

    def test_of_numbers_that_come_and_go(self, index: ContactIndex, told: list[str]) -> None:
        write_persons(index, [person()])
        assert told == [EERO]
        write_persons(index, [person(at=NOON + SECOND, phones=("0501112222",))])
        assert sorted(told[1:]) == [EERO, "+358501112222"]
        remove_person(index, 5, at=NOON + 2 * SECOND)
        assert told[3:] == ["+358501112222"]

    def test_not_of_what_was_known(self, index: ContactIndex, told: list[str]) -> None:
        write_persons(index, [person()])
        write_persons(index, [person(at=NOON + SECOND, name="Eero M.")])
        assert told == [EERO]


class TestAnyOrder(TestCase):
    """However the news of one person is shuffled and repeated, the latest state holds."""

    @settings(deadline=None)
    @given(
        states=st.lists(st.sampled_from(["0401111111", "0402222222", "", None]), min_size=1, max_size=6),
        shuffled=st.randoms(use_true_random=False),
    )
    def test_the_latest_state_holds(self, states: list[str | None], shuffled: Any) -> None:
        company = Company.objects.create(name="Oy")
        account = PipedriveAccount.objects.create(company=company, pipedrive_company_id=1)
        index = ContactIndex.objects.create(account=account, region="FI")
        life = [(NOON + 2 * number * SECOND, phone) for number, phone in enumerate(states)]
        told = [*life, *life]
        shuffled.shuffle(told)
        for at, phone in told:
            if phone is None:
                remove_person(index, 5, at=at)
            else:
                write_persons(index, [person(at=at, phones=(phone,))], heard_at=at)
        latest = states[-1]
        wanted = {f"+358{latest[1:]}": [5]} if latest else {}
        assert numbers() == wanted
