"""What an attempt to log a call comes to, and writing it to the call's row."""

import datetime
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.utils import timezone

from calls.models import Call, CallQuerySet
from calls.reasons import Reason, Status
from calls.story import CallStep, keep
from integrations.models import PipedriveConnection

GIVE_UP_AFTER = datetime.timedelta(days=30)
FIRST_BACK_OFF = 5.0
LONGEST_BACK_OFF = 3600.0
LOOK_AFTER = (3.0, 15.0)
"""Seconds before looking for an activity whose creation was not confirmed: whether Pipedrive's list shows it at once
is not documented, so it counts as missing only after two looks."""
LOOK_FOR_CONTACT_SOONEST, LOOK_FOR_CONTACT_LATEST = 60.0, 24 * 3600.0
"""Seconds between looks for a number that nobody had. They grow with the call's age, to about 35 in 30 days. Where
webhooks arrive, they only find what was missed; elsewhere each may ask Pipedrive what has changed: a contact is often
saved right after the call."""
FIRST_LOOK, LONGEST_LOOK = 2.0, 60.0
"""Seconds between looks whether the persons have been read."""
LOOK_FOR_TYPE_AFTER = 600.0


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What became of an attempt.

    Attributes:
        detail: for support staff, with the vendor's words.
        after: seconds until the next attempt; None: only when somebody says so.
        fields: what is known of the person and the activity.
        tried: whether Pipedrive was asked; only then the attempt counts.
        others: calls for which the same holds, and which therefore need not be looked at one by one.
    """

    status: Status
    reason: Reason
    detail: str = ""
    after: float | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    tried: bool = True
    others: CallQuerySet | None = None


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


def held_back(call: Call, *, seconds: float, detail: str) -> Verdict:
    """So many requests of our own wait to be sent that this one comes again when they have left. Pipedrive was not
    asked, so that is no reason to wait longer each time.
    """
    reason = Reason.RATE_LIMITED if call.sending_since is None else Reason.CONFIRMING
    after = seconds * random.uniform(1, 1.25)  # noqa: S311
    return Verdict(status=Status.PENDING, reason=reason, detail=detail, after=after, tried=False)


def paused(call: Call, reason: Reason, *, until: datetime.datetime, others: CallQuerySet) -> Verdict:
    """Pipedrive is left alone because of other calls; so it is for the `others`."""
    return Verdict(
        status=Status.PENDING,
        reason=reason if call.sending_since is None else Reason.CONFIRMING,
        detail=call.detail,
        after=(until - timezone.now()).total_seconds(),
        tried=False,
        others=others if call.sending_since is None else None,
    )


def wait(reason: Reason, *, detail: str = "", after: float | None = None) -> Verdict:
    return Verdict(status=Status.WAITING, reason=reason, detail=detail, after=after)


def still_reading(call: Call) -> Verdict:
    """Who has the number is not known yet, but will be soon: Pipedrive's persons are being read."""
    after = min(FIRST_LOOK * 2.0 ** tries(call, Reason.QUEUED), LONGEST_LOOK)
    return Verdict(status=Status.PENDING, reason=Reason.QUEUED, after=after)


def wait_for_contact(call: Call, *, detail: str = "") -> Verdict:
    age = (timezone.now() - call.received_at).total_seconds()
    after = min(max(3 * age, LOOK_FOR_CONTACT_SOONEST), LOOK_FOR_CONTACT_LATEST)
    nobody = {"person_id": None, "person_name": "", "organization_id": None, "organization_name": ""}
    return Verdict(
        status=Status.WAITING,
        reason=Reason.NO_CONTACT,
        detail=detail,
        after=after,
        fields={**nobody, "sending_since": None},
    )


def held(*, until: datetime.datetime) -> Verdict:
    """The rep has chosen to have calls held back for some minutes."""
    after = (until - timezone.now()).total_seconds()
    return Verdict(status=Status.PENDING, reason=Reason.QUEUED, after=after, tried=False)


def private(*, was_in: PipedriveConnection | None = None) -> Verdict:
    """Nothing of a private call is left in Pipedrive, nor here of the other side. In which account it was stays known,
    since its follow-up task may have to be deleted there, too.
    """
    gone = {"person_id": None, "organization_id": None, "activity_id": None, "activity_url": "", "logged_at": None}
    place = {} if was_in is None else {"pipedrive_company_id": was_in.account.pipedrive_company_id}
    fields = {**gone, **place, "sending_since": None}
    return Verdict(status=Status.SKIPPED, reason=Reason.PRIVATE_NUMBER, fields=fields)


def skip(reason: Reason, *, detail: str = "") -> Verdict:
    return Verdict(status=Status.SKIPPED, reason=reason, detail=detail)


def fail(reason: Reason, *, detail: str) -> Verdict:
    return Verdict(status=Status.FAILED, reason=reason, detail=detail)


def logged(activity_id: int, connection: PipedriveConnection) -> Verdict:
    fields = {**activity_fields(activity_id, connection), "logged_at": timezone.now(), "sending_since": None}
    return Verdict(status=Status.LOGGED, reason=Reason.LOGGED, fields=fields)


def activity_fields(activity_id: int, connection: PipedriveConnection) -> dict[str, Any]:
    """What a call's row says of its activity."""
    return {
        "activity_id": activity_id,
        "activity_url": connection.activity_url(activity_id),
        "pipedrive_company_id": connection.account.pipedrive_company_id,
    }


def is_in_account_of(connection: PipedriveConnection, call: Call) -> bool:
    """Whether a call is logged to a connection's account. Known by the id of the company at Pipedrive, whose domain may
    change; of a call that an earlier version has logged, by the link.
    """
    if call.pipedrive_company_id is None:
        return call.activity_id is not None and call.activity_url == connection.activity_url(call.activity_id)
    return call.pipedrive_company_id == connection.account.pipedrive_company_id


def write(results: Sequence[tuple[Call, Verdict]]) -> None:
    """End this worker's claims with its verdicts, all together, and add to the stories of the calls."""
    with transaction.atomic():
        steps = [_write(call, verdict) for call, verdict in results]
        keep([step for step in steps if step is not None])
    for _call, verdict in results:
        if verdict.others is not None and verdict.after is not None:
            _put_off(verdict.others, verdict.reason, seconds=verdict.after)


def _write(call: Call, verdict: Verdict) -> CallStep | None:
    """One that lost its claim to time has nothing more to say, except that the activity exists."""
    now = timezone.now()
    verdict = _in_time(call, verdict, now=now)
    rows = Call.objects.filter(pk=call.pk).exclude(status=Status.LOGGED)
    if call.private_since is None:
        rows = rows.filter(private_since__isnull=True)
    if verdict.status != Status.LOGGED:
        rows = rows.filter(claimed_until=call.claimed_until)
    known = {"crashes": 0, **verdict.fields}
    written = rows.update(
        status=verdict.status,
        reason=verdict.reason,
        detail=verdict.detail,
        attempts=tries(call, verdict.reason) + verdict.tried,
        next_attempt_at=None if verdict.after is None else now + datetime.timedelta(seconds=verdict.after),
        claimed_until=None,
        **known,
    )
    if not written:
        if call.private_since is None:
            _write_of_private(call, verdict, now=now)
        return None
    kind = CallStep.Kind.ATTEMPT
    return CallStep(call_id=call.pk, kind=kind, reason=verdict.reason, first_at=now, at=now, data=call.findings)


def _write_of_private(call: Call, verdict: Verdict, *, now: datetime.datetime) -> None:
    """Somebody has marked the call private while this worker was at it. What it has made is to be deleted, and what it
    has not made will not be.
    """
    private = Call.objects.filter(pk=call.pk, private_since__isnull=False)
    if verdict.status == Status.LOGGED:
        made = {name: verdict.fields[name] for name in ("activity_id", "activity_url", "pipedrive_company_id")}
        private.filter(activity_id__isnull=True).update(
            status=Status.PENDING,
            reason=Reason.QUEUED,
            next_attempt_at=now,
            claimed_until=None,
            sending_since=None,
            **made,
        )
        return
    soon = now + datetime.timedelta(seconds=LOOK_AFTER[0])
    private.filter(claimed_until=call.claimed_until).update(next_attempt_at=soon, claimed_until=None)


def _put_off(calls: CallQuerySet, reason: Reason, *, seconds: float) -> None:
    """Leave due calls until then, in one statement. Their order stays: those of one time go by their start."""
    now = timezone.now()
    unsent = calls.due(now).order_by().filter(sending_since__isnull=True, tried_since__gt=now - GIVE_UP_AFTER)
    unsent.update(reason=reason, attempts=0, next_attempt_at=now + datetime.timedelta(seconds=seconds))


def tries(call: Call, reason: Reason) -> int:
    """How often the call has ended an attempt with this reason, one after the other."""
    return call.attempts if call.reason == reason else 0


def _in_time(call: Call, verdict: Verdict, *, now: datetime.datetime) -> Verdict:
    """Calls wait for 30 days from the call and are retried for 30 days from their arrival or from when somebody sent
    them again. An activity that may exist is looked for until that is known, and a private call's until it is deleted.
    """
    if call.private_since is not None:
        return verdict
    begins = {Status.WAITING: call.started_at, Status.PENDING: call.tried_since}.get(verdict.status)
    is_unconfirmed = call.sending_since is not None and verdict.fields.get("sending_since", "kept") is not None
    if begins is None or begins > now - GIVE_UP_AFTER or is_unconfirmed:
        return verdict
    return fail(Reason.EXPIRED, detail=f"{verdict.reason}: {verdict.detail}".rstrip(": "))
