"""Asking Pipedrive which persons have changed: the net under the webhooks, and all there is where none arrive."""

import datetime

from django.utils import timezone

from integrations.contacts import keep_state, renew_lease, write_persons
from integrations.models import ContactIndex, PipedriveSubscription
from integrations.pipedrive.client import PipedriveClient

CLOCKS_MAY_DIFFER = datetime.timedelta(minutes=10)
"""Where Pipedrive does not say what time it is there."""
LOOK_BACK = datetime.timedelta(minutes=1)
"""A change may become visible a little after its time."""
WEBHOOKS_TAKE = datetime.timedelta(minutes=5)
"""A change that no webhook has told of for so long is a missed one: Pipedrive tries for three minutes."""
PAGES_AT_MOST = 20
"""10,000 changes at once are an import; reading everything costs about the same then."""


def read_changes(index: ContactIndex, client: PipedriveClient) -> bool:
    """Take over what has changed since the last time. False: that is so much that a sweep had better read everything.

    Raises:
        IntegrationError: Pipedrive could not be asked.
        IndexGoneError: the index was erased meanwhile.
    """
    began = timezone.now()
    keep_state(index, asked_at=began)
    since = (index.changed_until or began - CLOCKS_MAY_DIFFER) - LOOK_BACK
    cursor, asked_there = "", began - CLOCKS_MAY_DIFFER
    for number in range(PAGES_AT_MOST):
        renew_lease(index)
        page = client.changed_persons(since=since, cursor=cursor, phone_fields=index.phone_fields)
        if number == 0 and client.answered_at is not None:
            asked_there = client.answered_at
        _note_missed(index, write_persons(index, page.persons))
        _advance(index, [person.updated_at for person in page.persons if person.updated_at is not None])
        cursor = page.next_cursor
        if not cursor:
            # Also where nothing has changed: else the last minute of a large import would be read again and again.
            _advance(index, [asked_there])
            keep_state(index, polled_at=began)
            return True
    return False


def _advance(index: ContactIndex, times: list[datetime.datetime]) -> None:
    latest = max(times, default=None)
    if latest is not None and (index.changed_until is None or latest > index.changed_until):
        keep_state(index, changed_until=latest)


def _note_missed(index: ContactIndex, changed_at: list[datetime.datetime]) -> None:
    """Whether the webhooks should have told of what the poll found."""
    now = timezone.now()
    if any(moment < now - WEBHOOKS_TAKE for moment in changed_at):
        PipedriveSubscription.objects.filter(account=index.account_id).update(missed_at=now)
