"""The weekly mail to company admins of what could not be logged, where there is something."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from accounts.letters import Draft
from accounts.models import Company, Letter, User
from calls.models import Call, CallQuerySet
from calls.not_logged import NOT_LOGGED, causes_of
from calls.periods import Period, last_week
from calls.unknown_reps import unknown_reps


def digest_drafts(now: datetime.datetime) -> Iterator[Draft]:
    """Last week's to each admin who has not got it and wants it."""
    week = last_week(now)
    if week is None:
        return
    for company in _companies(week):
        for admin in _readers(company, week):
            yield Draft(
                person=admin,
                company=company,
                kind=Letter.Kind.DIGEST,
                occasion=week.name,
                template="calls/email/digest",
                context=_context(company, week),
            )


def _not_logged(week: Period) -> CallQuerySet:
    first, end = week.bounds
    calls: CallQuerySet = Call.objects.filter(status__in=NOT_LOGGED, started_at__gte=first, started_at__lt=end)
    return calls


def _companies(week: Period) -> "QuerySet[Company]":
    return Company.objects.filter(
        Exists(_not_logged(week).order_by().filter(company=OuterRef("pk"))), suspended_at__isnull=True
    )


def _readers(company: Company, week: Period) -> "QuerySet[User]":
    sent = Letter.objects.filter(email=OuterRef("email"), kind=Letter.Kind.DIGEST, occasion=week.name)
    return User.objects.filter(~Exists(sent), company=company, is_company_admin=True, is_active=True, gets_digest=True)


def _context(company: Company, week: Period) -> dict[str, Any]:
    rows = causes_of(_not_logged(week).filter(company=company))
    return {
        "first": week.first,
        "last": week.last,
        "rows": rows,
        "total": sum(row.number for row in rows),
        "unknown": unknown_reps(company),
    }
