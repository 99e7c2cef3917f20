"""Which activity type a call gets: the company's choice while it is active in Pipedrive, else `call`."""

import datetime
import logging

from django.utils import timezone

from calls.resume import type_found
from integrations.errors import AccountClosedError, RefusedError
from integrations.models import PipedriveAccount
from integrations.pipedrive.client import PipedriveClient

logger = logging.getLogger(__name__)

READ_AGAIN_AFTER = datetime.timedelta(days=1)
"""Reading the types costs 20 tokens, four times an activity."""
LOOK_FOR_WANTED_AFTER = datetime.timedelta(hours=1)
"""While the company's choice is missing: somebody may have just made it in Pipedrive."""
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
    patience = READ_AGAIN_AFTER if wanted in account.activity_types else LOOK_FOR_WANTED_AFTER
    is_fresh = read_at is not None and read_at > timezone.now() - patience
    if refused is not None or not is_fresh or not {wanted, FALLBACK} & set(account.activity_types):
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
