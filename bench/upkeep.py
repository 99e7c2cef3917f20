"""What a whole day's upkeep of the phone index costs by the code's own intervals. Runs inside the portal's Django."""

import datetime
import math

from calls import activity_types
from integrations import pipedrive_users
from integrations.pipedrive.client import LARGEST_PAGE
from integrations.pipedrive.operations import TOKENS, Operation
from integrations.pipedrive_subscriptions import VERIFIED_FOR
from integrations.token_budget import DAY_SECONDS, POLL_LATEST, Budget

DAY = datetime.timedelta(days=1)


def upkeep_of_a_day(*, persons: int, daily_tokens: int) -> dict[str, float]:
    """Tokens by what for, on a day on which webhooks arrive. No poll and no sweep finds more than a customer's day
    brings: each poll is one page.

    Args:
        daily_tokens: the company's budget, which says how often everything is read anew.
    """
    days = Budget(limit=daily_tokens, left=daily_tokens, upkeep=0).days_between_sweeps(persons)
    pages = math.ceil(persons / LARGEST_PAGE)
    return {
        "polls": math.ceil(DAY_SECONDS / POLL_LATEST) * TOKENS[Operation.CHANGES],
        "sweeps": (pages * TOKENS[Operation.SWEEP] + TOKENS[Operation.FIELDS]) / days,
        "webhooks": DAY / VERIFIED_FOR * TOKENS[Operation.WEBHOOKS],
        "users": DAY / pipedrive_users.READ_AGAIN_AFTER * TOKENS[Operation.USERS],
        "types": DAY / activity_types.READ_AGAIN_AFTER * TOKENS[Operation.TYPES],
    }
