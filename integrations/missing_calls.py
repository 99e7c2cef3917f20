"""When a company's calls are pulled from Mustalinja, and how far back. The pull itself is calls/backfill.py."""

import datetime
import logging
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import DateTimeField, F, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from integrations.backfills import Backfill
from integrations.models import MustalinjaAccount
from integrations.queue import wake
from integrations.reachability import has_come_back

logger = logging.getLogger(__name__)

TASK = "calls.backfill.pull_calls"
OVERLAP = datetime.timedelta(minutes=15)
"""The list is by the end of the call and may be behind: what the last pull has just seen is looked at once more."""
LONGEST_LOOK_BACK = datetime.timedelta(days=30)
"""As long as a call waits for its contact (docs/decisions/0004-thirty-days.md)."""
LOOK_BACK = {
    Backfill.Cause.NIGHTLY: datetime.timedelta(days=3),
    Backfill.Cause.ADMIN: LONGEST_LOOK_BACK,
    Backfill.Cause.SUPPORT: LONGEST_LOOK_BACK,
}
"""How far back at least; otherwise to the last complete pull."""
BY_PEOPLE = (Backfill.Cause.ADMIN, Backfill.Cause.SUPPORT, Backfill.Cause.LINKED)
REFUSALS_AT_MOST_EVERY = datetime.timedelta(hours=1)
"""While Mustalinja's events are refused, its calls are pulled this often."""
WOKEN_AT_ONCE = 100
"""Pulls a minute that are begun for many companies at a time, so that calls find free workers."""
FORGOTTEN_AFTER = datetime.timedelta(days=90)
HELSINKI = ZoneInfo("Europe/Helsinki")
NIGHT_BEGINS = datetime.time(1)
MINUTES_OF_NIGHT = 240


def ask_for_calls(account: MustalinjaAccount, cause: Backfill.Cause) -> Backfill | None:
    """Have a company's calls pulled; None where Mustalinja's API has no address. While a pull is unfinished there is
    no second one: it begins anew where this asking looks further back.
    """
    if not settings.MUSTALINJA_API_URL:
        return None
    now = timezone.now()
    since = _since(account, cause, now=now)
    try:
        with transaction.atomic():
            return Backfill.objects.create(
                company_id=account.company_id, cause=cause, asked_at=now, since=since, next_step_at=now
            )
    except IntegrityError:
        return _ask_of_unfinished(account, cause, since=since, now=now)


def ask_for_calls_now(account: MustalinjaAccount, cause: Backfill.Cause) -> None:
    """The same, without waiting for the next minute."""
    asked = ask_for_calls(account, cause)
    if asked is not None:
        _wake([asked.pk], now=timezone.now())


def _ask_of_unfinished(
    account: MustalinjaAccount, cause: Backfill.Cause, *, since: datetime.datetime, now: datetime.datetime
) -> Backfill | None:
    """Where Mustalinja does not answer, people need not wait for the next try; where it asked to wait, they do."""
    unfinished = Backfill.objects.unfinished().filter(company_id=account.company_id)
    unfinished.filter(since__gt=since).update(since=since, cursor="", pages=0, working_until=None, nudged_at=None)
    if cause in BY_PEOPLE:
        resting = unfinished.filter(next_step_at__gt=now).exclude(problem=Backfill.Problem.BUSY)
        resting.update(next_step_at=now, nudged_at=None)
    unfinished.update(cause=cause, asked_at=now)
    return unfinished.first()


def _since(account: MustalinjaAccount, cause: Backfill.Cause, *, now: datetime.datetime) -> datetime.datetime:
    """From the last complete pull on, so that complete pulls leave no gap, whatever failed between; or further back.
    Never before the company has linked Mustalinja: what was before is logged already, or nobody wants it.
    """
    last = Backfill.objects.complete().filter(company_id=account.company_id).order_by("-began_at").first()
    known_until = last.began_at - OVERLAP if last is not None and last.began_at else account.created_at
    since = min(known_until, now - LOOK_BACK.get(cause, OVERLAP))
    return max(since, earliest_call(account, now=now))


def earliest_call(account: MustalinjaAccount, *, now: datetime.datetime) -> datetime.datetime:
    """No call that ended before this is taken in. Mustalinja tells times in whole seconds: those of the second of
    linking count as later.
    """
    return max(account.created_at.replace(microsecond=0), now - LONGEST_LOOK_BACK)


def keep_calls_complete() -> None:
    """Every minute: ask for the calls that may be missing, and wake the pulls whose time has come."""
    if not settings.MUSTALINJA_API_URL:
        return
    if has_come_back():
        logger.warning("the portal was away; missing calls are pulled from Mustalinja")
        _ask_for_calls_of(_accounts(), Backfill.Cause.INTERRUPTION)
    _ask_for_calls_of(_refused(timezone.now()), Backfill.Cause.REFUSAL)
    _ask_nightly(timezone.now())
    wake_due()


def _accounts() -> "QuerySet[MustalinjaAccount]":
    """All, without their secrets: decrypting those of many companies each minute would cost more than the rest."""
    return MustalinjaAccount.objects.only("company", "created_at")


def _ask_for_calls_of(accounts: "QuerySet[MustalinjaAccount]", cause: Backfill.Cause) -> None:
    for account in accounts:
        ask_for_calls(account, cause)


def _refused(now: datetime.datetime) -> "QuerySet[MustalinjaAccount]":
    """Where a call event was refused after the latest pull, and none was asked for such a reason within the hour."""
    asked = _accounts().annotate(asked_at=_last_asked(), asked_so_at=_last_asked(cause=Backfill.Cause.REFUSAL))
    is_news = Q(asked_at=None) | Q(asked_at__lt=F("last_refused_at"))
    may_ask = Q(asked_so_at=None) | Q(asked_so_at__lt=now - REFUSALS_AT_MOST_EVERY)
    return asked.filter(is_news, may_ask, last_refused_at__isnull=False)


def _ask_nightly(now: datetime.datetime) -> None:
    """Each company has its minute of the night. One that was missed, because no worker ran, is made up for."""
    for account in _accounts().annotate(asked_at=_last_asked(cause=Backfill.Cause.NIGHTLY)):
        if (account.asked_at or account.created_at) < last_minute_of_night(account, now=now):
            ask_for_calls(account, Backfill.Cause.NIGHTLY)


def last_minute_of_night(account: MustalinjaAccount, *, now: datetime.datetime) -> datetime.datetime:
    """When a company's calls were to be pulled last: between one and five at night, Finnish time."""
    here = now.astimezone(HELSINKI)
    minutes = datetime.timedelta(minutes=account.pk % MINUTES_OF_NIGHT)
    tonight = datetime.datetime.combine(here.date(), NIGHT_BEGINS, HELSINKI) + minutes
    return tonight if tonight <= now else tonight - datetime.timedelta(days=1)


def _last_asked(**conditions: str) -> Subquery:
    """When a company's latest pull was asked for, of those that meet the conditions."""
    pulls = Backfill.objects.filter(company=OuterRef("company"), **conditions).order_by("-asked_at")
    return Subquery(pulls.values("asked_at")[:1], output_field=DateTimeField())


def wake_due() -> None:
    """Have the pulls worked on whose time has come, that nobody works on and that are not queued."""
    now = timezone.now()
    due = Backfill.objects.due(now).unqueued(now).order_by("next_step_at", "id")
    _wake(list(due.values_list("pk", flat=True)[:WOKEN_AT_ONCE]), now=now)


def _wake(pks: list[int], *, now: datetime.datetime) -> None:
    for pk in pks:
        with transaction.atomic():
            if Backfill.objects.due(now).unqueued(now).filter(pk=pk).update(nudged_at=now):
                wake(TASK, pk)


def forget_old_backfills() -> None:
    """Pulls of which nobody asks any more; the next one looks back 30 days at most."""
    Backfill.objects.filter(asked_at__lt=timezone.now() - FORGOTTEN_AFTER, ended_at__isnull=False).delete()
