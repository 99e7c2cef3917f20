"""Whether call events could reach the portal: a worker looks each minute whether its public address answers.

What stands between (the web process, a proxy, a name, a certificate) is what Mustalinja's events have to pass, too. A
worker that was away itself could not look, and takes that for an interruption as well.
"""

import datetime

from django.conf import settings
from django.utils import timezone

from integrations.backfills import Reachability
from integrations.errors import IntegrationError
from integrations.http import request_json

ROW = 1
ANSWER_SECONDS = 3.0
AWAY_AFTER = datetime.timedelta(minutes=5)
"""A look a minute, give or take the half minute in which django-q2 looks at its schedules, may also wait in a queue."""


def has_come_back() -> bool:
    """Look once; whether the portal answers now and was away before: it did not answer at the last look, or nobody
    has looked for five minutes. Where it never answers, as behind a firewall that lets nobody look from inside,
    nothing is ever said to have come back.
    """
    now = timezone.now()
    before, _created = Reachability.objects.get_or_create(pk=ROW)
    row = Reachability.objects.filter(pk=ROW)
    if not _answers():
        row.update(missed_at=now)
        return False
    is_first_to_see = row.filter(seen_at=before.seen_at).update(seen_at=now, missed_at=None)
    if before.seen_at is None or not is_first_to_see:
        return False
    return before.missed_at is not None or now - before.seen_at > AWAY_AFTER


def _answers() -> bool:
    try:
        request_json("GET", f"{settings.SITE_URL}/health/live", read_seconds=ANSWER_SECONDS)
    except IntegrationError:
        return False
    return True
