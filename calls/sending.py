"""Creating the activity of a call exactly once, though Pipedrive has no idempotency key.

The attempt is committed before the request leaves. When no clear answer comes back, the activity is looked for by the
reference in its note before anything is sent again.
"""

import datetime
from dataclasses import dataclass

from django.utils import timezone

from calls.activity import activity_body
from calls.activity_texts import reference_line
from calls.activity_types import ActivityTypeMissingError, type_after_refusal
from calls.matching import Match
from calls.models import Call
from calls.person_words import remember_name
from calls.policy import LoggingPolicy
from integrations.errors import (
    AccountClosedError,
    IntegrationError,
    OutcomeUnknownError,
    RefusedError,
)
from integrations.models import PipedriveConnection
from integrations.pipedrive.client import PipedriveClient

CLOCKS_MAY_DIFFER = datetime.timedelta(minutes=2)


class ClaimLostError(Exception):
    """The claim went to another worker while this one was slow, or somebody has marked the call private meanwhile; this
    worker must not send.
    """


@dataclass(frozen=True, kw_only=True)
class Sending:
    """One activity on its way to Pipedrive."""

    call: Call
    match: Match
    client: PipedriveClient
    connection: PipedriveConnection
    policy: LoggingPolicy
    deal_id: int | None = None

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
            forget_attempt(self.call)
            raise

    def _commit_attempt(self) -> None:
        """Write down that a request is about to leave, and for whom. Whoever finds the row later looks first."""
        person_id, name = self.match.person_id, self.match.name
        remember_name(company_id=self.call.company_id, person_id=person_id, name=name)
        now = timezone.now()
        still_mine = Call.objects.filter(pk=self.call.pk, claimed_until=self.call.claimed_until, claimed_until__gt=now)
        written = still_mine.filter(private_since__isnull=True).update(
            sending_since=now,
            looked=0,
            person_id=person_id,
            person_name=name,
            organization_id=self.match.organization_id,
            organization_name=self.match.organization_name,
        )
        if not written:
            raise ClaimLostError
        self.call.sending_since, self.call.looked = now, 0
        self.call.findings["sent"] = now.isoformat()

    def _post(self, activity_type: str) -> int:
        """Send; once more when it was refused because the type is no longer active."""
        body = self._body(activity_type)
        try:
            return self.client.create_activity(body)
        except AccountClosedError:
            raise
        except RefusedError as error:
            another = type_after_refusal(
                self.connection.account,
                self.client,
                wanted=self.policy.activity_type,
                refused=activity_type,
                error=error,
                fields=body,
            )
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
            rep_name=self.connection.name,
            deal_id=self.deal_id,
        )


def forget_attempt(call: Call) -> None:
    """It is known now that the attempt has made nothing: whatever comes next is not about it."""
    call.sending_since = None
    Call.objects.filter(pk=call.pk, claimed_until=call.claimed_until).update(sending_since=None)


def look_for_activity(call: Call, client: PipedriveClient, *, owner_id: int) -> int | None:
    """The id of the activity of an attempt whose outcome is unknown; None, and counted, when it is not there.

    The first look is at the person's activities, the next at the rep's: a person may have been merged or deleted
    meanwhile, an activity given to somebody else.

    Raises:
        IntegrationError: Pipedrive could not be asked; that was no look.
    """
    assert call.sending_since is not None  # noqa: S101 - the caller asked
    found = client.activity_with_reference(
        reference=reference_line(call),
        since=call.sending_since - CLOCKS_MAY_DIFFER,
        person_id=call.person_id if call.looked == 0 else None,
        owner_id=owner_id,
    )
    if found is None:
        call.looked += 1
        Call.objects.filter(pk=call.pk, claimed_until=call.claimed_until).update(looked=call.looked)
    return found
