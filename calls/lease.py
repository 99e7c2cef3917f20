"""A company's turn as a lease: one worker at a time, renewed by its holder, taken over when the holder is dead."""

import datetime
import time
from dataclasses import dataclass, field
from typing import Self

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from calls.models import Call, Turn
from calls.queue import call_up
from calls.reasons import Status
from calls.verdict import LOOK_AFTER
from integrations.http import CONNECT_SECONDS, READ_SECONDS

LEASE = datetime.timedelta(seconds=45)
"""Longer than a holder that lives may be without renewing it: two waits for SQLite's lock, 20 s each."""
ARRIVED_AFTER = datetime.timedelta(seconds=CONNECT_SECONDS + READ_SECONDS + LOOK_AFTER[0])
"""What a dead holder has sent is looked for no sooner than a living one would: Pipedrive may still be at it."""
RENEW_AFTER_SECONDS = 10.0


@dataclass(kw_only=True)
class Lease:
    """A company's turn, held by this process.

    Attributes:
        until: when it ends unless renewed (UTC); also what tells it from another holder's.
    """

    company_id: int
    until: datetime.datetime
    renewed: float = field(default_factory=time.monotonic)

    @classmethod
    def take(cls, company_id: int, *, worker: str) -> Self | None:
        """Take the turn; None when somebody has it. The calls that a dead holder had are free again."""
        now = timezone.now()
        rows = Turn.objects.filter(company=company_id)
        before = rows.values_list("working_until", flat=True).first()
        free = rows.filter(Q(working_until__isnull=True) | Q(working_until__lt=now))
        if not free.update(working_until=now + LEASE, worker=worker):
            return None
        if before is not None:
            _free_calls(company_id, now=now)
        return cls(company_id=company_id, until=now + LEASE)

    def keep(self) -> bool:
        """Renew when it is time to; False when the turn went to somebody else."""
        if time.monotonic() - self.renewed < RENEW_AFTER_SECONDS:
            return True
        until = timezone.now() + LEASE
        if not self._mine().update(working_until=until):
            return False
        self.until, self.renewed = until, time.monotonic()
        return True

    def end(self) -> None:
        """Let the next one have the turn."""
        self._mine().update(working_until=None, worker="")

    def _mine(self) -> "QuerySet[Turn]":
        return Turn.objects.filter(company=self.company_id, working_until=self.until)


def _free_calls(company_id: int, *, now: datetime.datetime) -> None:
    """End the claims of a dead holder. Where its request may still be carried out, the activity is not looked for yet:
    two looks in vain would have it sent again.
    """
    calls = Call.objects.filter(company=company_id)
    on_their_way = calls.filter(
        status=Status.PENDING, claimed_until__isnull=False, sending_since__gt=now - ARRIVED_AFTER
    )
    on_their_way.update(next_attempt_at=F("sending_since") + ARRIVED_AFTER)
    calls.hand_back()


def release_turns_of(worker: str) -> None:
    """A worker's processes are known to be dead: whoever comes next takes over their turns at once."""
    if not worker:
        return
    held = Turn.objects.filter(worker=worker, working_until__isnull=False)
    companies = list(held.values_list("company_id", flat=True))
    held.update(working_until=timezone.now(), queued_at=None)
    for company_id in companies:
        call_up(company_id)
