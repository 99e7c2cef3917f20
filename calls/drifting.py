"""Counting what Mustalinja sends and we do not know. The hot path of intake pays nothing for it."""

import datetime
import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, Max, QuerySet
from django.db.models.functions import Greatest

from calls.masking import NUMBER
from calls.models import Drift, DriftMark, WebhookDelivery

logger = logging.getLogger(__name__)

READ_AT_ONCE = 20_000
STEPS_AT_MOST = 25
"""Half a million deliveries a run; what is left is counted in ten minutes."""
PERSONAL = re.compile(rf"{NUMBER.pattern}|\d{{5,}}|[^\s'\"]*@[^\s'\"]*")
"""What may be a telephone number, however it is written, any long run of digits, and addresses of people."""
LONGEST = 128


@dataclass
class Sighting:
    """How often something was there, first and last."""

    first_seen: datetime.datetime
    last_seen: datetime.datetime
    count: int = 0


def count_unknown() -> None:
    """Count the deliveries since the last time, up to those that were there then, and say what is new."""
    mark, _is_new = DriftMark.objects.get_or_create(pk=1)
    for _step in range(STEPS_AT_MOST):
        until = min(mark.seen_until, mark.counted_until + READ_AT_ONCE)
        if until <= mark.counted_until or not _count(mark.counted_until, until):
            break
        mark.counted_until = until
    latest = WebhookDelivery.objects.aggregate(latest=Max("pk"))["latest"] or 0
    DriftMark.objects.filter(pk=1, seen_until__lt=latest).update(seen_until=latest)


def unknown_to_support() -> "QuerySet[Drift]":
    """What nobody has taken notice of."""
    return Drift.objects.filter(known_since__isnull=True)


def _count(after: int, until: int) -> bool:
    """Count the deliveries with keys above one and up to another; False where somebody else has done so."""
    drifted = WebhookDelivery.objects.filter(pk__gt=after, pk__lte=until).exclude(unknown=[]).order_by("pk")
    found = _sightings(drifted.values_list("company_id", "unknown", "received_at"))
    with transaction.atomic():
        if not DriftMark.objects.filter(pk=1, counted_until=after).update(counted_until=until):
            return False
        for (company_id, what), sighting in sorted(found.items()):
            _keep(company_id, what, sighting)
    return True


def _sightings(rows: Iterable[tuple[int, list[str], datetime.datetime]]) -> dict[tuple[int, str], Sighting]:
    found: dict[tuple[int, str], Sighting] = {}
    for company_id, unknown, at in rows:
        for what in {PERSONAL.sub("…", name)[:LONGEST] for name in unknown}:
            sighting = found.setdefault((company_id, what), Sighting(first_seen=at, last_seen=at))
            sighting.first_seen, sighting.last_seen = min(sighting.first_seen, at), max(sighting.last_seen, at)
            sighting.count += 1
    return found


def _keep(company_id: int, what: str, sighting: Sighting) -> None:
    row, is_new = Drift.objects.get_or_create(
        company_id=company_id,
        what=what,
        defaults={
            "first_seen": sighting.first_seen,
            "last_seen": sighting.last_seen,
            "count": sighting.count,
        },
    )
    if is_new:
        logger.error("company %s: Mustalinja sends something unknown: %s", company_id, what)
        return
    last_seen = Greatest(F("last_seen"), sighting.last_seen)
    Drift.objects.filter(pk=row.pk).update(count=F("count") + sighting.count, last_seen=last_seen)
