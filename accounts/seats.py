"""Seats: a company's licences in force, who holds them, and handing them on."""

import datetime
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Company, Invitation, License, User, new_license_code
from accounts.signals import license_redeemed

NO_FREE_SEAT = _("There is no free seat. Release one that nobody needs any more, or order more from SaaShop.")


class NoFreeSeatError(Exception):
    """Every seat of the company is in use or kept for somebody."""


@dataclass(frozen=True, kw_only=True)
class Seats:
    """How many licences in force a company has, and how many of them are held or kept for somebody."""

    bought: int
    used: int
    promised: int

    @property
    def free(self) -> int:
        return self.bought - self.used - self.promised


def seats_of(company: Company) -> Seats:
    promised = Q(holder=None, invitation__ends_at__gt=timezone.now())
    counts = (
        License.objects.valid()
        .filter(company=company)
        .aggregate(
            bought=Count("pk"),
            used=Count("pk", filter=Q(holder__isnull=False)),
            promised=Count("pk", filter=promised),
        )
    )
    return Seats(**counts)


@contextmanager
def changing_team_of(*company_ids: int) -> Iterator[None]:
    """One change of a company's seats and rights at a time. SQLite lets one writer at a time in anyway; elsewhere the
    companies' rows are locked, always in the same order, and in a way that lets their calls come in.
    """
    with transaction.atomic():
        companies = Company.objects.order_by("pk").filter(pk__in=company_ids)
        list(companies.select_for_update(no_key=True).values_list("pk"))
        yield


def free_seat(company_id: int) -> License | None:
    """The licence that lasts longest of those that nobody holds and that are kept for nobody."""
    free: License | None = (
        License.objects.valid()
        .free()
        .unpromised()
        .filter(company=company_id)
        .order_by(F("valid_until").desc(nulls_first=True), "pk")
        .first()
    )
    return free


def end_invitation(invitation: Invitation) -> None:
    """Free the seat that was kept. It gets another code: the one in the mail must open nothing any more."""
    License.objects.free().filter(pk=invitation.license_id).update(code=new_license_code())
    invitation.delete()


def end_old_invitations(*, company_id: int) -> None:
    """Free the seats of invitations whose time is over."""
    for invitation in Invitation.objects.over().filter(company=company_id):
        end_invitation(invitation)


def give_seat(person: User) -> License:
    """Give a free seat of their company to a colleague. Who has one keeps that: a button is pressed twice easily.

    Raises:
        NoFreeSeatError: there is none.
    """
    if person.company_id is None:
        raise NoFreeSeatError
    with changing_team_of(person.company_id):
        held: License | None = License.objects.held_by(person).valid().first()
        if held is not None:
            return held
        end_old_invitations(company_id=person.company_id)
        seat = _give(person, person.company_id, now=timezone.now())
    license_redeemed.send(sender=License, user=person)
    return seat


def release_seat(person: User, *, heir: User | None = None) -> int:
    """Take a person's licences in force back, and give one to a colleague, if one is named; tells how many were taken.
    They get other codes, since the person knows the old ones.
    """
    if person.company_id is None:
        return 0
    with changing_team_of(person.company_id):
        held = License.objects.held_by(person).valid()
        taken = [take_back(pk, person) for pk in held.values_list("pk", flat=True)]
        if heir is not None and any(taken):
            _give(heir, person.company_id, now=timezone.now())
    if heir is not None and any(taken):
        license_redeemed.send(sender=License, user=heir)
    return sum(taken)


def take_back(pk: int, person: User) -> int:
    """Free a licence that a person holds; 0 where they do not hold it any more. It gets another code."""
    held = License.objects.filter(pk=pk, holder=person)
    return held.update(holder=None, redeemed_at=None, code=new_license_code())


def _give(person: User, company_id: int, *, now: datetime.datetime) -> License:
    seat = free_seat(company_id)
    if seat is None:
        raise NoFreeSeatError
    License.objects.filter(pk=seat.pk).update(holder=person, redeemed_at=now)
    for kept in Invitation.objects.filter(company=company_id, email=person.email):
        end_invitation(kept)
    return seat
