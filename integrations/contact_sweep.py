"""Reading all persons of a Pipedrive account, page by page. The place is kept with each page, so that a worker that is
killed costs at most one.
"""

import datetime
import logging

from django.db import transaction
from django.utils import timezone

from integrations.contacts import EARLIEST, drop_unseen, keep_state, write_persons
from integrations.errors import AccountClosedError, RefusedError
from integrations.models import ContactIndex, PipedriveConnection
from integrations.pipedrive.client import PipedriveClient
from integrations.signals import contacts_known

logger = logging.getLogger(__name__)

CLOCKS_MAY_DIFFER = datetime.timedelta(minutes=10)
"""Where Pipedrive does not say what time it is there."""


def begin_sweep(index: ContactIndex, client: PipedriveClient, *, reader: PipedriveConnection) -> None:
    """Start from the first person, with the region, the custom fields and the eyes as they are now.

    Raises:
        IntegrationError: Pipedrive could not be asked.
        IndexGoneError: the index was erased meanwhile.
    """
    phone_fields = _phone_fields(client)
    keep_state(
        index,
        phone_fields=phone_fields,
        region=index.account.company.region,
        reader=reader,
        reader_is_admin=reader.is_admin,
        is_sweep_wanted=False,
        sweep_started_at=timezone.now(),
        sweep_since=client.answered_at or timezone.now() - CLOCKS_MAY_DIFFER,
        sweep_cursor="",
        sweep_persons=0,
    )


def _phone_fields(client: PipedriveClient) -> list[str]:
    """The custom phone fields; none where Pipedrive does not let them be read."""
    try:
        return client.custom_phone_fields()
    except AccountClosedError:
        raise
    except RefusedError as error:
        logger.warning("the custom fields may not be read: %s", error)
        return []


def has_read_all(index: ContactIndex) -> bool:
    """Whether the last page has been read: after it there is no place to go on from."""
    return index.sweep_persons > 0 and not index.sweep_cursor


def sweep_page(index: ContactIndex, client: PipedriveClient) -> bool:
    """Read the next page and say whether it was the last.

    Raises:
        IntegrationError: Pipedrive could not be asked.
        IndexGoneError: the index was erased meanwhile.
    """
    page = client.all_persons(cursor=index.sweep_cursor, phone_fields=index.phone_fields)
    write_persons(index, page.persons)
    keep_state(index, sweep_cursor=page.next_cursor, sweep_persons=index.sweep_persons + len(page.persons))
    return not page.next_cursor


def end_sweep(index: ContactIndex) -> None:
    """Everything has been read: what was not seen is gone, and an unknown number is now known to be unknown.

    Raises:
        IndexGoneError: the index was erased meanwhile.
    """
    started = index.sweep_started_at
    assert started is not None  # noqa: S101 - the caller has just read its last page
    drop_unseen(index, since=started)
    with transaction.atomic():
        keep_state(
            index,
            swept_at=started,
            persons=index.sweep_persons,
            changed_until=max(index.changed_until or EARLIEST, index.sweep_since or EARLIEST),
            sweep_started_at=None,
            sweep_cursor="",
        )
        contacts_known.send(sender=ContactIndex, account=index.account)
    logger.info("Pipedrive account %s: %s persons have been read", index.account_id, index.persons)
