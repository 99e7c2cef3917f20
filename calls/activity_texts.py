"""What an activity says: its subject and its note, in the language that is active, which is the company's."""

from collections.abc import Mapping

from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.readable import day_words, duration_words, time_words
from calls.call_texts import LONGEST_SUBJECT
from calls.matching import Match
from calls.models import Call
from calls.placeholders import fill
from calls.policy import LoggingPolicy
from calls.rules import kind_of
from calls.working_hours import HELSINKI
from integrations.phone_numbers import for_display

NAMED_AT_MOST = 5


def default_subject(kind: str) -> str:
    """The portal's own subject of a kind of call, with its placeholders."""
    subjects = {
        "in_answered": _("Incoming call, {duration}"),
        "in_missed": _("Missed call"),
        "out_answered": _("Outgoing call, {duration}"),
        "out_unanswered": _("Outgoing call, no answer"),
    }
    return subjects[kind]


def subject_of(call: Call, match: Match, policy: LoggingPolicy, *, rep_name: str) -> str:
    """One line of plain text."""
    kind = kind_of(call)
    filled = fill(policy.subject_for(kind) or default_subject(kind), values_of(call, match, rep_name=rep_name))
    return " ".join(filled.split())[:LONGEST_SUBJECT] or str(default_subject(kind))


def note_of(call: Call, match: Match, policy: LoggingPolicy, *, rep_name: str) -> str:
    """HTML: what the company wants to say, and below it the facts, which no text of a company's can change. Everything
    that somebody wrote is escaped.
    """
    own = fill(policy.note_for(kind_of(call)).strip(), values_of(call, match, rep_name=rep_name))
    lines = [*own.splitlines(), *_facts(call, match), reference_line(call)]
    return "<br>".join(escape(line) for line in lines)


def reference_line(call: Call) -> str:
    """The line by which an activity is known again as this call's."""
    return f"Ref {call.reference}"


def values_of(call: Call, match: Match, *, rep_name: str) -> Mapping[str, str]:
    """What the placeholders stand for."""
    local = call.started_at.astimezone(HELSINKI)
    return {
        "name": match.name,
        "organization": match.organization_name,
        "number": for_display(call.customer_number, region=call.company.region) if call.customer_number else "–",
        "own_number": call.own_display or "–",
        "rep": rep_name or call.rep_email,
        "direction": call.get_direction_display(),
        "result": _result(call),
        "duration": duration_words(call.talk_seconds if call.answered else 0),
        "ring_time": duration_words(call.ring_seconds),
        "date": day_words(local.date()),
        "time": time_words(local),
    }


def _result(call: Call) -> str:
    if call.answered:
        return _("answered")
    words = {
        "missed": pgettext("call", "missed"),
        "busy": pgettext("call", "busy"),
        "rejected": pgettext("call", "rejected"),
        "cancelled": pgettext("call", "cancelled"),
    }
    return words.get(call.result, _("not answered"))


def _facts(call: Call, match: Match) -> list[str]:
    incoming = call.direction == Call.Direction.IN
    caller, callee = (call.customer_number, call.own_number) if incoming else (call.own_number, call.customer_number)
    kind = _("Incoming call") if incoming else _("Outgoing call")
    answered = _("answered") if call.answered else _("not answered")
    facts = [
        f"{kind}, {answered}",
        _("From: %(number)s") % {"number": caller or "–"},
        _("To: %(number)s") % {"number": callee or "–"},
        _("Talk time: %(duration)s") % {"duration": _exact(call.talk_seconds if call.answered else 0)},
        _("Ring time: %(duration)s") % {"duration": _exact(call.ring_seconds)},
    ]
    if match.others:
        facts.append(_("The same number also belongs to: %(names)s") % {"names": _names(match.others)})
    return facts


def _names(names: tuple[str, ...]) -> str:
    """A few by name, many by their number: a switchboard's number can belong to hundreds."""
    shown = ", ".join(names[:NAMED_AT_MOST])
    more = len(names) - NAMED_AT_MOST
    return (
        ngettext("%(names)s and %(more)d other", "%(names)s and %(more)d others", more) % {"names": shown, "more": more}
        if more > 0
        else shown
    )


def _exact(seconds: int) -> str:
    return f"{duration_words(seconds)} ({seconds} s)" if seconds >= 60 else f"{seconds} s"
