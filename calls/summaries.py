"""The mail with a person's own calls of yesterday or of last week, for those who want it, when there were any."""

import datetime
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from accounts.letters import Draft
from accounts.models import Letter, User
from accounts.readable import duration_words
from calls.models import Call, CallQuerySet
from calls.not_logged import causes_of
from calls.periods import Period, last_week, yesterday
from calls.reasons import Status


def summary_drafts(now: datetime.datetime) -> Iterator[Draft]:
    """One to each person who wants it, has not got it, and had calls."""
    for wish, period in ((User.Summary.DAILY, yesterday(now)), (User.Summary.WEEKLY, last_week(now))):
        if period is None:
            continue
        for person in _readers(wish, period):
            if person.company is not None:
                yield Draft(
                    person=person,
                    company=person.company,
                    kind=Letter.Kind.SUMMARY,
                    occasion=period.name,
                    template="calls/email/summary",
                    context=_context(person, period),
                )


def _calls(period: Period) -> CallQuerySet:
    first, end = period.bounds
    calls: CallQuerySet = Call.objects.filter(started_at__gte=first, started_at__lt=end).order_by()
    return calls


def _readers(wish: str, period: Period) -> "QuerySet[User]":
    sent = Letter.objects.filter(email=OuterRef("email"), kind=Letter.Kind.SUMMARY, occasion=period.name)
    own = _calls(period).filter(company=OuterRef("company"), rep=OuterRef("pk"))
    wanting = User.objects.filter(summary=wish, is_active=True).select_related("company")
    return wanting.filter(~Exists(sent), Exists(own))


def _context(person: User, period: Period) -> dict[str, Any]:
    own = _calls(period).filter(company=person.company, rep=person)
    is_missed = Q(answered=False, direction=Call.Direction.IN)
    counts = own.aggregate(
        all_calls=Count("pk"),
        answered_calls=Count("pk", filter=Q(answered=True)),
        missed_calls=Count("pk", filter=is_missed),
        logged_calls=Count("pk", filter=Q(status=Status.LOGGED)),
        seconds=Sum("talk_seconds"),
    )
    talk_time = duration_words(counts.pop("seconds") or 0)
    return {"first": period.first, "last": period.last, "rows": causes_of(own), "talk_time": talk_time, **counts}
