"""Every request the stand-in got: the last ones in full, all of them in numbers."""

from collections import Counter, deque
from dataclasses import dataclass, field

from sandbox.json_body import Json

LENGTH = 20_000


@dataclass
class _Count:
    requests: int = 0
    tokens: int = 0
    statuses: Counter[str] = field(default_factory=Counter)

    def as_json(self) -> Json:
        return {"requests": self.requests, "tokens": self.tokens, "statuses": dict(self.statuses)}


class RequestLog:
    """Its owner holds the lock."""

    def __init__(self) -> None:
        self._entries: deque[Json] = deque(maxlen=LENGTH)
        self._next_index = 0
        self._counts: dict[tuple[int | None, str], _Count] = {}

    def append(self, entry: Json) -> None:
        """Keep a request; its `index` says the how manyth it is since the last reset."""
        self._entries.append({"index": self._next_index, **entry})
        self._next_index += 1
        count = self._counts.setdefault((entry["company_id"], entry["operation"]), _Count())
        count.requests += 1
        count.tokens += entry["tokens"]
        count.statuses[str(entry["status"])] += 1

    def since(self, index: int) -> list[Json]:
        """Return the kept requests from this index on."""
        return [entry for entry in self._entries if entry["index"] >= index]

    def counted(self, company_id: int | None = None) -> Json:
        """Return numbers by operation, of one company or of all; requests without a good token are no company's."""
        operations: dict[str, _Count] = {}
        for (company, operation), count in self._counts.items():
            if company_id in (None, company):
                total = operations.setdefault(operation, _Count())
                total.requests += count.requests
                total.tokens += count.tokens
                total.statuses += count.statuses
        return {
            "next_index": self._next_index,
            "requests": sum(each.requests for each in operations.values()),
            "tokens": sum(each.tokens for each in operations.values()),
            "operations": {name: each.as_json() for name, each in sorted(operations.items())},
        }

    def forget_counts(self) -> None:
        """Begin counting at nought; the kept requests stay."""
        self._counts = {}
