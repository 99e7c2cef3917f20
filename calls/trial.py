"""What other settings would have made of the calls of the last 30 days. Nothing is saved, nobody outside is asked.

Both the settings in force and those being tried are judged by the engine's own rules (calls/rules.py), so that what is
shown is what saving does. Who has which number is taken from the phone index as it is now.
"""

import datetime
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import Company, User
from calls.activity_texts import note_of, subject_of
from calls.matching import Match
from calls.models import Call
from calls.personal import RepPolicy
from calls.policy import LoggingPolicy, LogRule, NumberChoice, SeveralContacts, UnknownCaller
from calls.reasons import Reason, Rule, explanation_of
from calls.rules import company_rule_against, kind_of, rule_for, skip_reason
from integrations.models import ContactIndex, ContactNumber, PipedriveConnection

TRIED_DAYS = 30
CALLS_AT_MOST = 3000
"""The newest ones; judging so many takes about a second."""
EXAMPLES = 20


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One way to treat calls."""

    policy: LoggingPolicy
    language: str
    own_numbers: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Example:
    """One call that would have been treated differently."""

    call: Call
    before: str
    after: str


@dataclass(kw_only=True)
class Trial:
    """What would differ.

    Attributes:
        looked_at: how many calls were judged.
        is_partial: whether there were more than could be.
        counts: how many calls differ in each way, the commonest first.
        examples: some of them, of those that the reader may see.
    """

    looked_at: int
    is_partial: bool
    different: int = 0
    counts: list[tuple[str, int]] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What is known of the numbers and the reps of many calls, each asked once.

    Attributes:
        persons: of each number, the persons who have it; None while not everybody has been read.
        chosen: of each number, whom somebody has chosen.
        rep_names: of each rep, the name in Pipedrive.
    """

    persons: Mapping[str, set[int]] | None
    chosen: Mapping[str, int]
    rep_names: Mapping[int | None, str]


def try_settings(company: Company, *, before: Settings, after: Settings, reader: User) -> Trial:
    """Judge the calls of the last 30 days by both settings."""
    since = timezone.now() - datetime.timedelta(days=TRIED_DAYS)
    found = Call.objects.filter(company=company, started_at__gte=since, private_since__isnull=True)
    newest = found.select_related("rep__rep_policy").order_by("-started_at", "-id")
    calls = list(newest[: CALLS_AT_MOST + 1])
    trial = Trial(looked_at=min(len(calls), CALLS_AT_MOST), is_partial=len(calls) > CALLS_AT_MOST)
    known = _surroundings(company, {call.customer_number for call in calls if call.customer_number})
    counts: Counter[str] = Counter()
    for call in calls[:CALLS_AT_MOST]:
        call.company = company
        differences = _differences(call, before, after, known)
        counts.update(way for way, _before, _after in differences)
        trial.different += bool(differences)
        is_shown = reader.sees_all_calls or call.rep_id == reader.pk
        if differences and is_shown and len(trial.examples) < EXAMPLES:
            was = "; ".join(each[1] for each in differences)
            trial.examples.append(Example(call=call, before=was, after="; ".join(each[2] for each in differences)))
    trial.counts = counts.most_common()
    return trial


def outcome_of(call: Call, settings: Settings, known: Surroundings) -> str:
    """What would become of a call, in the reader's words, if nothing but the settings stood in its way."""
    if (why := _why_not(call, settings)) is not None:
        return _("Not logged: %(why)s") % {"why": why}
    done = rule_for(call, settings.policy) == LogRule.DONE
    persons = None if known.persons is None else known.persons.get(call.customer_number, set())
    if persons == set():
        if _creates_person(call, settings.policy):
            return _("Logged to a new person") if done else _("Logged as open to a new person")
        return _("Waits for somebody with this number")
    must_ask = settings.policy.several_contacts == SeveralContacts.ASK and len(persons or ()) > 1
    if must_ask and known.chosen.get(call.customer_number) not in (persons or ()):
        return _("Waits until somebody chooses the contact")
    return _("Logged as done") if done else _("Logged as open")


def _why_not(call: Call, settings: Settings) -> str | None:
    """Why a call would not be logged; None when it would."""
    reason = skip_reason(call, settings.policy, is_own=lambda _company, number: number in settings.own_numbers)
    if reason is not None:
        rule = company_rule_against(call, settings.policy) if reason == Reason.RULE else None
        return explanation_of(reason, rule or "")
    if call.rep is not None and kind_of(call) in RepPolicy.of(call.rep).left_out:
        return explanation_of(Reason.RULE, Rule.OF_REP)
    return None


def _creates_person(call: Call, policy: LoggingPolicy) -> bool:
    return policy.unknown_caller == UnknownCaller.CREATE_PERSON and kind_of(call) in policy.create_person_for


def _differences(call: Call, before: Settings, after: Settings, known: Surroundings) -> list[tuple[str, str, str]]:
    """In what ways, with what was and what would be. Of a call that is not logged, its texts do not count."""
    was, would_be = outcome_of(call, before, known), outcome_of(call, after, known)
    if was != would_be:
        return [(f"{was} → {would_be}", was, would_be)]
    return [] if _why_not(call, after) is not None else _differences_of_texts(call, before, after, known)


def _differences_of_texts(
    call: Call, before: Settings, after: Settings, known: Surroundings
) -> list[tuple[str, str, str]]:
    found = []
    if before.policy.activity_type != after.policy.activity_type:
        found.append((_("Another activity type"), before.policy.activity_type, after.policy.activity_type))
    kind = kind_of(call)
    texts = [(each.policy.subject_for(kind), each.policy.note_for(kind), each.language) for each in (before, after)]
    if texts[0] == texts[1]:
        return found
    (subject, note), (new_subject, new_note) = (_texts(call, each, known) for each in (before, after))
    if subject != new_subject:
        found.append((_("Another subject"), subject, new_subject))
    if note != new_note:
        found.append((_("Another note"), _("the note as it is"), _("another note")))
    return found


def _texts(call: Call, settings: Settings, known: Surroundings) -> tuple[str, str]:
    match = Match(
        person_id=call.person_id or 0,
        name=call.person_name,
        organization_id=call.organization_id,
        organization_name=call.organization_name,
    )
    rep_name = known.rep_names.get(call.rep_id, "")
    with translation.override(settings.language):
        subject = subject_of(call, match, settings.policy, rep_name=rep_name)
        return subject, note_of(call, match, settings.policy, rep_name=rep_name)


def _surroundings(company: Company, numbers: set[str]) -> Surroundings:
    is_read = ContactIndex.objects.filter(account__company=company, swept_at__isnull=False).exists()
    persons: dict[str, set[int]] = {}
    rows = ContactNumber.objects.filter(account__company=company, e164__in=numbers)
    for number, person_id in rows.values_list("e164", "contact__person_id"):
        persons.setdefault(number, set()).add(person_id)
    choices = NumberChoice.objects.filter(account__company=company, number__in=numbers)
    connections = PipedriveConnection.objects.filter(account__company=company)
    return Surroundings(
        persons=persons if is_read else None,
        chosen=dict(choices.values_list("number", "person_id")),
        rep_names=dict(connections.values_list("user_id", "name")),
    )
