"""Telling people, 30 days, 7 days and 1 day before, that their licence is about to end."""

import datetime
from collections.abc import Iterator
from itertools import groupby

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from accounts.letters import MORNING, Draft
from accounts.models import Company, Letter, License, User

DAYS_BEFORE = (1, 7, 30)


def license_end_drafts(now: datetime.datetime) -> Iterator[Draft]:
    """A mail to each holder, and one to each of the company's admins for all that end on the same day; an admin who is
    the holder gets the latter. Who has a licence that lasts longer gets none. None before the morning.
    """
    here = timezone.localtime(now)
    if here.time() < MORNING:
        return
    today = here.date()
    for (company, day), group in groupby(_ending(today), key=lambda each: (each.company, each.valid_until)):
        holders = sorted({each.holder for each in group if each.holder is not None}, key=lambda holder: holder.email)
        occasion = f"{company.pk} {day.isoformat()} {_stage((day - today).days)}"
        context = {"company": company, "day": day, "emails": [holder.email for holder in holders]}
        for admin in User.objects.filter(company=company, is_company_admin=True, is_active=True):
            yield _draft(admin, company, occasion, "accounts/email/license_ends_admin", context)
        for holder in holders:
            if not holder.is_company_admin:
                yield _draft(holder, company, occasion, "accounts/email/license_ends", context)


def _draft(person: User, company: Company, occasion: str, template: str, context: dict[str, object]) -> Draft:
    return Draft(
        person=person,
        company=company,
        kind=Letter.Kind.LICENSE_END,
        occasion=occasion,
        template=template,
        context=context,
    )


def _stage(days_left: int) -> int:
    """The one of the three times that has come: after a day on which nothing was sent, the next day makes up for it."""
    return next(days for days in DAYS_BEFORE if days_left <= days)


def _ending(today: datetime.date) -> "QuerySet[License]":
    """Each active person's last licence of their company, where it ends within 30 days."""
    same_seat = License.objects.valid(today).filter(holder=OuterRef("holder"), company=OuterRef("company"))
    longer = same_seat.filter(Q(valid_until__isnull=True) | Q(valid_until__gt=OuterRef("valid_until")))
    last_day = today + datetime.timedelta(days=max(DAYS_BEFORE))
    ending: QuerySet[License] = License.objects.valid(today).filter(
        ~Exists(longer), holder__is_active=True, holder__company=F("company"), valid_until__lte=last_day
    )
    return ending.select_related("company", "holder").order_by("company", "valid_until")
