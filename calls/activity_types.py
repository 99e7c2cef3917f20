"""Which activity type a call gets: the company's choice while it is active in Pipedrive, else `call`."""

import datetime
import logging

from django.utils import timezone

from calls.resume import type_found
from calls.verdict import LOOK_FOR_TYPE_AFTER
from integrations.errors import AccountClosedError, RefusedError
from integrations.models import PipedriveAccount
from integrations.pipedrive.client import PipedriveClient

logger = logging.getLogger(__name__)

READ_AGAIN_AFTER = datetime.timedelta(days=1)
"""Reading the types costs 20 tokens, four times an activity."""
LOOK_FOR_WANTED_AFTER = datetime.timedelta(hours=1)
"""While the company's choice is missing: somebody may have just made it in Pipedrive."""
LOOK_FOR_ANY_AFTER = datetime.timedelta(seconds=LOOK_FOR_TYPE_AFTER)
"""While there is none at all and calls wait: one call reads the list for all of them."""
FALLBACK = "call"


class ActivityTypeMissingError(Exception):
    """Neither the company's activity type nor `call` is active in Pipedrive."""


def usable_type(account: PipedriveAccount, client: PipedriveClient, *, wanted: str, refused: str | None = None) -> str:
    """The `key_string` to use. `refused` is a type with which an activity was just refused: then the list is read anew.
    Where the list may not be read, the company's choice is tried as it is.

    Raises:
        ActivityTypeMissingError: there is none.
        IntegrationError: the types could not be read.
    """
    read_at = account.activity_types_read_at
    is_fresh = read_at is not None and read_at > timezone.now() - _patience(account, wanted=wanted)
    if refused is not None or not is_fresh:
        try:
            types = client.active_activity_types()
        except AccountClosedError:
            raise
        except RefusedError as error:
            logger.warning("Pipedrive account %s: the activity types may not be read: %s", account.pk, error)
            return wanted
        account.activity_types, account.activity_types_read_at = sorted(types), timezone.now()
        account.save(update_fields=["activity_types", "activity_types_read_at"])
        if {wanted, FALLBACK} & types:
            type_found(account.company)
    for key in (wanted, FALLBACK):
        if key in account.activity_types:
            return key
    raise ActivityTypeMissingError(f"neither {wanted} nor {FALLBACK} is an active activity type")


def _patience(account: PipedriveAccount, *, wanted: str) -> datetime.timedelta:
    """How long the list that we have is good enough."""
    if wanted in account.activity_types:
        return READ_AGAIN_AFTER
    return LOOK_FOR_WANTED_AFTER if FALLBACK in account.activity_types else LOOK_FOR_ANY_AFTER
