"""Which activity type a call gets: the company's choice while it is active in Pipedrive, else `call`."""

import datetime
import logging
import re
from collections.abc import Collection
from contextlib import suppress

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Q
from django.utils import timezone

from calls.queue import tell_of_missing_type
from calls.resume import type_found
from calls.verdict import LOOK_FOR_TYPE_AFTER
from integrations.errors import AccountClosedError, RefusedError
from integrations.models import PipedriveAccount
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.refusals import hides

logger = logging.getLogger(__name__)

READ_AGAIN_AFTER = datetime.timedelta(days=1)
"""Reading the types costs 20 tokens, four times an activity."""
LOOK_FOR_WANTED_AFTER = datetime.timedelta(hours=1)
"""While the company's choice is missing: somebody may have just made it in Pipedrive."""
LOOK_FOR_ANY_AFTER = datetime.timedelta(seconds=LOOK_FOR_TYPE_AFTER)
"""While there is none at all and calls wait: one call reads the list for all of them."""
WORD = "type"
"""By which Pipedrive would say that an activity is refused because of its type."""
READING_TAKES = datetime.timedelta(seconds=30)
FALLBACK = "call"


class ActivityTypeMissingError(Exception):
    """Neither the company's activity type nor `call` is active in Pipedrive."""


def usable_type(account: PipedriveAccount, client: PipedriveClient, *, wanted: str, is_in_doubt: bool = False) -> str:
    """The `key_string` to use. In doubt the list is read anew, however fresh it is. Where it may not be read, the
    company's choice is tried as it is.

    Raises:
        ActivityTypeMissingError: there is none.
        IntegrationError: the types could not be read.
    """
    read_at = account.activity_types_read_at
    is_fresh = read_at is not None and read_at > timezone.now() - _patience(account, wanted=wanted)
    if is_in_doubt or not is_fresh:
        is_mine = _take_lease(account)
        if not is_mine and not is_in_doubt:
            return _best_known(account, wanted=wanted) or wanted
        try:
            _read(account, client, wanted=wanted)
        except AccountClosedError:
            raise
        except RefusedError as error:
            logger.warning("Pipedrive account %s: the activity types may not be read: %s", account.pk, error)
            return wanted
        finally:
            PipedriveAccount.objects.filter(pk=account.pk).update(activity_types_reading_until=None)
    key = _best_known(account, wanted=wanted)
    if key is None:
        raise ActivityTypeMissingError(f"neither {wanted} nor {FALLBACK} is an active activity type")
    return key


def type_after_refusal(
    account: PipedriveAccount,
    client: PipedriveClient,
    *,
    wanted: str,
    refused: str,
    error: RefusedError,
    fields: Collection[str],
) -> str:
    """The type for another attempt at an activity that was just refused; the same one where nothing speaks for another.
    The list is read anew where the refusal speaks of the type or may be about it, however fresh the list is: somebody
    may have just removed the type. Not where the list says already that the type is gone.

    Args:
        fields: what was sent.

    Raises:
        ActivityTypeMissingError: there is none.
        IntegrationError: the types could not be read.
    """
    if not _may_be_about_type(error, fields):
        return refused
    with suppress(ObjectDoesNotExist):
        account.refresh_from_db(fields=["activity_types", "activity_types_read_at"])
    return usable_type(account, client, wanted=wanted, is_in_doubt=refused in account.activity_types)


def _may_be_about_type(error: RefusedError, fields: Collection[str]) -> bool:
    """Where it says so; else not where a record is not there or not for these eyes, nor where it names other fields."""
    if WORD in error.vendor_message.lower():
        return True
    return not hides(error) and not set(fields) & set(re.findall(r"\w+", error.vendor_message))


def _best_known(account: PipedriveAccount, *, wanted: str) -> str | None:
    return next((key for key in (wanted, FALLBACK) if key in account.activity_types), None)


def _take_lease(account: PipedriveAccount) -> bool:
    """Calls that are decided side by side read the list once. The others use what they know, or try the choice."""
    now = timezone.now()
    free = Q(activity_types_reading_until__isnull=True) | Q(activity_types_reading_until__lt=now)
    rows = PipedriveAccount.objects.filter(free, pk=account.pk, activity_types_read_at=account.activity_types_read_at)
    return rows.update(activity_types_reading_until=now + READING_TAKES) == 1


def _read(account: PipedriveAccount, client: PipedriveClient, *, wanted: str) -> None:
    names = client.active_activity_types()
    account.activity_types, account.activity_type_names = sorted(names), names
    account.activity_types_read_at = timezone.now()
    account.save(update_fields=["activity_types", "activity_type_names", "activity_types_read_at"])
    if {wanted, FALLBACK} & names.keys():
        type_found(account.company)
    _note_missing(account, wanted=wanted)


def _note_missing(account: PipedriveAccount, *, wanted: str) -> None:
    """Keep whether the company's choice has to be replaced, and tell its admins once when it has."""
    is_replaced = wanted not in account.activity_types and FALLBACK in account.activity_types
    missing = wanted if is_replaced else ""
    changed = PipedriveAccount.objects.filter(pk=account.pk).exclude(missing_activity_type=missing)
    if changed.update(missing_activity_type=missing) and missing:
        tell_of_missing_type(account.pk)


def _patience(account: PipedriveAccount, *, wanted: str) -> datetime.timedelta:
    """How long the list that we have is good enough."""
    if wanted in account.activity_types:
        return READ_AGAIN_AFTER
    return LOOK_FOR_WANTED_AFTER if FALLBACK in account.activity_types else LOOK_FOR_ANY_AFTER
