"""Changes of a team at the same moment: no company without an admin, no seat for two."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connection

from accounts.invitations import InvitationRefusedError, invite
from accounts.licenses import LicenseRefusedError, issue_licenses, redeem_license
from accounts.models import Invitation, License, User
from accounts.roles import LastAdminError, set_rights
from accounts.seats import NoFreeSeatError, give_seat, release_seat
from tests.conftest import company_of, make_person

pytestmark = pytest.mark.django_db(transaction=True)
T = TypeVar("T")


def at_once(*works: Callable[[], T]) -> list[T]:
    """Do these things at the same moment, each over a connection of its own."""
    barrier = Barrier(len(works))

    def run(work: Callable[[], T]) -> T:
        try:
            barrier.wait()
            return work()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(works)) as pool:
        return list(pool.map(run, works))


def succeeds(work: Callable[[], object], refusal: type[Exception]) -> Callable[[], bool]:
    """Whether something is done or refused."""

    def run() -> bool:
        try:
            work()
        except refusal:
            return False
        return True

    return run


def steps_down(person: User) -> Callable[[], bool]:
    return succeeds(lambda: set_rights(person, is_company_admin=False, sees_all_calls=False), LastAdminError)


def test_of_two_admins_who_step_down_at_once_one_stays(aino: User, bo: User) -> None:
    for _time in range(5):
        User.objects.filter(company=aino.company).update(is_company_admin=True)
        assert sorted(at_once(steps_down(aino), steps_down(bo))) == [False, True]
        assert User.objects.filter(company=aino.company, is_company_admin=True).count() == 1


def test_the_last_seat_is_promised_to_one(aino: User) -> None:
    issue_licenses(company_name="Esimerkki Oy", seats=1, valid_until=None)
    company = company_of(aino)
    invited = at_once(
        *(
            succeeds(lambda name=name: invite(company, email=f"{name}@x.example", by=aino), InvitationRefusedError)  # type: ignore[misc]
            for name in "abcd"
        )
    )
    assert sorted(invited) == [False, False, False, True]
    assert Invitation.objects.count() == 1


def test_the_last_seat_is_promised_given_or_redeemed(aino: User) -> None:
    company = company_of(aino)
    dora = User.objects.create_user("dora@esimerkki.example", company=company)
    cecilia = make_person("cecilia@toinen.example", "Toinen Oy")
    for _time in range(5):
        Invitation.objects.all().delete()
        License.objects.filter(company=company).exclude(holder=aino).delete()
        seat = issue_licenses(company_name="Esimerkki Oy", seats=1, valid_until=None)[0]
        invited, given, redeemed = at_once(
            succeeds(lambda: invite(company, email="eve@x.example", by=aino), InvitationRefusedError),
            succeeds(lambda: give_seat(dora), NoFreeSeatError),
            succeeds(lambda code=seat.code: redeem_license(user=cecilia, code=code), LicenseRefusedError),  # type: ignore[misc]
        )
        # Who has the code may use it after it was promised to another; then nothing is promised any more.
        assert (given, invited or redeemed) in {(True, False), (False, True)}
        held = License.objects.filter(pk=seat.pk, holder__isnull=False).count()
        assert held + Invitation.objects.filter(license=seat).count() == 1


def test_a_seat_released_twice_at_once_is_released_once(aino: User, bo: User) -> None:
    assert sorted(at_once(lambda: release_seat(bo), lambda: release_seat(bo))) == [0, 1]
    assert License.objects.filter(company=aino.company).free().count() == 1
