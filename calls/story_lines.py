"""The story of a call as a timeline: made of the call, its deliveries and its steps, in the reader's language."""

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from calls import story_texts as texts
from calls.models import Call, CallStep, WebhookDelivery
from calls.reasons import EXPLANATIONS, STATUS_OF, Reason, Status
from calls.rules import kind_of
from calls.verdict import GIVE_UP_AFTER
from integrations.phone_numbers import for_display, spellings

STATES = {
    Status.LOGGED: "ok",
    Status.WAITING: "waiting",
    Status.PENDING: "pending",
    Status.SKIPPED: "skipped",
    Status.FAILED: "broken",
}


@dataclass(frozen=True, kw_only=True)
class Detail:
    """Something that was looked at. `is_passed` is None where it is neither passed nor failed."""

    text: str
    is_passed: bool | None = None


@dataclass(frozen=True, kw_only=True)
class StoryLine:
    """One line of the timeline.

    Attributes:
        text: one sentence.
        at: when (UTC); None where that was not noted.
        state: its icon: `ok`, `waiting`, `pending`, `skipped` or `broken`.
        details: what is behind it, shown on request under `more`.
        times: how often the same has happened; `at` is the last time, `first_at` the first.
    """

    text: str
    at: datetime.datetime | None
    state: str = "ok"
    more: str = ""
    details: tuple[Detail, ...] = ()
    times: int = 1
    first_at: datetime.datetime | None = None


def story_of(call: Call) -> list[StoryLine]:
    """What happened to a call, in order. Two queries: its steps, and how it was received."""
    lines = [*_received(call)]
    told: set[str] = set()
    # While a new version is being deployed, its workers may write what this one has no words for.
    known = {"kind__in": CallStep.Kind.values, "reason__in": ["", *Reason.values]}
    steps = list(call.steps.filter(**known).select_related("by"))
    for step in steps:
        lines += _attempt(call, step, told) if step.kind == CallStep.Kind.ATTEMPT else [_act(step)]
    lines.sort(key=lambda line: line.at or call.received_at)
    return [*lines, *_now(call, steps)]


def story_html(call: Call) -> str:
    """The same in short, for the admin."""
    lines = (
        (
            f"{timezone.localtime(line.at):%Y-%m-%d %H:%M:%S}" if line.at else "–",
            line.text,
            f"({line.times})" if line.times > 1 else "",
        )
        for line in story_of(call)
    )
    return format_html_join(mark_safe("<br>"), "{} {} {}", lines)


def _received(call: Call) -> Iterator[StoryLine]:
    source = call.deliveries.order_by("pk").values_list("source", flat=True).first()
    yield StoryLine(text=str(texts.RECEIVED[source or WebhookDelivery.Source.WEBHOOK]), at=call.received_at)
    kind = texts.KIND_OF_CALL[kind_of(call)] % {"duration": call.duration_display}
    yield StoryLine(text=kind, at=call.received_at)


def _attempt(call: Call, step: CallStep, told: set[str]) -> Iterator[StoryLine]:
    """The lines of one attempt. What an earlier one has told already is left out.

    Args:
        told: which parts have been told; added to.
    """
    reason = Reason(step.reason)
    # What was decided before something was sent is older than the step, which is written at the end.
    decided_at = parse_datetime(step.data.get("sent", "")) or step.at
    began_at = step.first_at if step.times > 1 else decided_at
    if "rules" not in told or STATUS_OF[reason] == Status.SKIPPED:
        told.add("rules")
        yield _rules(call, step, at=began_at)
    if STATUS_OF[reason] != Status.SKIPPED and ("whose" not in told or reason in texts.GATES):
        told.add("whose")
        yield _gates(call, step, at=began_at)
    yield from _looked(call, step, at=decided_at)
    yield from _sent(step)
    if reason != Reason.LOGGED:
        status = STATUS_OF[reason]
        text = f"{capfirst(status.label)}: {reason.label}."
        yield StoryLine(text=text, at=step.at, state=STATES[status], times=step.times, first_at=step.first_at)


def _rules(call: Call, step: CallStep, *, at: datetime.datetime) -> StoryLine:
    """Rule by rule, up to the one that stopped it."""
    asked = list(texts.RULES)
    stopped = Reason(step.reason) if step.reason in asked else None
    passed = asked[: asked.index(stopped)] if stopped else asked
    if call.wish and stopped is None:
        return StoryLine(text=_("Somebody wants this call logged, so your company's rules are left aside."), at=at)
    details = [Detail(text=str(texts.RULES[rule][0]), is_passed=True) for rule in passed]
    if stopped is None:
        text = _("No rule speaks against logging it.")
        return StoryLine(text=text, at=at, more=_("Rule by rule"), details=tuple(details))
    why = call.explanation if call.reason == Reason.RULE == stopped else str(texts.RULES[stopped][1])
    details.append(Detail(text=why, is_passed=False))
    text = _("A rule says that this call is not logged.")
    return StoryLine(text=text, at=at, state="skipped", more=_("Rule by rule"), details=tuple(details))


def _gates(call: Call, step: CallStep, *, at: datetime.datetime) -> StoryLine:
    """Whose call it is, and whether everything is in order for that person's calls."""
    asked = list(texts.GATES)
    stopped = Reason(step.reason) if step.reason in asked else None
    passed = asked[: asked.index(stopped)] if stopped else asked
    details = [Detail(text=str(texts.GATES[gate][0]), is_passed=True) for gate in passed]
    if stopped is not None:
        details.append(Detail(text=str(texts.GATES[stopped][1]), is_passed=False))
    if call.rep is not None and step.data.get("whose") in texts.WHOSE:
        text = texts.WHOSE[step.data["whose"]] % {"rep": call.rep.email, "named": call.rep_email}
    elif stopped is not None:
        text = str(texts.GATES[stopped][1])
    else:
        text = _("Everything is in order for this user's calls.")
    state = "ok" if stopped is None else "waiting"
    return StoryLine(text=text, at=at, state=state, more=_("What was checked"), details=tuple(details))


def _looked(call: Call, step: CallStep, *, at: datetime.datetime) -> Iterator[StoryLine]:
    """The numbers tried, and who has them."""
    looked, found = step.data.get("looked"), step.data.get("found", 0)
    if looked not in texts.LOOKED:
        return
    number = for_display(call.customer_number, region=call.company.region) if call.customer_number else "–"
    ways = tuple(Detail(text=way) for way in spellings(call.customer_number)) if call.customer_number else ()
    more = _("Spellings that count as the same number, with or without spaces and hyphens")
    yield StoryLine(text=texts.LOOKED[looked] % {"number": number}, at=at, more=more, details=ways)
    if step.data.get("rejected"):
        yield StoryLine(text=_counted(texts.REJECTED, count=step.data["rejected"]), at=at, state="skipped")
    if looked != "reading":
        yield _who(call, step.data, found, at=at)
    if step.data.get("person") in texts.NEW_PERSON:
        yield StoryLine(text=str(texts.NEW_PERSON[step.data["person"]]), at=at, state="waiting")


def _who(call: Call, data: Mapping[str, Any], found: int, *, at: datetime.datetime) -> StoryLine:
    name, how = call.person_name or _("one person"), data.get("how", "")
    if data.get("person") == "created":
        return StoryLine(text=str(texts.ONE["created"]), at=at)
    if not found:
        return StoryLine(text=str(texts.NOBODY), at=at, state="waiting")
    if found == 1 and how in texts.ONE:
        return StoryLine(text=texts.ONE[how] % {"name": name}, at=at)
    several = texts.SEVERAL.get(how, texts.SEVERAL[""])
    return StoryLine(text=_counted(several, count=found, name=name), at=at, state="ok" if how else "waiting")


def _sent(step: CallStep) -> Iterator[StoryLine]:
    """What went to Pipedrive, and its answer."""
    data = step.data
    if data.get("looked_for") == "not_there":
        yield StoryLine(text=str(texts.NOT_THERE), at=step.at, state="pending")
    if sent_at := parse_datetime(data.get("sent", "")):
        yield StoryLine(text=str(texts.SENT), at=sent_at)
    if step.reason == Reason.LOGGED:
        answer = texts.ANSWERED["found" if data.get("looked_for") == "found" else ""]
        yield StoryLine(text=str(answer), at=step.at)
    elif data.get("trouble") in texts.TROUBLE:
        yield StoryLine(text=str(texts.TROUBLE[data["trouble"]]), at=step.at, state="broken")


def _act(step: CallStep) -> StoryLine:
    """Something that a person has done with the call, or the portal because of it."""
    who = _("Somebody")
    if step.by is not None:
        who = step.by.email if step.by.company_id else _("SaaShop's support")
    text = texts.ACTS[step.kind] % {"who": who}
    return StoryLine(text=text, at=step.at, times=step.times, first_at=step.first_at)


def _now(call: Call, steps: list[CallStep]) -> Iterator[StoryLine]:
    """What no step tells: how calls ended of which none was kept, and what comes next."""
    if call.reason not in Reason.values:
        return
    reason, status, now = Reason(call.reason), Status(call.status), timezone.now()
    is_told = any(step.kind == CallStep.Kind.ATTEMPT and step.reason == reason for step in steps)
    if status == Status.LOGGED and not is_told:
        yield StoryLine(text=str(EXPLANATIONS[Reason.LOGGED]), at=call.logged_at)
    elif reason == Reason.EXPIRED and not is_told:
        given_up_at = call.started_at + GIVE_UP_AFTER
        yield StoryLine(text=str(EXPLANATIONS[reason]), at=given_up_at, state="broken")
    elif not is_told:
        yield StoryLine(text=f"{capfirst(status.label)}: {reason.label}.", at=None, state=STATES[status])
    if call.next_attempt_at is not None and call.next_attempt_at > now:
        text = _("Next look at the call, at the latest.") if status == Status.WAITING else _("Next attempt.")
        yield StoryLine(text=text, at=call.next_attempt_at, state="pending")


def _counted(text: Promise, **values: object) -> str:
    """A sentence with a count, in the singular or plural of the reader's language."""
    return str(text % values)
