"""Keeping the phone index of a Pipedrive account: one worker at a time, a few seconds at a time, with the most
privileged eyes there are.
"""

import datetime
import logging
import time
from contextlib import suppress

from django.db.models import Q, QuerySet
from django.utils import timezone

from integrations.connections import client_for
from integrations.contact_changes import read_changes
from integrations.contact_reader import hears_of_changes, may_ask, reader_of
from integrations.contact_sweep import begin_sweep, end_sweep, has_read_all, sweep_page
from integrations.contacts import LEASE, IndexGoneError, erase_if_abandoned, keep_state, renew_lease
from integrations.errors import (
    AccountClosedError,
    GrantDiedError,
    IntegrationError,
    RateLimitedError,
    RefusedError,
    UnauthorizedError,
)
from integrations.models import ContactIndex, PipedriveAccount, PipedriveConnection
from integrations.pauses import let_others_ask, note_trouble, pause_of
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.operations import TOKENS, Operation
from integrations.pipedrive_subscriptions import keep_subscription
from integrations.pipedrive_users import keep_users
from integrations.queue import wake
from integrations.token_budget import POLL_LATEST, budget_of

logger = logging.getLogger(__name__)

SLICE_SECONDS = 5.0
"""After so long the other companies have their turn."""
ASKED_FOR_SOONEST = datetime.timedelta(seconds=5)
NUDGE_AGAIN_AFTER = datetime.timedelta(seconds=30)
FIRST_BACK_OFF, LONGEST_BACK_OFF = 10.0, 3600.0
SHORT_OF_TOKENS_SECONDS = 900.0
REFUSALS_BEFORE_ANOTHER_READS = 3
REFUSED_FOR = datetime.timedelta(days=1)
TASK = "integrations.tasks.keep_contacts"


def read_soon(account: PipedriveAccount) -> None:
    """Somebody has connected or gone: begin the index, or read it with the eyes that see most now."""
    index, _created = ContactIndex.objects.get_or_create(account=account)
    ContactIndex.objects.filter(pk=index.pk).update(next_step_at=timezone.now(), failures_in_a_row=0)
    wake(TASK, account.pk)


def sweep_soon(index: ContactIndex) -> None:
    """Read everything anew, as for the first time; until then what is known stays in force."""
    anew = {"is_sweep_wanted": True, "next_step_at": timezone.now(), "failures_in_a_row": 0}
    ContactIndex.objects.filter(pk=index.pk).update(**anew)
    wake(TASK, index.account_id)


def look_for_changes_soon(account: PipedriveAccount) -> None:
    """An unknown number has called: where the webhooks cannot be relied on, ask what has changed, a few seconds after
    the last time, if the day's tokens allow it.
    """
    now = timezone.now()
    index = ContactIndex.objects.filter(account=account, swept_at__isnull=False, failures_in_a_row=0).first()
    if index is None or hears_of_changes(account):
        return
    soon = max(now, index.asked_at + ASKED_FOR_SOONEST) if index.asked_at else now
    if index.next_step_at <= soon or not budget_of(account).allows_upkeep(TOKENS[Operation.CHANGES], now=now):
        return
    moved = ContactIndex.objects.filter(pk=index.pk, next_step_at=index.next_step_at).update(next_step_at=soon)
    if moved and soon == now:
        wake(TASK, account.pk)


def make_sure(account: PipedriveAccount) -> bool:
    """Ask now what has changed, whatever the upkeep's share of the tokens, because somebody is about to rely on nobody
    having a number. False: that is not certain; ask again in a moment.
    """
    reader = reader_of(account)
    if reader is None or not may_ask(reader):
        return False
    index = _take(account.pk, at_any_time=True)
    if index is None:
        return False
    try:
        is_being_read = index.is_sweep_wanted or index.sweep_started_at is not None
        is_known = not is_being_read and read_changes(index, client_for(reader))
        if is_known:
            keep_state(index, working_until=None, failures_in_a_row=0, problem="")
        else:
            keep_state(index, working_until=None)
    except IndexGoneError:
        return False
    except IntegrationError as error:
        note_trouble(reader, error)
        with suppress(IndexGoneError):
            keep_state(index, working_until=None)
        return False
    if not is_known and not is_being_read:
        sweep_soon(index)
    return is_known


def wake_due() -> None:
    """Have the indexes worked on whose time has come, that nobody works on and that are not queued."""
    now = timezone.now()
    unqueued = Q(nudged_at__isnull=True) | Q(nudged_at__lt=now - NUDGE_AGAIN_AFTER)
    due = _free(now).filter(unqueued, next_step_at__lte=now)
    for account_id in list(due.values_list("account_id", flat=True)):
        ContactIndex.objects.filter(account_id=account_id).update(nudged_at=now)
        wake(TASK, account_id)


def _free(now: datetime.datetime) -> "QuerySet[ContactIndex]":
    return ContactIndex.objects.filter(Q(working_until__isnull=True) | Q(working_until__lt=now))


def keep_index(account_id: int) -> None:
    """Work on an account's index for a few seconds, if it is due and nobody else does."""
    index = _take(account_id)
    if index is None:
        return
    if erase_if_abandoned(index.account):
        return
    reader = reader_of(index.account)
    try:
        _work(index, reader)
    except IndexGoneError:
        logger.info("Pipedrive account %s: its index is gone, or with another worker", account_id)
    except IntegrationError as error:
        logger.warning("Pipedrive account %s: its persons could not be read: %s", account_id, error)
        if reader is not None:
            _after_trouble(index, reader, error)
    except Exception:
        logger.exception("Pipedrive account %s: a fault of our own while reading its persons", account_id)
        _rest_after_failure(index, seconds=_back_off(index), problem="a fault in the connector")
    finally:
        let_others_ask(index.account)


def _take(account_id: int, *, at_any_time: bool = False) -> ContactIndex | None:
    """The account's index for this worker alone, until the lease ends; None when it is not due or taken."""
    now = timezone.now()
    mine = _free(now).filter(account_id=account_id)
    if not at_any_time:
        mine = mine.filter(next_step_at__lte=now)
    if not mine.update(working_until=now + LEASE):
        return None
    return ContactIndex.objects.select_related("account__company").filter(account_id=account_id).first()


def _work(index: ContactIndex, reader: PipedriveConnection | None) -> None:
    account = index.account
    if reader is None:
        _rest(index, seconds=LONGEST_BACK_OFF, problem="nobody is connected")
        return
    if account.company.is_suspended or budget_of(account).is_short:
        problem = "the company is suspended" if account.company.is_suspended else "little is left of the day's tokens"
        _rest(index, seconds=SHORT_OF_TOKENS_SECONDS, problem=problem)
        return
    if (pause := pause_of(reader)) is not None:
        _rest(index, seconds=pause.seconds, problem=index.problem)
        return
    client = client_for(reader)
    if reader.reading_refused_until is not None:
        _see_whether_it_reads_again(index, client, reader)
    keep_subscription(account, reader, client)
    keep_users(account, client)
    renew_lease(index)
    is_done = _read(index, client, reader)
    seconds = _seconds_until_poll(account) if is_done else 0.0
    _rest(index, seconds=seconds, problem="", failures_in_a_row=0)
    if not is_done:
        wake(TASK, account.pk)


def _see_whether_it_reads_again(index: ContactIndex, client: PipedriveClient, reader: PipedriveConnection) -> None:
    """One page (10 tokens) by a reader who was refused, before anything is turned over to it."""
    client.all_persons(cursor="", phone_fields=index.phone_fields)
    PipedriveConnection.objects.filter(pk=reader.pk).update(reading_refused_until=None)


def _read(index: ContactIndex, client: PipedriveClient, reader: PipedriveConnection) -> bool:
    """Sweep or poll, and say whether that is done for now."""
    if _must_sweep(index, reader):
        begin_sweep(index, client, reader=reader)
    if index.sweep_started_at is not None:
        return _sweep(index, client, reader)
    keep_state(index, reader=reader, reader_is_admin=reader.is_admin)
    if not budget_of(index.account).allows_upkeep(TOKENS[Operation.CHANGES], now=timezone.now()):
        return True
    if read_changes(index, client):
        return True
    begin_sweep(index, client, reader=reader)
    return False


def _must_sweep(index: ContactIndex, reader: PipedriveConnection) -> bool:
    """Whether everything has to be read from the beginning: for the first time, because the numbers are to be read
    otherwise than before, because somebody sees more now, or because deletions may have been missed for long.
    """
    if index.is_sweep_wanted or index.region != index.account.company.region:
        return True
    if index.sweep_started_at is not None:
        return index.reader_id != reader.pk
    if index.swept_at is None or (reader.is_admin and not index.reader_is_admin):
        return True
    days = budget_of(index.account).days_between_sweeps(index.persons)
    return index.swept_at < timezone.now() - datetime.timedelta(days=days)


def _sweep(index: ContactIndex, client: PipedriveClient, reader: PipedriveConnection) -> bool:
    """Read pages for one slice of time and say whether the sweep is done."""
    ends = time.monotonic() + SLICE_SECONDS
    keep_state(index, problem="")
    is_first = True
    while not has_read_all(index):
        if time.monotonic() > ends:
            return False
        renew_lease(index)
        try:
            if sweep_page(index, client):
                break
        except AccountClosedError:
            raise
        except RefusedError:
            # How long a cursor lives is not documented: one kept from an earlier turn may not be taken any more.
            if not is_first or not index.sweep_cursor:
                raise
            begin_sweep(index, client, reader=reader)
        is_first = False
    renew_lease(index)
    end_sweep(index)
    return True


def _seconds_until_poll(account: PipedriveAccount) -> float:
    """As often as the tokens allow; where webhooks arrive, one an hour is enough."""
    if hears_of_changes(account):
        return POLL_LATEST
    return budget_of(account).seconds_between_polls(now=timezone.now())


def _back_off(index: ContactIndex) -> float:
    return min(FIRST_BACK_OFF * 2.0 ** min(index.failures_in_a_row, 12), LONGEST_BACK_OFF)


def _after_trouble(index: ContactIndex, reader: PipedriveConnection, error: IntegrationError) -> None:
    """Wait as long as the trouble asks for. Where only this reader is at an end, another one goes on."""
    seconds = _back_off(index)
    note_trouble(reader, error)
    match error:
        case RateLimitedError():
            seconds = max(seconds, error.retry_after)
        case GrantDiedError():
            seconds = 0.0
        case RefusedError() | UnauthorizedError():
            was_refused = reader.reading_refused_until is not None
            if was_refused or index.failures_in_a_row + 1 >= REFUSALS_BEFORE_ANOTHER_READS:
                until = timezone.now() + REFUSED_FOR
                PipedriveConnection.objects.filter(pk=reader.pk).update(reading_refused_until=until)
    _rest_after_failure(index, seconds=seconds, problem=str(error)[:255])


def _rest_after_failure(index: ContactIndex, *, seconds: float, problem: str) -> None:
    with suppress(IndexGoneError):
        _rest(index, seconds=seconds, problem=problem, failures_in_a_row=index.failures_in_a_row + 1)
        if seconds == 0:
            wake(TASK, index.account_id)


def _rest(index: ContactIndex, *, seconds: float, problem: str, **state: int) -> None:
    """End this worker's turn. Whoever has asked for the next one meanwhile gets it at once."""
    next_step_at = timezone.now() + datetime.timedelta(seconds=seconds)
    unasked = ContactIndex.objects.filter(pk=index.pk, next_step_at=index.next_step_at)
    unasked.filter(working_until=index.working_until).update(next_step_at=next_step_at)
    keep_state(index, problem=problem, nudged_at=None, working_until=None, **state)
