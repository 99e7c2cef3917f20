"""Leaving Pipedrive alone for a while, so that one company's trouble does not keep the workers from the others.

A user who is told to slow down (429) is parked alone. An account is parked as a whole, with everybody connected to it,
when it fails several times in a row (time-outs, 5xx), when the day's tokens are spent, and when Pipedrive's network
shuts us out. After such a pause one request goes ahead; the others follow when it is answered.
"""

import datetime
import random
from contextlib import suppress
from dataclasses import dataclass

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import F, Q
from django.utils import timezone

from integrations.errors import (
    AccountClosedError,
    BlockedError,
    HeldBackError,
    IntegrationError,
    OutcomeUnknownError,
    RateLimitedError,
    TryLaterError,
)
from integrations.http import DEFAULT_RETRY_AFTER
from integrations.models import PauseKind, PipedriveAccount, PipedriveConnection
from integrations.pipedrive.operations import TOKENS
from integrations.token_budget import seconds_left_of_day

FAILURES_BEFORE_A_PAUSE = 4
FIRST_PAUSE_SECONDS = 5.0
LONGEST_OUTAGE_PAUSE_SECONDS = 300.0
FIRST_REPEATED_PAUSE_SECONDS = 1.25
LONGEST_PAUSE_SECONDS = 3600.0
RIGHT_AFTER = datetime.timedelta(seconds=60)
"""A 429 so soon after the end of a wait was not about the burst: its window is 2 s."""
TOLD_PAUSES_AT_MOST = 4
"""Who is told each time how long to wait, and is told again each time, has no tokens left either."""
DAY_SPENT_PROBE_SECONDS = 1800.0
"""When the day ends is assumed, not documented; so one request sees now and then whether there are tokens again."""
AFTER_MIDNIGHT_SECONDS = 30.0
LONGEST_BLOCKED_SECONDS = 6 * 3600.0
CLOSED_IS_LOOKED_AT_SECONDS = 600.0
PROBE_TAKES = datetime.timedelta(seconds=20)
"""Longer than the one request may take; when its worker is killed, another one probes after so long."""
WAIT_FOR_PROBE_SECONDS = 2.0
DEAREST_REQUEST = max(TOKENS.values())
PAUSE_FIELDS = ["failures_in_a_row", "pause_kind", "paused_until", "probing_until"]


@dataclass(frozen=True, kw_only=True)
class Pause:
    """Why and until when Pipedrive is left alone."""

    kind: PauseKind
    until: datetime.datetime

    @property
    def seconds(self) -> float:
        """How long it still lasts."""
        return max(0.0, (self.until - timezone.now()).total_seconds())


def pause_of(connection: PipedriveConnection) -> Pause | None:
    """Whether to leave Pipedrive alone now; None: a request may be sent, and should be, since after a pause of the
    account the first who asks goes ahead of all others.

    Judged by the connection and the account as they were loaded, without a query. Only who asks after a pause of the
    account costs one statement, which one of all workers wins; the others are told to wait for it. Whoever wins calls
    `let_others_ask` in the end, since it may turn out that there is nothing to send.
    """
    account = connection.account
    pause = pause_seen(connection)
    if pause is not None or account.paused_until is None or account.goes_ahead or _may_probe(account):
        return pause
    _read_again(account)
    pause = pause_seen(connection)
    if pause is not None or account.paused_until is None:
        return pause
    until = timezone.now() + datetime.timedelta(seconds=WAIT_FOR_PROBE_SECONDS)
    return Pause(kind=_kind_of(account), until=until)


def pause_seen(connection: PipedriveConnection) -> Pause | None:
    """The pause that a connection is in, for people to read; asking changes nothing."""
    now = timezone.now()
    if connection.state == PipedriveConnection.State.ACCOUNT_CLOSED:
        looked_at = now + datetime.timedelta(seconds=CLOSED_IS_LOOKED_AT_SECONDS)
        return Pause(kind=PauseKind.CLOSED, until=looked_at)
    if (pause := account_pause(connection.account)) is not None:
        return pause
    if connection.paused_until is not None and connection.paused_until > now:
        return Pause(kind=PauseKind.RATE_LIMITED, until=connection.paused_until)
    return None


def account_pause(account: PipedriveAccount) -> Pause | None:
    """The pause that holds for everybody connected to an account."""
    if account.paused_until is None or account.paused_until <= timezone.now():
        return None
    return Pause(kind=_kind_of(account), until=account.paused_until)


def _kind_of(account: PipedriveAccount) -> PauseKind:
    """Why an account is left alone; a version before there were kinds, working beside this one, wrote none."""
    return PauseKind(account.pause_kind or PauseKind.OUTAGE)


def _may_probe(account: PipedriveAccount) -> bool:
    """Whether this worker is the one that sends the first request after a pause."""
    now = timezone.now()
    free = Q(probing_until__isnull=True) | Q(probing_until__lte=now)
    same = PipedriveAccount.objects.filter(pk=account.pk, paused_until=account.paused_until)
    until = now + PROBE_TAKES
    if not same.filter(free).update(probing_until=until):
        return False
    account.goes_ahead, account.probing_until = True, until
    return True


def let_others_ask(account: PipedriveAccount) -> None:
    """This worker went ahead after a pause, if anybody here did, and is done. Where nothing was sent that has ended the
    pause or begun another one, the next worker goes ahead at once.
    """
    if not account.goes_ahead:
        return
    account.goes_ahead = False
    unused = PipedriveAccount.objects.filter(pk=account.pk, probing_until=account.probing_until)
    unused.filter(_not_paused()).update(probing_until=None)


def note_trouble(connection: PipedriveConnection, error: IntegrationError) -> None:
    """Leave the person or the account alone for as long as the trouble asks for."""
    match error:
        case HeldBackError():
            return
        case BlockedError():
            shut_out(connection.account, seconds=error.retry_after)
        case RateLimitedError():
            told_to_wait(connection, error)
        case AccountClosedError():
            close_account(connection)
        case OutcomeUnknownError() | TryLaterError():
            did_not_answer(connection.account)


def told_to_wait(connection: PipedriveConnection, error: RateLimitedError) -> None:
    """Pipedrive asked for a pause. Told again right after one, it is the day's budget that is spent, unless Pipedrive
    says that there are tokens left, or how long to wait this time; then the next pause is twice as long. Answers to
    requests sent side by side count once.
    """
    now = timezone.now()
    rows = PipedriveConnection.objects.filter(pk=connection.pk)
    if _is_day_spent(connection, error, now=now):
        _park_until_reset(connection.account)
    seconds = max(error.retry_after, DEFAULT_RETRY_AFTER * random.uniform(1, 1.25))  # noqa: S311
    doubled = FIRST_REPEATED_PAUSE_SECONDS * 2.0 ** min(connection.pauses_in_a_row, 12)
    until = now + datetime.timedelta(seconds=max(seconds, min(doubled, LONGEST_PAUSE_SECONDS)))
    rows.filter(Q(paused_until__isnull=True) | Q(paused_until__lt=now)).update(pauses_in_a_row=F("pauses_in_a_row") + 1)
    rows.filter(Q(paused_until__isnull=True) | Q(paused_until__lt=until)).update(paused_until=until)
    with suppress(ObjectDoesNotExist):
        connection.refresh_from_db(fields=["paused_until", "pauses_in_a_row"])


def _is_day_spent(connection: PipedriveConnection, error: RateLimitedError, *, now: datetime.datetime) -> bool:
    tokens_left = error.tokens_left
    if tokens_left == 0 or (tokens_left is None and connection.account.pause_kind == PauseKind.DAY_SPENT):
        return True
    if tokens_left is not None and tokens_left >= DEAREST_REQUEST:
        return False
    in_a_row = TOLD_PAUSES_AT_MOST if error.is_told else 1
    paused = PipedriveConnection.objects.filter(pk=connection.pk, pauses_in_a_row__gte=in_a_row)
    return paused.filter(paused_until__lt=now, paused_until__gte=now - RIGHT_AFTER).exists()


def _park_until_reset(account: PipedriveAccount) -> None:
    """The day's tokens are spent, for everybody. Until there are new ones, one request now and then."""
    left = seconds_left_of_day(timezone.now()) + random.uniform(1, AFTER_MIDNIGHT_SECONDS)  # noqa: S311
    _read_again(account)
    _leave_alone(account, PauseKind.DAY_SPENT, seconds=min(left, _spread(DAY_SPENT_PROBE_SECONDS)))


def shut_out(account: PipedriveAccount, *, seconds: float) -> None:
    """Pipedrive's network answers with a page: stay away, twice as long each time that a look finds it still so."""
    _read_again(account)
    times = account.failures_in_a_row if account.pause_kind == PauseKind.BLOCKED else 0
    stay_away = min(seconds * 2.0 ** min(times, 12), LONGEST_BLOCKED_SECONDS)
    _leave_alone(account, PauseKind.BLOCKED, seconds=stay_away, failures_in_a_row=times + 1)


def did_not_answer(account: PipedriveAccount) -> None:
    """A request failed for a passing reason; after several in a row the account is left alone, longer each time. What
    was on its way when the pause began does not make it longer.
    """
    PipedriveAccount.objects.filter(_not_paused(), pk=account.pk).update(failures_in_a_row=F("failures_in_a_row") + 1)
    _read_again(account)
    beyond = account.failures_in_a_row - FAILURES_BEFORE_A_PAUSE
    if beyond >= 0 or account.paused_until is not None:
        seconds = min(FIRST_PAUSE_SECONDS * 2.0 ** min(max(beyond, 0), 12), LONGEST_OUTAGE_PAUSE_SECONDS)
        _leave_alone(account, PauseKind.OUTAGE, seconds=_spread(seconds))


def _leave_alone(account: PipedriveAccount, kind: PauseKind, *, seconds: float, **counts: int) -> None:
    """Begin a pause, unless one is in force."""
    pause = {
        "pause_kind": kind,
        "paused_until": timezone.now() + datetime.timedelta(seconds=seconds),
        "probing_until": None,
    }
    PipedriveAccount.objects.filter(_not_paused(), pk=account.pk).update(**pause, **counts)
    _read_again(account)


def _not_paused() -> Q:
    return Q(paused_until__isnull=True) | Q(paused_until__lte=timezone.now())


def _spread(seconds: float) -> float:
    """A little shorter, so that many accounts do not come back at once."""
    return seconds * random.uniform(0.8, 1)  # noqa: S311


def _read_again(account: PipedriveAccount) -> None:
    with suppress(ObjectDoesNotExist):
        account.refresh_from_db(fields=PAUSE_FIELDS)


def answered(connection: PipedriveConnection) -> None:
    """Pipedrive works; written only where it did not before. What was on its way when a pause began does not end it."""
    account = connection.account
    if connection.pauses_in_a_row:
        PipedriveConnection.objects.filter(pk=connection.pk).update(pauses_in_a_row=0)
        connection.pauses_in_a_row = 0
    if not account.failures_in_a_row and account.paused_until is None:
        return
    over = {"failures_in_a_row": 0, "pause_kind": "", "paused_until": None, "probing_until": None}
    PipedriveAccount.objects.filter(_not_paused(), pk=account.pk).update(**over)
    _read_again(account)


def close_account(connection: PipedriveConnection) -> None:
    """Pipedrive says that the customer's account is not open (402): that holds for everybody connected to it."""
    states = PipedriveConnection.State
    live = PipedriveConnection.objects.filter(account=connection.account_id, state=states.CONNECTED)
    live.update(state=states.ACCOUNT_CLOSED, checked_at=timezone.now())
    connection.state = states.ACCOUNT_CLOSED


def open_account(account: PipedriveAccount) -> bool:
    """One of its connections works again: so do all that were closed with it. False: none was."""
    states = PipedriveConnection.State
    closed = PipedriveConnection.objects.filter(account=account, state=states.ACCOUNT_CLOSED)
    return bool(closed.update(state=states.CONNECTED, checked_at=timezone.now()))
