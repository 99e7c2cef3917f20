"""Holding a call back for the minutes that its rep has chosen, so that there is time to mark it private."""

import datetime

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

HELD = _(
    "The call is held back until %(time)s, as the user has chosen in their settings. Until then nothing of it is in"
    " Pipedrive."
)


def hold_end(
    minutes: int, *, received_at: datetime.datetime, tried_since: datetime.datetime
) -> datetime.datetime | None:
    """When the hold of a call ends; None where it has none, or none any more.

    Counted from when the portal got the call, because nobody can mark it before that. A call that somebody has had
    tried again since then is not held.
    """
    ends = received_at + datetime.timedelta(minutes=minutes)
    return ends if tried_since <= received_at and ends > timezone.now() else None
