"""Burst limits: so many requests in any two seconds.

https://pipedrive.readme.io/docs/core-api-concepts-rate-limiting
"""

import math
import time
from collections import defaultdict, deque
from dataclasses import dataclass, field

WINDOW_SECONDS = 2.0


@dataclass(frozen=True)
class Place:
    """What the window says about one request."""

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int


@dataclass
class RollingWindow:
    """Requests of each key within the last two seconds; a refused request does not count."""

    _seen: dict[str, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def take(self, key: str, limit: int) -> Place:
        """Ask for a place in the window."""
        now = time.monotonic()
        seen = self._seen[key]
        while seen and seen[0] <= now - WINDOW_SECONDS:
            seen.popleft()
        allowed = len(seen) < limit
        if allowed:
            seen.append(now)
        reset = math.ceil(seen[0] + WINDOW_SECONDS - now) if seen else math.ceil(WINDOW_SECONDS)
        return Place(allowed, limit, max(0, limit - len(seen)), max(1, reset))
