"""What an attempt to log a call comes to, and writing it to the call's row."""

import datetime
import random
from dataclasses import dataclass, field
from typing import Any

from django.utils import timezone

from calls.models import Call
from calls.reasons import Reason, Status

GIVE_UP_AFTER = datetime.timedelta(days=30)
FIRST_BACK_OFF = 5.0
LONGEST_BACK_OFF = 3600.0
LOOK_AFTER = (3.0, 15.0)
"""Seconds before looking for an activity whose creation was not confirmed: whether Pipedrive's list shows it at once
is not documented, so it counts as missing only after two looks."""
LOOK_FOR_CONTACT_SOONEST, LOOK_FOR_CONTACT_LATEST = 60.0, 24 * 3600.0
"""Seconds between searches for a number that nobody had. They grow with the call's age, to about 35 in 30 days: a
contact is often saved right after the call, and each search costs 20 of the customer's tokens."""
LOOK_FOR_TYPE_AFTER = 600.0


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of an attempt.

    Attributes:
        detail: for support staff, with the vendor's words.
        after: seconds until the next attempt; None: only when somebody says so.
        fields: what is known of the person and the activity.
        tried: whether Pipedrive was asked; only then the attempt counts.
    """

    status: Status
    reason: Reason
    detail: str = ""
    after: float | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    tried: bool = True


def back_off(attempts: int) -> float:
    """Seconds until attempt number `attempts` + 1: doubling from 5 s to an hour, spread so that calls do not march."""
    longest: float = min(FIRST_BACK_OFF * 2.0 ** min(attempts, 12), LONGEST_BACK_OFF)
    return longest * random.uniform(0.8, 1.2)  # noqa: S311


def retry(call: Call, *, detail: str) -> Verdict:
    """Try again later."""
    reason = Reason.RETRYING if call.sending_since is None else Reason.CONFIRMING
    after = back_off(tries(call, reason))
    return Verdict(status=Status.PENDING, reason=reason, detail=detail, after=after)


def look_again(call: Call, *, detail: str) -> Verdict:
    """The outcome of a request is unknown: look for the activity before anything is sent again. When that comes to
    nothing time and again, the looks and so the sendings grow apart.
    """
    rounds = tries(call, Reason.CONFIRMING) // len(LOOK_AFTER)
    after = LOOK_AFTER[min(call.looked, len(LOOK_AFTER) - 1)] * 2.0 ** min(rounds, 12)
    return Verdict(status=Status.PENDING, reason=Reason.CONFIRMING, detail=detail, after=min(after, LONGEST_BACK_OFF))


def rate_limited(call: Call, *, retry_after: float, detail: str) -> Verdict:
    """Wait as long as Pipedrive says, and longer each time it says so again: then the day's budget is spent."""
    told = tries(call, Reason.RATE_LIMITED)
    seconds = max(retry_after, back_off(told) if told else 0)
    return Verdict(status=Status.PENDING, reason=Reason.RATE_LIMITED, detail=detail, after=seconds)


def paused(call: Call, reason: Reason, *, seconds: float) -> Verdict:
    """Pipedrive is left alone because of other calls. Spread, so that they do not all come back at once."""
    return Verdict(
        status=Status.PENDING,
        reason=reason if call.sending_since is None else Reason.CONFIRMING,
        detail=call.detail,
        after=seconds + random.uniform(0, 1),  # noqa: S311
        tried=False,
    )


def wait(reason: Reason, *, detail: str = "", after: float | None = None) -> Verdict:
    return Verdict(status=Status.WAITING, reason=reason, detail=detail, after=after)


def wait_for_contact(call: Call) -> Verdict:
    age = (timezone.now() - call.received_at).total_seconds()
    after = min(max(3 * age, LOOK_FOR_CONTACT_SOONEST), LOOK_FOR_CONTACT_LATEST)
    nobody = {"person_id": None, "person_name": "", "organization_id": None, "organization_name": ""}
    return Verdict(
        status=Status.WAITING, reason=Reason.NO_CONTACT, after=after, fields={**nobody, "sending_since": None}
    )


def skip(reason: Reason) -> Verdict:
    return Verdict(status=Status.SKIPPED, reason=reason)


def fail(reason: Reason, *, detail: str) -> Verdict:
    return Verdict(status=Status.FAILED, reason=reason, detail=detail)


def logged(*, activity_id: int, activity_url: str) -> Verdict:
    fields = {"activity_id": activity_id, "activity_url": activity_url, "logged_at": timezone.now()}
    return Verdict(status=Status.LOGGED, reason=Reason.LOGGED, fields={**fields, "sending_since": None})


def write(call: Call, verdict: Verdict) -> None:
    """End this worker's claim with its verdict. One that lost its claim to time has nothing more to say, except that
    the activity exists.
    """
    now = timezone.now()
    verdict = _in_time(call, verdict, now=now)
    rows = Call.objects.filter(pk=call.pk).exclude(status=Status.LOGGED)
    if verdict.status != Status.LOGGED:
        rows = rows.filter(claimed_until=call.claimed_until)
    known = {"crashes": 0, **verdict.fields}
    rows.update(
        status=verdict.status,
        reason=verdict.reason,
        detail=verdict.detail,
        attempts=tries(call, verdict.reason) + verdict.tried,
        next_attempt_at=None if verdict.after is None else now + datetime.timedelta(seconds=verdict.after),
        nudged_at=None,
        claimed_until=None,
        **known,
    )


def tries(call: Call, reason: Reason) -> int:
    """How often the call has ended an attempt with this reason, one after the other."""
    return call.attempts if call.reason == reason else 0


def _in_time(call: Call, verdict: Verdict, *, now: datetime.datetime) -> Verdict:
    """Calls wait for 30 days from the call and are retried for 30 days from their arrival or from when somebody sent
    them again. An activity that may exist is looked for until that is known.
    """
    begins = {Status.WAITING: call.started_at, Status.PENDING: call.tried_since}.get(verdict.status)
    is_unconfirmed = call.sending_since is not None and verdict.fields.get("sending_since", "kept") is not None
    if begins is None or begins > now - GIVE_UP_AFTER or is_unconfirmed:
        return verdict
    return fail(Reason.EXPIRED, detail=f"{verdict.reason}: {verdict.detail}".rstrip(": "))
