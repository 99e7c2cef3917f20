"""Which of a person's deals a call belongs to, where the company wants calls in deals."""

import logging

from calls.policy import Deals
from integrations.errors import AccountClosedError, RefusedError
from integrations.pipedrive.client import PipedriveClient

logger = logging.getLogger(__name__)


def deal_of(person_id: int, *, wanted: str, client: PipedriveClient) -> int | None:
    """The deal to link (10 tokens), or None. Where Pipedrive does not let deals be read, the call is logged without.

    Args:
        wanted: one of `Deals`.

    Raises:
        IntegrationError: Pipedrive could not be asked.
    """
    if wanted == Deals.NONE:
        return None
    try:
        deals = client.open_deals(person_id=person_id, limit=2)
    except AccountClosedError:
        raise
    except RefusedError as error:
        logger.warning("deals may not be read: %s", error)
        return None
    if not deals or (wanted == Deals.SINGLE_OPEN and len(deals) > 1):
        return None
    return max(deals, key=lambda deal: (deal.added_at, deal.deal_id)).deal_id
