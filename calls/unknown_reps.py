"""Mustalinja users without an account: nobody of the company is registered with their address, and their calls wait."""

import datetime
from dataclasses import dataclass

from django.db.models import Count, Max

from accounts.models import Company
from calls.models import Call
from calls.reasons import Reason, Status

SHOWN_AT_MOST = 200


@dataclass(frozen=True, kw_only=True)
class UnknownRep:
    """An address that Mustalinja names, with the number of its waiting calls and the start of the latest, if any."""

    email: str
    number: int
    latest: datetime.datetime | None


def unknown_reps(company: Company) -> list[UnknownRep]:
    """Those of a company, the busiest first. Calls wait for 30 days, so these are the last 30 days'."""
    waiting = Call.objects.filter(
        company=company, status=Status.WAITING, reason=Reason.UNKNOWN_REP, rep__isnull=True
    ).exclude(rep_email="")
    found = waiting.order_by().values("rep_email").annotate(number=Count("pk"), latest=Max("started_at"))
    rows = found.order_by("-number", "rep_email")[:SHOWN_AT_MOST]
    return [UnknownRep(email=row["rep_email"], number=row["number"], latest=row["latest"]) for row in rows]


def without_calls(*, known: frozenset[str], taken: set[str]) -> list[UnknownRep]:
    """The other users of whom Mustalinja tells when it is asked, by email, but for addresses that are taken."""
    return [UnknownRep(email=email, number=0, latest=None) for email in sorted(known - taken)[:SHOWN_AT_MOST]]
