"""The team page: seats, people, those whom Mustalinja knows and the portal does not, and addresses that differ."""

from collections.abc import Callable

import pytest
from django.core.cache import cache
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.licenses import issue_licenses
from accounts.models import EmailAlias, Invitation, License, User
from calls.models import Call
from calls.tasks import resume_company, sweep
from integrations.models import MustalinjaAccount
from tests.accounts.browser import in_english, sign_up
from tests.calls.events import deliver, ended_call
from tests.calls.steps import Connect, Place, activities, log, outcome
from tests.conftest import company_of
from tests.sandbox.running_sandbox import Sandbox

pytestmark = pytest.mark.django_db
DORA = "dora@esimerkki.example"
ALIAS = "b.virtanen@esimerkki.example"
MOST_QUERIES = 12


def work(call: Call) -> Call:
    """What the worker does once something has changed in a call's company."""
    resume_company(call.company_id)
    return log(call)


def unknown(admin: Client) -> list[tuple[str, int]]:
    return [(each.email, each.number) for each in admin.get("/team/").context["unknown"]]


class TestUnknownUsers:
    def test_those_of_waiting_calls_are_listed_the_busiest_first(self, admin: Client, place: Place, bo: User) -> None:
        for email in (DORA, "eve@esimerkki.example", DORA.upper()):
            log(place(user={"id": "u", "email": email}))
        log(place())
        assert unknown(admin) == [(DORA, 2), ("eve@esimerkki.example", 1)]

    def test_those_whom_mustalinja_tells_of_are_listed_too_unless_somebody_has_the_address(
        self, outside: Sandbox, mustalinja: MustalinjaAccount, admin: Client, aino: User
    ) -> None:
        cache.clear()
        assert ("bo@esimerkki.example", 0) in unknown(admin)
        assert aino.email not in dict(unknown(admin))
        EmailAlias.objects.create(company=company_of(aino), email="bo@esimerkki.example", person=aino)
        assert "bo@esimerkki.example" not in dict(unknown(admin))

    def test_another_companys_are_not(
        self, admin: Client, cecilia: User, place: Place, browser_of: Callable[[User], Client]
    ) -> None:
        log(place(user={"id": "u", "email": DORA}))
        assert unknown(browser_of(cecilia)) == []

    def test_who_is_invited_and_joins_has_the_waiting_calls_logged(
        self, outside: Sandbox, connected: Connect, admin: Client, aino: User, place: Place
    ) -> None:
        connected(aino)
        outside.order("pipedrive/control/users", name="Dora", email=DORA, admin=False)
        issue_licenses(company_name="Esimerkki Oy", seats=1, valid_until=None)
        call = log(place(user={"id": "u", "email": DORA}))
        assert outcome(call) == ("waiting", "unknown_rep")
        page = admin.get("/team/").content.decode()
        assert DORA in page
        admin.post("/team/invite/", {"email": DORA})
        sign_up(Client(), email=DORA, code=Invitation.objects.get().license.code)
        dora = User.objects.get(email=DORA)
        work(call)
        assert (call.rep, *outcome(call)) == (dora, "waiting", "pipedrive_not_connected")
        connected(dora)
        work(call)
        assert outcome(call) == ("logged", "logged")
        assert len(activities(outside)) == 1
        assert DORA not in dict(unknown(admin))


class TestAliases:
    @pytest.fixture
    def call(self, connected: Connect, bo: User, place: Place) -> Call:
        """A call of Bo's under an address that nobody has."""
        connected(bo)
        call = log(place(user={"id": "u", "email": ALIAS}))
        assert outcome(call) == ("waiting", "unknown_rep")
        return call

    @pytest.mark.parametrize("typed", [ALIAS, "B.Virtanen@Esimerkki.example"])
    def test_calls_that_waited_for_it_are_logged(
        self, outside: Sandbox, admin: Client, bo: User, call: Call, typed: str
    ) -> None:
        admin.post("/team/aliases/", {"email": typed, "person": bo.pk})
        work(call)
        assert (call.rep, *outcome(call)) == (bo, "logged", "logged")

    def test_the_sweep_finds_them_when_the_word_of_it_was_lost(self, outside: Sandbox, bo: User, call: Call) -> None:
        EmailAlias.objects.create(company=company_of(bo), email=ALIAS, person=bo)
        sweep()
        call.refresh_from_db()
        assert call.status == "pending"

    def test_the_next_call_is_the_persons_at_once(
        self, outside: Sandbox, admin: Client, bo: User, place: Place
    ) -> None:
        admin.post("/team/aliases/", {"email": ALIAS, "person": bo.pk})
        assert place(user={"id": "u", "email": ALIAS}).rep == bo

    def test_removed_it_means_nobody(self, admin: Client, bo: User, place: Place) -> None:
        admin.post("/team/aliases/", {"email": ALIAS, "person": bo.pk})
        admin.post(f"/team/aliases/{EmailAlias.objects.get().pk}/remove/")
        assert place(user={"id": "u", "email": ALIAS}).rep is None

    def test_a_persons_own_address_wins(self, admin: Client, aino: User, bo: User, place: Place) -> None:
        page = admin.post("/team/aliases/", {"email": aino.email, "person": bo.pk}, follow=True).content.decode()
        assert "own address" in page
        EmailAlias.objects.create(company=company_of(bo), email=aino.email, person=bo)
        assert place(user={"id": "u", "email": aino.email}).rep == aino

    def test_an_address_is_one_persons_in_a_company(self, admin: Client, aino: User, bo: User) -> None:
        admin.post("/team/aliases/", {"email": ALIAS, "person": bo.pk})
        page = admin.post("/team/aliases/", {"email": ALIAS.upper(), "person": aino.pk}, follow=True).content.decode()
        assert "alias already" in page
        assert EmailAlias.objects.get().person == bo
        for email in (ALIAS, "Upper@esimerkki.example"):
            with pytest.raises(IntegrityError), transaction.atomic():
                EmailAlias.objects.create(company=company_of(aino), email=email, person=aino)

    def test_another_companys_person_or_alias_is_out_of_reach(
        self, admin: Client, bo: User, cecilia: User, browser_of: Callable[[User], Client]
    ) -> None:
        admin.post("/team/aliases/", {"email": ALIAS, "person": cecilia.pk})
        assert not EmailAlias.objects.exists()
        alias = EmailAlias.objects.create(company=company_of(bo), email=ALIAS, person=bo)
        assert browser_of(cecilia).post(f"/team/aliases/{alias.pk}/remove/").status_code == 404

    def test_another_companys_alias_means_nobody_here(self, mustalinja: MustalinjaAccount, cecilia: User) -> None:
        EmailAlias.objects.create(company=company_of(cecilia), email=ALIAS, person=cecilia)
        deliver(mustalinja, ended_call(user={"id": "u", "email": ALIAS}))
        assert Call.objects.get().rep is None


def test_calls_of_whose_seat_is_released_wait_and_go_on_with_a_new_one(
    outside: Sandbox, connected: Connect, admin: Client, bo: User, place: Place
) -> None:
    connected(bo)
    admin.post(f"/team/people/{bo.pk}/release/")
    call = log(place())
    assert outcome(call) == ("waiting", "no_license")
    admin.post(f"/team/people/{bo.pk}/seat/")
    work(call)
    assert outcome(call) == ("logged", "logged")


def test_it_counts_the_seats(admin: Client, bo: User) -> None:
    issue_licenses(company_name="Esimerkki Oy", seats=3, valid_until=None)
    admin.post("/team/invite/", {"email": DORA})
    seats = admin.get("/team/").context["seats"]
    assert (seats.bought, seats.used, seats.promised, seats.free) == (5, 2, 1, 2)


def test_it_tells_when_each_was_last_heard_of_and_by_which_addresses(
    outside: Sandbox, connected: Connect, admin: Client, aino: User, bo: User, place: Place
) -> None:
    connected(bo)
    call = place()
    admin.post("/team/aliases/", {"email": ALIAS, "person": bo.pk})
    first, second = admin.get("/team/").context["people"]
    assert (first.email, first.latest_call, first.aliases) == (aino.email, None, [])
    assert (second.email, second.latest_call, second.aliases) == (bo.email, call.started_at, [ALIAS])


class TestDeactivatedColleagues:
    @pytest.fixture(autouse=True)
    def _bo_is_deactivated(self, bo: User) -> None:
        User.objects.filter(pk=bo.pk).update(is_active=False)

    def test_one_who_holds_a_seat_is_listed_with_the_way_to_release_it(self, admin: Client, bo: User) -> None:
        page = admin.get("/team/")
        assert [each.email for each in page.context["people"] if not each.person.is_active] == [bo.email]
        text = page.content.decode()
        assert "Account deactivated" in text
        assert f'href="/team/people/{bo.pk}/release/"' in text
        assert "cannot log in any more" in admin.get(f"/team/people/{bo.pk}/release/").content.decode()
        admin.post(f"/team/people/{bo.pk}/release/")
        page = admin.get("/team/")
        assert page.context["seats"].free == 1
        assert bo.email not in [each.email for each in page.context["people"]]

    def test_an_address_is_given_to_none_of_them(self, admin: Client, bo: User, place: Place) -> None:
        log(place(user={"id": "u", "email": DORA}))
        assert f'<option value="{bo.pk}">' not in admin.get("/team/").content.decode()
        admin.post("/team/aliases/", {"email": ALIAS, "person": bo.pk})
        assert not EmailAlias.objects.exists()

    def test_neither_rights_nor_seats_are_given_to_them(self, admin: Client, bo: User) -> None:
        admin.post(f"/team/people/{bo.pk}/release/")
        for path in (f"/team/people/{bo.pk}/", f"/team/people/{bo.pk}/seat/"):
            assert admin.post(path, {"sees_all_calls": "on"}).status_code == 404
        bo.refresh_from_db()
        assert not bo.sees_all_calls
        assert not License.objects.filter(holder=bo).exists()


def test_its_queries_do_not_grow_with_the_people(admin: Client, aino: User, place: Place) -> None:
    for number in range(5):
        user = User.objects.create_user(f"p{number}@esimerkki.example", company=aino.company)
        EmailAlias.objects.create(company=company_of(aino), email=f"a{number}@x.example", person=user)
        License.objects.create(company=company_of(aino), holder=user)
        log(place(user={"id": "u", "email": f"nobody{number}@x.example"}))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert in_english(admin).get("/team/").status_code == 200
    assert len(queries) <= MOST_QUERIES
