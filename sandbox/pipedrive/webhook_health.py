"""How well a webhook is answered: https://pipedrive.readme.io/docs/guide-for-webhooks-v2

Each event whose first try fails adds one to the webhook's ban counter, and a success (the first try or a later
one) takes the counter back to zero. At ten the webhook is banned for half an hour: new events are lost, while
events already under way go on being tried. When the ban is over, the counter begins at zero.
"""

import datetime as dt
from dataclasses import dataclass

from sandbox import clock
from sandbox.json_body import Json

FAILURES_UNTIL_BAN = 10
BAN = dt.timedelta(minutes=30)


@dataclass
class WebhookHealth:
    """The bookkeeping of one webhook."""

    ban_counter: int = 0
    banned_until: dt.datetime | None = None
    bans: int = 0
    delivered: int = 0
    failed_tries: int = 0
    lost_while_banned: int = 0
    lost_by_switch: int = 0

    def is_banned(self, now: dt.datetime) -> bool:
        """Whether events are lost at this moment."""
        if self.banned_until is not None and self.banned_until <= now:
            self.banned_until = None
        return self.banned_until is not None

    def note_try(self, now: dt.datetime, *, accepted: bool, is_first: bool) -> None:
        """Count one try of one event."""
        if accepted:
            self.delivered += 1
            self.ban_counter = 0
            return
        self.failed_tries += 1
        if is_first and not self.is_banned(now):
            self.ban_counter += 1
        if self.ban_counter >= FAILURES_UNTIL_BAN:
            self.ban_counter = 0
            self.banned_until = now + BAN
            self.bans += 1

    def as_json(self, now: dt.datetime) -> Json:
        """Return the bookkeeping for a state answer."""
        return {
            "is_banned": self.is_banned(now),
            "banned_until": clock.rfc3339(self.banned_until) if self.banned_until else None,
            "ban_counter": self.ban_counter,
            "bans": self.bans,
            "delivered": self.delivered,
            "failed_tries": self.failed_tries,
            "lost_while_banned": self.lost_while_banned,
            "lost_by_switch": self.lost_by_switch,
        }
