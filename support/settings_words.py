"""A company's settings in words, so that support can say what is set without being an admin there."""

from collections.abc import Iterator
from typing import Any, cast

from django.db.models import Field
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.models import Company
from calls.models import LoggingPolicy
from calls.policy import RULES
from calls.working_hours import DAYS, hours_as_typed

CHOSEN = (*RULES, "several_contacts", "unknown_caller", "deals", "planned_calls")


def settings_in_words(company: Company, policy: LoggingPolicy) -> list[tuple[str, str]]:
    """What is set, each with its name."""
    return [
        (_name(company, "language"), company.get_language_display()),
        (_name(company, "region"), company.region),
        (_name(policy, "activity_type"), policy.activity_type),
        *((_name(policy, field), str(getattr(policy, f"get_{field}_display")())) for field in CHOSEN),
        *_left_out(policy),
        (_("follow-up tasks"), _follow_up(policy)),
    ]


def _left_out(policy: LoggingPolicy) -> Iterator[tuple[str, str]]:
    shortest = f"{policy.minimum_seconds} s" if policy.minimum_seconds else _("no limit")
    yield _name(policy, "minimum_seconds"), shortest
    count = len(policy.blocked_numbers)
    yield _name(policy, "blocked_numbers"), ngettext("%d number", "%d numbers", count) % count
    working = [(number, policy.working_hours[day]) for number, day in enumerate(DAYS) if day in policy.working_hours]
    hours = [f"{WEEKDAYS_ABBR[number]} {hours_as_typed(kept)}" for number, kept in working]
    yield _name(policy, "working_hours"), ", ".join(hours) or _("none are set")
    if hours:
        yield _name(policy, "outside_hours"), str(policy.get_outside_hours_display())


def _follow_up(policy: LoggingPolicy) -> str:
    if not policy.follow_up:
        return _("none are made")
    return f"{policy.follow_up_after} {policy.get_follow_up_unit_display()}, {policy.get_follow_up_for_display()}"


def _name(row: Company | LoggingPolicy, field: str) -> str:
    return str(cast("Field[Any, Any]", row._meta.get_field(field)).verbose_name)
