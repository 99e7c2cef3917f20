"""Which calls are not for the CRM at all, by what they are and by what the company has decided."""

from collections.abc import Callable

from accounts.models import Company
from calls.models import Call
from calls.own_numbers import is_own_number
from calls.policy import LoggingPolicy, LogRule, OutsideHours
from calls.reasons import Reason, Rule
from calls.working_hours import is_within

PREFIX_MARK = "*"


def kind_of(call: Call) -> str:
    """Which of the kinds of calls (`RULES`) it is."""
    if call.direction == Call.Direction.IN:
        return "in_answered" if call.answered else "in_missed"
    return "out_answered" if call.answered else "out_unanswered"


def rule_for(call: Call, policy: LoggingPolicy) -> LogRule:
    """The company's rule for this kind of call."""
    return LogRule(getattr(policy, kind_of(call)))


def skip_reason(
    call: Call, policy: LoggingPolicy, *, is_own: Callable[[Company, str], bool] = is_own_number
) -> Reason | None:
    """Why a call is not logged; None when it is to be logged.

    Args:
        is_own: whether a number is the company's own; whoever asks of many calls asks once of all their numbers.
    """
    if not call.customer_number_typed:
        return Reason.HIDDEN_NUMBER
    if not call.customer_number:
        return Reason.SHORT_NUMBER
    if call.wish:
        return None
    is_the_same = call.customer_number in (call.own_number, call.rep_number)
    if is_the_same or is_own(call.company, call.customer_number):
        return Reason.INTERNAL_CALL
    if is_blocked(call.customer_number, policy.blocked_numbers):
        return Reason.BLOCKED_NUMBER
    return Reason.RULE if company_rule_against(call, policy) else None


def company_rule_against(call: Call, policy: LoggingPolicy) -> Rule | None:
    """The first of the company's rules by which it does not log a call; None when there is none."""
    if rule_for(call, policy) == LogRule.NONE:
        return Rule.KIND
    if call.answered and call.talk_seconds < policy.minimum_seconds:
        return Rule.TOO_SHORT
    if policy.outside_hours == OutsideHours.SKIP and not is_within(policy.working_hours, call.started_at):
        return Rule.WORKING_HOURS
    return None


def is_blocked(number: str, blocked: list[str]) -> bool:
    """Whether an E.164 number is in a list of exact numbers and of prefixes that end in `*`."""
    return any(
        number.startswith(entry.removesuffix(PREFIX_MARK)) if entry.endswith(PREFIX_MARK) else number == entry
        for entry in blocked
    )
