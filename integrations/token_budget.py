"""What Pipedrive's daily tokens go to. The budget is the customer's whole company's and shared with everything else it
uses, so the upkeep of the index stays small and stops first when little is left.

Source: https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting. Whose day it is, is not said: UTC's here.
"""

import datetime
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone

from integrations.http import DAILY_LEFT_HEADER
from integrations.models import PipedriveAccount, PipedriveConnection, TokenSpending
from integrations.pipedrive.client import Spent
from integrations.pipedrive.operations import TOKENS, Operation

TOKENS_A_SEAT = 30_000
"""Of the smallest plan. Without a header that tells more, each connected person counts as one seat."""
UPKEEP_SHARE = 0.015
"""Of the day's tokens, for polls, users, types, fields and webhooks; the sweeps after the first get SWEEP_SHARE. Both
together stay under 2 %.
"""
SWEEP_SHARE = 0.005
RESERVE_SHARE = 0.1
SHARE_OF_REGULAR_POLLS = 0.5
POLL_SOONEST, POLL_LATEST = 60.0, 3600.0
"""Seconds between polls."""
UPKEEP_AT_ONCE = 100
"""How much of the day's upkeep may be spent before its time, in tokens: ten polls."""
LIMIT_HEADER = "x-daily-ratelimit-token-limit"
"""Seen live and documented nowhere; it may be missing."""
LARGEST_NUMBER = 2_000_000_000
DAY_SECONDS = 86_400
SPENDING_IS_KEPT = datetime.timedelta(days=90)
UPKEEP = (Operation.CHANGES, Operation.FIELDS, Operation.WEBHOOKS, Operation.USERS, Operation.TYPES)


@dataclass(frozen=True, kw_only=True)
class Budget:
    """A company's day so far.

    Attributes:
        limit: tokens a day, of all its integrations.
        left: what is left of them, as far as known.
        upkeep: what the connector has spent on keeping its index fresh, without the sweeps.
    """

    limit: int
    left: int
    upkeep: int

    @property
    def is_short(self) -> bool:
        """Whether so little is left that only calls are logged."""
        return self.left < self.limit * RESERVE_SHARE

    @property
    def upkeep_left(self) -> float:
        return max(0.0, self.limit * UPKEEP_SHARE - self.upkeep)

    def allows_upkeep(self, tokens: int, *, now: datetime.datetime) -> bool:
        """Whether so many tokens may be spent on upkeep now: a day's share grows through the day."""
        not_yet = self.limit * UPKEEP_SHARE * seconds_left_of_day(now) / DAY_SECONDS - UPKEEP_AT_ONCE
        return not self.is_short and tokens <= self.upkeep_left - max(0.0, not_yet)

    def seconds_between_polls(self, *, now: datetime.datetime) -> float:
        """Regular polls get half of what the day's upkeep has left; the other half is for unknown numbers that call."""
        polls = self.upkeep_left * SHARE_OF_REGULAR_POLLS / TOKENS[Operation.CHANGES]
        seconds = seconds_left_of_day(now) / polls if polls else POLL_LATEST
        return min(max(seconds, POLL_SOONEST), POLL_LATEST)

    def days_between_sweeps(self, persons: int) -> int:
        """A sweep of 500 persons costs 10 tokens; spread so that a day's part stays under its share."""
        return max(1, math.ceil(10 * math.ceil(persons / 500) / (self.limit * SWEEP_SHARE)))


def budget_of(account: PipedriveAccount) -> Budget:
    """The day's budget, by Pipedrive's own word where it has given one today, else by our price list."""
    account.refresh_from_db(fields=["daily_tokens", "tokens_left", "tokens_left_at"])
    return budget_by(account, spent_today(account))


def budget_by(account: PipedriveAccount, spending: list[TokenSpending], *, seats: int | None = None) -> Budget:
    """The same of an account and its day's spending that have just been read.

    Args:
        seats: how many people are connected; counted where Pipedrive has told no limit and the caller does not know.
    """
    today = timezone.now().astimezone(datetime.UTC).date()
    spent = sum(row.tokens for row in spending)
    upkeep = sum(row.tokens for row in spending if row.operation in UPKEEP)
    limit = account.daily_tokens or TOKENS_A_SEAT * max(1, account.connections.count() if seats is None else seats)
    told_today = account.tokens_left_at is not None and account.tokens_left_at.astimezone(datetime.UTC).date() == today
    left = account.tokens_left if told_today and account.tokens_left is not None else max(0, limit - spent)
    return Budget(limit=limit, left=left, upkeep=upkeep)


def spent_today(account: PipedriveAccount) -> list[TokenSpending]:
    """Today's spending, the dearest first."""
    today = timezone.now().astimezone(datetime.UTC).date()
    return list(TokenSpending.objects.filter(account=account, day=today, tokens__gt=0).order_by("-tokens"))


def forget_old_spending() -> None:
    """Drop the figures of days that nobody asks for any more."""
    TokenSpending.objects.filter(day__lt=timezone.now() - SPENDING_IS_KEPT).delete()


def spent_by(connection: PipedriveConnection) -> Spent:
    """Counts the requests of a connection, each at once."""

    def count(operation: Operation, tokens: int, headers: Mapping[str, str]) -> None:
        tally = Tally()
        tally.spent_by(connection)(operation, tokens, headers)
        tally.flush()

    return count


class Tally:
    """Gathers what many requests have spent, from any number of threads, and writes it in a few statements.

    A worker that is killed loses what it has not written; so flush often, and in a `finally`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._spent: dict[tuple[int, datetime.date, Operation], tuple[int, int]] = {}
        self._told: dict[int, dict[str, Any]] = {}

    def spent_by(self, connection: PipedriveConnection) -> Spent:
        """Counts the requests of a connection, until `flush` writes them."""
        return partial(self._count, connection.account_id)

    def _count(self, account_id: int, operation: Operation, tokens: int, headers: Mapping[str, str]) -> None:
        now = timezone.now()
        key = (account_id, now.astimezone(datetime.UTC).date(), operation)
        told = _what_is_left(headers, now=now)
        with self._lock:
            self._add({key: (1, tokens)})
            if told:
                self._told.setdefault(account_id, {}).update(told)

    def _add(self, spent: Mapping[tuple[int, datetime.date, Operation], tuple[int, int]]) -> None:
        for key, (requests, tokens) in spent.items():
            before = self._spent.get(key, (0, 0))
            self._spent[key] = (before[0] + requests, before[1] + tokens)

    def flush(self) -> None:
        """Write down what was gathered. What cannot be written is kept for the next time.

        Raises:
            django.db.DatabaseError: the database does not take it.
        """
        with self._lock:
            spent, self._spent = self._spent, {}
            told, self._told = self._told, {}
        try:
            for account_id, fields in told.items():
                PipedriveAccount.objects.filter(pk=account_id).update(**fields)
            while spent:
                _write(*next(iter(spent.items())))
                spent.pop(next(iter(spent)))
        finally:
            with self._lock:
                self._add(spent)


def _write(key: tuple[int, datetime.date, Operation], sums: tuple[int, int]) -> None:
    account_id, day, operation = key
    rows = TokenSpending.objects.filter(account_id=account_id, day=day, operation=operation)
    more = {"requests": F("requests") + sums[0], "tokens": F("tokens") + sums[1]}
    if rows.update(**more):
        return
    try:
        with transaction.atomic():
            TokenSpending.objects.create(
                account_id=account_id, day=day, operation=operation, requests=sums[0], tokens=sums[1]
            )
    except IntegrityError:
        # Another worker was first today, or the account is gone.
        rows.update(**more)


def _what_is_left(headers: Mapping[str, str], *, now: datetime.datetime) -> dict[str, Any]:
    """What an answer says of the company's day, as fields of the account."""
    limit, left = _number(headers.get(LIMIT_HEADER)), _number(headers.get(DAILY_LEFT_HEADER))
    if left is None:
        return {}
    return {"tokens_left": left, "tokens_left_at": now} | ({"daily_tokens": limit} if limit else {})


def _number(text: str | None) -> int | None:
    try:
        number = int(text or "")
    except ValueError:
        return None
    return number if 0 <= number <= LARGEST_NUMBER else None


def seconds_left_of_day(now: datetime.datetime) -> float:
    """Until the next midnight of UTC."""
    utc = now.astimezone(datetime.UTC)
    return DAY_SECONDS - (utc - utc.replace(hour=0, minute=0, second=0, microsecond=0)).total_seconds()
