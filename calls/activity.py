"""The activity that a call becomes. Fields: https://developers.pipedrive.com/docs/api/v1/Activities, version 2."""

import datetime
import math
from typing import Any

from django.utils import translation

from calls.activity_texts import note_of, subject_of
from calls.matching import Match
from calls.models import Call
from calls.policy import LoggingPolicy, LogRule
from calls.rules import rule_for

LONGEST_MINUTES = 23 * 60 + 59
"""`HH:MM` has no day."""


def activity_body(
    *,
    call: Call,
    match: Match,
    policy: LoggingPolicy,
    activity_type: str,
    owner_id: int,
    rep_name: str = "",
    deal_id: int | None = None,
) -> dict[str, Any]:
    """The body of `POST /api/v2/activities`, in the company's language."""
    started = call.started_at.astimezone(datetime.UTC)
    with translation.override(call.company.language):
        subject = subject_of(call, match, policy, rep_name=rep_name)
        note = note_of(call, match, policy, rep_name=rep_name)
    body: dict[str, Any] = {
        "subject": subject,
        "type": activity_type,
        "done": rule_for(call, policy) != LogRule.OPEN,
        "owner_id": owner_id,
        "participants": [{"person_id": match.person_id, "primary": True}],
        "due_date": started.strftime("%Y-%m-%d"),
        "due_time": started.strftime("%H:%M"),
        "duration": hours_and_minutes(call.talk_seconds if call.answered else 0),
        # Left out, an activity with a time counts as busy and blocks the rep's scheduler.
        "busy": False,
        "note": note,
    }
    linked = {"org_id": match.organization_id, "deal_id": deal_id}
    return body | {name: value for name, value in linked.items() if value is not None}


def hours_and_minutes(seconds: int) -> str:
    """`HH:MM`, rounded up to the minute: 0 s is `00:00`, 1 s and 60 s are `00:01`, 3,599 s is `01:00`."""
    minutes = min(math.ceil(seconds / 60), LONGEST_MINUTES)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"
