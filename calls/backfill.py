"""Pulling the calls that no webhook has brought from Mustalinja's list, page by page.

Everything that Mustalinja gives may be odd, and the worker may die at any moment. The place in the list moves in the
transaction that stores a page's last calls, never before; what is then read twice is known already.
"""

import datetime
import logging
import time
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from calls.pulled_calls import take_in, unknown_among
from integrations.backfills import Backfill
from integrations.errors import IntegrationError, NotFoundError, RateLimitedError, RefusedError, UnauthorizedError
from integrations.missing_calls import TASK
from integrations.models import MustalinjaAccount
from integrations.mustalinja.api import CallPage
from integrations.mustalinja_link import api_of, check_credentials
from integrations.queue import wake

logger = logging.getLogger(__name__)

LEASE = datetime.timedelta(seconds=60)
"""Longer than a page takes, time-outs included; renewed with each request and each transaction."""
SLICE_SECONDS = 5.0
"""After so long the calls and the other companies have their turn."""
STORED_AT_ONCE = 20
"""Calls in one transaction: on SQLite the webhook's intake waits for its end."""
PAGES_AT_MOST = 2000
"""200,000 calls. What goes on after that has no end."""
RESTARTS_AT_MOST = 3
FIRST_BACK_OFF, LONGEST_BACK_OFF = 30.0, 3600.0


class TakenOverError(Exception):
    """The lease has ended, or somebody wants calls from further back: this worker must not write any more."""


def pull_calls(pk: int) -> None:
    """Work on a pull for a few seconds, if it is due and nobody else does."""
    backfill = _take(pk)
    if backfill is None:
        return
    try:
        _work(backfill)
    except TakenOverError:
        logger.info("company %s: its pull of missing calls goes on elsewhere", backfill.company_id)
    except IntegrationError as error:
        logger.warning("company %s: missing calls could not be pulled: %s", backfill.company_id, error)
        with suppress(TakenOverError):
            _after_trouble(backfill, error)
    except Exception as error:
        logger.exception("company %s: a fault of our own while pulling missing calls", backfill.company_id)
        with suppress(TakenOverError):
            _rest(backfill, problem=Backfill.Problem.FAULT, detail=type(error).__name__)


def _take(pk: int) -> Backfill | None:
    """The pull for this worker alone, until the lease ends; None when it is not due, over, or taken."""
    now = timezone.now()
    if not Backfill.objects.due(now).filter(pk=pk).update(working_until=now + LEASE):
        return None
    return Backfill.objects.select_related("company").get(pk=pk)


def _keep(backfill: Backfill, **state: Any) -> None:
    """Write to the row while it is still this worker's.

    Raises:
        TakenOverError: it is not any more.
    """
    mine = Backfill.objects.unfinished().filter(pk=backfill.pk, working_until=backfill.working_until)
    if not mine.update(**state):
        raise TakenOverError
    for name, value in state.items():
        setattr(backfill, name, value)


def _work(backfill: Backfill) -> None:
    account = MustalinjaAccount.objects.filter(company=backfill.company).select_related("company").first()
    if account is None or not settings.MUSTALINJA_API_URL:
        _end(backfill, problem=Backfill.Problem.NO_LIST)
        return
    ends = time.monotonic() + SLICE_SECONDS
    while time.monotonic() < ends:
        asked_for = backfill.cursor
        _keep(backfill, working_until=timezone.now() + LEASE, began_at=backfill.began_at or timezone.now())
        page = api_of(account).calls(since=backfill.since, cursor=asked_for)
        _store(backfill, page, unknown_among(page.bodies, account=account))
        if backfill.ended_at is not None:
            _say_what_was_recovered(backfill)
            return
        if backfill.cursor == asked_for or backfill.pages >= PAGES_AT_MOST:
            _end(backfill, problem=Backfill.Problem.ENDLESS)
            return
    _go_on_soon(backfill)


def _store(backfill: Backfill, page: CallPage, unknown: list[bytes]) -> None:
    """Take the unknown calls of a page in; with the last of them, in one transaction, the place moves on. The lease is
    renewed before: a transaction that comes to nothing must not leave us with a lease that the row does not have.
    """
    batches = [unknown[start : start + STORED_AT_ONCE] for start in range(0, len(unknown), STORED_AT_ONCE)] or [[]]
    for batch in batches:
        _keep(backfill, working_until=timezone.now() + LEASE)
        with transaction.atomic():
            receipts = [take_in(body, company=backfill.company) for body in batch]
            place = _place_after(backfill, page) if batch is batches[-1] else {}
            _keep(
                backfill,
                recovered=backfill.recovered + sum(receipt.is_new_call for receipt in receipts),
                quarantined=backfill.quarantined + sum(receipt.is_quarantined for receipt in receipts),
                **place,
            )


def _place_after(backfill: Backfill, page: CallPage) -> dict[str, Any]:
    place: dict[str, Any] = {
        "cursor": page.next_cursor,
        "pages": backfill.pages + 1,
        "seen": backfill.seen + len(page.bodies),
        "failures_in_a_row": 0,
        "problem": "",
        "detail": "",
    }
    is_end = not page.next_cursor
    return place | {"ended_at": timezone.now(), "working_until": None} if is_end else place


def _say_what_was_recovered(backfill: Backfill) -> None:
    level = logging.WARNING if backfill.recovered or backfill.quarantined else logging.INFO
    text = "company %s: of %s calls in Mustalinja's list %s were missing and are recovered, %s are in quarantine (%s)"
    counts = (backfill.seen, backfill.recovered, backfill.quarantined)
    logger.log(level, text, backfill.company_id, *counts, backfill.cause)


def _after_trouble(backfill: Backfill, error: IntegrationError) -> None:
    """Try again where that may help; else the pull is over, says why, and the next night tries again."""
    detail = f"{error} {error.vendor_message}".strip()[:255]
    match error:
        case UnauthorizedError():
            check_credentials(MustalinjaAccount.objects.get(company=backfill.company))
            _end(backfill, problem=Backfill.Problem.CREDENTIALS, detail=detail)
        case RefusedError() if backfill.cursor and backfill.restarts < RESTARTS_AT_MOST:
            # How long a cursor lives is not known: one kept from an earlier turn may not be taken any more.
            _keep(backfill, cursor="", pages=0, seen=0, restarts=backfill.restarts + 1, detail=detail)
            _go_on_soon(backfill)
        case NotFoundError() if not backfill.cursor:
            _end(backfill, problem=Backfill.Problem.NO_LIST, detail=detail)
        case RefusedError():
            _end(backfill, problem=Backfill.Problem.REFUSED, detail=detail)
        case RateLimitedError():
            _rest(backfill, problem=Backfill.Problem.BUSY, detail=detail, at_least=error.retry_after)
        case _:
            _rest(backfill, problem=Backfill.Problem.UNAVAILABLE, detail=detail)


def _go_on_soon(backfill: Backfill) -> None:
    """Let the others have their turn, and go on at the end of the queue."""
    with transaction.atomic():
        _keep(backfill, working_until=None, nudged_at=timezone.now())
        wake(TASK, backfill.pk)


def _rest(backfill: Backfill, *, problem: str, detail: str, at_least: float = 0.0) -> None:
    """Go on from the same place later, `at_least` so many seconds."""
    back_off = min(FIRST_BACK_OFF * 2.0 ** min(backfill.failures_in_a_row, 12), LONGEST_BACK_OFF)
    _keep(
        backfill,
        problem=problem,
        detail=detail,
        failures_in_a_row=backfill.failures_in_a_row + 1,
        next_step_at=timezone.now() + datetime.timedelta(seconds=max(back_off, at_least)),
        nudged_at=None,
        working_until=None,
    )


def _end(backfill: Backfill, *, problem: str, detail: str = "") -> None:
    logger.warning("company %s: its pull of missing calls has ended: %s %s", backfill.company_id, problem, detail)
    _keep(backfill, problem=problem, detail=detail, ended_at=timezone.now(), working_until=None)
