"""How the texts of activities look for an invented call of each kind."""

import datetime
from dataclasses import dataclass
from typing import Any

from django.utils import timezone, translation
from django.utils.safestring import SafeString, mark_safe

from accounts.models import Company
from calls.activity_texts import note_of, subject_of
from calls.matching import Match
from calls.models import Call
from calls.policy import RULES, LoggingPolicy

EERO = Match(person_id=1, name="Eero Mäkinen", organization_id=2, organization_name="Kuusikon Puutarha Oy")
KINDS: dict[str, dict[str, Any]] = {
    "in_answered": {"direction": "in", "answered": True, "result": "answered", "talk_seconds": 172},
    "in_missed": {"direction": "in", "answered": False, "result": "missed", "talk_seconds": 0},
    "out_answered": {"direction": "out", "answered": True, "result": "answered", "talk_seconds": 172},
    "out_unanswered": {"direction": "out", "answered": False, "result": "busy", "talk_seconds": 0},
}


@dataclass(frozen=True, kw_only=True)
class Preview:
    """What an activity of one kind of call would say."""

    kind: str
    subject: str
    note: SafeString


def preview(policy: LoggingPolicy, kind: str, *, language: str, rep_name: str) -> Preview:
    """Of one kind of call, in a language that need not be the reader's."""
    call = _invented_call(policy.company, kind)
    with translation.override(language):
        subject = subject_of(call, EERO, policy, rep_name=rep_name)
        note = note_of(call, EERO, policy, rep_name=rep_name)
    # All of it is escaped there; what is left are line breaks.
    return Preview(kind=kind, subject=subject, note=mark_safe(note))  # noqa: S308


def previews(policy: LoggingPolicy, *, language: str, rep_name: str) -> list[Preview]:
    """Of every kind of call."""
    return [preview(policy, kind, language=language, rep_name=rep_name) for kind in RULES]


def _invented_call(company: Company, kind: str) -> Call:
    return Call(
        company=company,
        reference="ABCDEFGH2345",
        customer_number="+358400124387",
        own_number="+358941234567",
        started_at=timezone.now() - datetime.timedelta(minutes=5),
        ring_seconds=8,
        **KINDS[kind],
    )
