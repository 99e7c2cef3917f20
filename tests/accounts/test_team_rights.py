"""Seats that are released and handed on, and the rights of a company's people."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.licenses import has_valid_license, issue_licenses
from accounts.models import License, User
from accounts.seats import seats_of
from tests.accounts.browser import in_english
from tests.conftest import company_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(aino: User, browser_of: Callable[[User], Client]) -> Client:
    return in_english(browser_of(aino))


def page_of(person: User, part: str = "") -> str:
    return f"/team/people/{person.pk}/{part}"


class TestReleasing:
    def test_it_is_asked_for_confirmation(self, admin: Client, bo: User) -> None:
        page = admin.get(page_of(bo, "release/")).content.decode()
        assert "Release the seat of bo@esimerkki.example?" in page
        assert has_valid_license(user=bo)

    def test_the_seat_is_free_and_the_old_code_opens_nothing(
        self, admin: Client, aino: User, bo: User, browser_of: Callable[[User], Client]
    ) -> None:
        code = License.objects.get(holder=bo).code
        admin.post(page_of(bo, "release/"))
        assert not has_valid_license(user=bo)
        assert seats_of(company_of(aino)).free == 1
        page = in_english(browser_of(bo)).post("/accounts/license/", {"license_code": code}).content.decode()
        assert "no such license code" in page

    def test_it_can_be_handed_to_a_colleague_at_once(self, admin: Client, aino: User, bo: User) -> None:
        dora = User.objects.create_user("dora@esimerkki.example", company=aino.company)
        admin.post(page_of(bo, "release/"), {"heir": dora.pk})
        assert (has_valid_license(user=bo), has_valid_license(user=dora)) == (False, True)

    def test_it_cannot_be_handed_to_another_company(self, admin: Client, bo: User, cecilia: User) -> None:
        License.objects.filter(holder=cecilia).update(holder=None)
        assert admin.post(page_of(bo, "release/"), {"heir": cecilia.pk}).status_code == 200
        assert has_valid_license(user=bo)

    def test_a_free_seat_can_be_given_to_a_colleague_without_one(self, admin: Client, bo: User) -> None:
        admin.post(page_of(bo, "release/"))
        admin.post(page_of(bo, "seat/"))
        assert has_valid_license(user=bo)

    def test_a_button_that_is_pressed_twice_gives_one_seat(self, admin: Client, aino: User, bo: User) -> None:
        issue_licenses(company_name="Esimerkki Oy", seats=1, valid_until=None)
        admin.post(page_of(bo, "release/"))
        for _press in range(2):
            admin.post(page_of(bo, "seat/"))
        assert License.objects.filter(holder=bo).count() == 1
        assert seats_of(company_of(aino)).free == 1

    def test_where_none_is_free_none_is_given(self, admin: Client, aino: User) -> None:
        dora = User.objects.create_user("dora@esimerkki.example", company=aino.company)
        page = admin.post(page_of(dora, "seat/"), follow=True).content.decode()
        assert "There is no free seat" in page
        assert not has_valid_license(user=dora)

    def test_another_companys_people_are_out_of_reach(
        self, bo: User, cecilia: User, browser_of: Callable[[User], Client]
    ) -> None:
        issue_licenses(company_name="Toinen Oy", seats=1, valid_until=None)
        for part in ("", "release/", "seat/"):
            assert browser_of(cecilia).post(page_of(bo, part)).status_code == 404
        assert has_valid_license(user=bo)


class TestRights:
    def test_the_first_of_a_company_has_both_and_the_second_none(self, aino: User, bo: User) -> None:
        rights = list(User.objects.values_list("is_company_admin", "sees_all_calls"))
        assert rights == [(True, True), (False, False)]

    @pytest.mark.parametrize("given", [{"is_company_admin": "on"}, {"sees_all_calls": "on"}])
    def test_each_is_given_alone(self, admin: Client, bo: User, given: dict[str, str]) -> None:
        admin.post(page_of(bo), given)
        bo.refresh_from_db()
        assert (bo.is_company_admin, bo.sees_all_calls) == ("is_company_admin" in given, "sees_all_calls" in given)

    def test_the_last_admin_stays_one(self, admin: Client, aino: User, bo: User) -> None:
        page = admin.post(page_of(aino), {"sees_all_calls": "on"}).content.decode()
        assert "Your company needs an admin" in page
        aino.refresh_from_db()
        assert aino.is_company_admin

    def test_a_colleague_who_has_left_does_not_count_as_an_admin(self, admin: Client, aino: User, bo: User) -> None:
        User.objects.filter(pk=bo.pk).update(is_company_admin=True, is_active=False)
        assert admin.post(page_of(aino), {}).status_code == 200
        aino.refresh_from_db()
        assert aino.is_company_admin

    def test_an_admin_can_step_down_when_there_is_another(self, admin: Client, aino: User, bo: User) -> None:
        admin.post(page_of(bo), {"is_company_admin": "on"})
        assert admin.post(page_of(aino), {}, follow=True).redirect_chain[-1][0] == "/integrations/"
        assert admin.get("/team/").status_code == 403

    def test_a_rep_is_told_who_sees_their_calls(
        self, admin: Client, aino: User, bo: User, browser_of: Callable[[User], Client]
    ) -> None:
        rep = in_english(browser_of(bo))
        assert "seen by you and by aino@esimerkki.example" in rep.get("/integrations/").content.decode()
        admin.post(page_of(aino), {"is_company_admin": "on"})
        assert "Nobody of your colleagues sees your calls" in rep.get("/integrations/").content.decode()
