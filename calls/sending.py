"""Creating the activity of a call exactly once, though Pipedrive has no idempotency key.

The attempt is committed before the request leaves. When no clear answer comes back, the activity is looked for by the
reference in its note before anything is sent again.
"""

import datetime
from dataclasses import dataclass

from django.utils import timezone

from calls.activity import activity_body, reference_line
from calls.activity_types import ActivityTypeMissingError, usable_type
from calls.matching import Match
from calls.models import Call, LoggingPolicy
from integrations.errors import (
    AccountClosedError,
    IntegrationError,
    NotFoundError,
    OutcomeUnknownError,
    RefusedError,
)
from integrations.models import PipedriveConnection
from integrations.pipedrive.client import PipedriveClient

CLOCKS_MAY_DIFFER = datetime.timedelta(minutes=2)


class ClaimLostError(Exception):
    """The claim went to another worker while this one was slow; it must not send."""


@dataclass(frozen=True, kw_only=True)
class Sending:
    """One activity on its way to Pipedrive."""

    call: Call
    match: Match
    client: PipedriveClient
    connection: PipedriveConnection
    policy: LoggingPolicy

    def send(self, activity_type: str) -> int:
        """Create the activity and give its id.

        Raises:
            OutcomeUnknownError: it may exist; `sending_since` stays set.
            ActivityTypeMissingError, IntegrationError: it does not exist.
            ClaimLostError: another worker has the call.
        """
        self._commit_attempt()
        try:
            return self._post(activity_type)
        except OutcomeUnknownError:
            raise
        except (IntegrationError, ActivityTypeMissingError):
            self.call.sending_since = None
            Call.objects.filter(pk=self.call.pk, claimed_until=self.call.claimed_until).update(sending_since=None)
            raise

    def _commit_attempt(self) -> None:
        """Write down that a request is about to leave, and for whom. Whoever finds the row later looks first."""
        person, now = self.match.person, timezone.now()
        still_mine = Call.objects.filter(pk=self.call.pk, claimed_until=self.call.claimed_until, claimed_until__gt=now)
        written = still_mine.update(
            sending_since=now,
            looked=0,
            person_id=person.person_id,
            person_name=person.name,
            organization_id=person.organization_id,
            organization_name=person.organization_name,
        )
        if not written:
            raise ClaimLostError
        self.call.sending_since, self.call.looked = now, 0

    def _post(self, activity_type: str) -> int:
        """Send; once more when it was refused because the type is no longer active."""
        try:
            return self.client.create_activity(self._body(activity_type))
        except AccountClosedError:
            raise
        except RefusedError:
            wanted = self.policy.activity_type
            another = usable_type(self.connection.account, self.client, wanted=wanted, refused=activity_type)
            if another == activity_type:
                raise
            return self.client.create_activity(self._body(another))

    def _body(self, activity_type: str) -> dict[str, object]:
        return activity_body(
            call=self.call,
            match=self.match,
            policy=self.policy,
            activity_type=activity_type,
            owner_id=self.connection.pipedrive_user_id,
        )


def look_for_activity(call: Call, client: PipedriveClient, *, owner_id: int) -> int | None:
    """The id of the activity of an attempt whose outcome is unknown; None, and counted, when it is not there.

    The first look is at the person's activities, the next at the rep's: a person may have been merged or deleted
    meanwhile, an activity given to somebody else.

    Raises:
        IntegrationError: Pipedrive could not be asked; that was no look.
    """
    assert call.sending_since is not None  # noqa: S101 - the caller asked
    found = None
    try:
        found = client.activity_with_reference(
            reference=reference_line(call),
            since=call.sending_since - CLOCKS_MAY_DIFFER,
            person_id=call.person_id if call.looked == 0 else None,
            owner_id=owner_id,
        )
    except NotFoundError:
        if call.looked > 0:
            raise
    if found is None:
        call.looked += 1
        Call.objects.filter(pk=call.pk, claimed_until=call.claimed_until).update(looked=call.looked)
    return found
