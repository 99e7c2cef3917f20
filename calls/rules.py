"""Which calls are not for the CRM at all, by what they are and by what the company has decided."""

from calls.models import Call, LoggingPolicy, LogRule
from calls.reasons import Reason

PREFIX_MARK = "*"


def rule_for(call: Call, policy: LoggingPolicy) -> LogRule:
    """The company's rule for this kind of call."""
    match call.direction, call.answered:
        case Call.Direction.IN, True:
            return LogRule(policy.in_answered)
        case Call.Direction.IN, False:
            return LogRule(policy.in_missed)
        case _, True:
            return LogRule(policy.out_answered)
        case _:
            return LogRule(policy.out_unanswered)


def skip_reason(call: Call, policy: LoggingPolicy) -> Reason | None:
    """Why a call is not logged; None when it is to be logged."""
    if not call.customer_number_typed:
        return Reason.HIDDEN_NUMBER
    if not call.customer_number:
        return Reason.SHORT_NUMBER
    is_own = call.customer_number in (call.own_number, call.rep_number)
    if is_own or Call.objects.is_own_number(call.company, call.customer_number):
        return Reason.INTERNAL_CALL
    if is_blocked(call.customer_number, policy.blocked_numbers):
        return Reason.BLOCKED_NUMBER
    if rule_for(call, policy) == LogRule.NONE:
        return Reason.RULE
    if call.answered and call.talk_seconds < policy.minimum_seconds:
        return Reason.RULE
    return None


def is_blocked(number: str, blocked: list[str]) -> bool:
    """Whether an E.164 number is in a list of exact numbers and of prefixes that end in `*`."""
    return any(
        number.startswith(entry.removesuffix(PREFIX_MARK)) if entry.endswith(PREFIX_MARK) else number == entry
        for entry in blocked
    )
