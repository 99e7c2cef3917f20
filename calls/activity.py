"""The activity that a call becomes. Fields: https://developers.pipedrive.com/docs/api/v1/Activities, version 2."""

import datetime
import math
from typing import Any

from django.utils import translation
from django.utils.html import escape
from django.utils.translation import gettext as _

from calls.matching import Match
from calls.models import Call, LoggingPolicy, LogRule, duration_words
from calls.rules import rule_for

LONGEST_MINUTES = 23 * 60 + 59
"""`HH:MM` has no day."""


def activity_body(
    *, call: Call, match: Match, policy: LoggingPolicy, activity_type: str, owner_id: int
) -> dict[str, Any]:
    """The body of `POST /api/v2/activities`, in the company's language."""
    started = call.started_at.astimezone(datetime.UTC)
    with translation.override(call.company.language):
        subject, note = _subject(call), _note(call, match)
    body: dict[str, Any] = {
        "subject": subject,
        "type": activity_type,
        "done": rule_for(call, policy) == LogRule.DONE,
        "owner_id": owner_id,
        "participants": [{"person_id": match.person.person_id, "primary": True}],
        "due_date": started.strftime("%Y-%m-%d"),
        "due_time": started.strftime("%H:%M"),
        "duration": hours_and_minutes(call.talk_seconds if call.answered else 0),
        # Left out, an activity with a time counts as busy and blocks the rep's scheduler.
        "busy": False,
        "note": note,
    }
    if match.person.organization_id is not None:
        body["org_id"] = match.person.organization_id
    return body


def hours_and_minutes(seconds: int) -> str:
    """`HH:MM`, rounded up to the minute: 0 s is `00:00`, 1 s and 60 s are `00:01`, 3,599 s is `01:00`."""
    minutes = min(math.ceil(seconds / 60), LONGEST_MINUTES)
    return f"{minutes // 60:02d}:{minutes % 60:02d}"


def reference_line(call: Call) -> str:
    """The line by which an activity is known again as this call's."""
    return f"Ref {call.reference}"


def _subject(call: Call) -> str:
    duration = {"duration": duration_words(call.talk_seconds)}
    match call.direction, call.answered:
        case Call.Direction.IN, True:
            return _("Incoming call, %(duration)s") % duration
        case Call.Direction.IN, False:
            return _("Missed call")
        case _, True:
            return _("Outgoing call, %(duration)s") % duration
        case _:
            return _("Outgoing call, no answer")


def _note(call: Call, match: Match) -> str:
    """Lines of HTML. Everything that somebody else wrote is escaped."""
    incoming = call.direction == Call.Direction.IN
    caller, callee = (call.customer_number, call.own_number) if incoming else (call.own_number, call.customer_number)
    kind = _("Incoming call") if incoming else _("Outgoing call")
    answered = _("answered") if call.answered else _("not answered")
    lines = [
        f"{kind}, {answered}",
        _("From: %(number)s") % {"number": caller or "–"},
        _("To: %(number)s") % {"number": callee or "–"},
        _("Talk time: %(duration)s") % {"duration": _exact(call.talk_seconds if call.answered else 0)},
        _("Ring time: %(duration)s") % {"duration": _exact(call.ring_seconds)},
    ]
    if match.others:
        lines.append(_("The same number also belongs to: %(names)s") % {"names": ", ".join(match.others)})
    lines.append(reference_line(call))
    return "<br>".join(escape(line) for line in lines)


def _exact(seconds: int) -> str:
    return f"{duration_words(seconds)} ({seconds} s)" if seconds >= 60 else f"{seconds} s"
