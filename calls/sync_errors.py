"""From what went wrong at Pipedrive to what happens with the call."""

from calls.models import Call
from calls.reasons import Reason
from calls.verdict import Verdict, fail, look_again, rate_limited, retry, wait
from integrations.errors import (
    AccountClosedError,
    GrantDiedError,
    IntegrationError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
    TryLaterError,
)
from integrations.models import PipedriveConnection
from integrations.pauses import did_not_answer, told_to_wait
from integrations.token_refresh import mark_state

CRASHES_AT_MOST = 8
"""A fault of our own is tried this often, over about half an hour, before support has to look at it."""


def verdict_on(error: IntegrationError, *, call: Call, connection: PipedriveConnection) -> Verdict:
    """What to do next about an error of the tree in `integrations.errors`."""
    detail = f"{error} {error.vendor_message}".strip()
    match error:
        case OutcomeUnknownError():
            did_not_answer(connection.account)
            return look_again(call, detail=detail)
        case RateLimitedError():
            told_to_wait(connection, seconds=error.retry_after)
            return rate_limited(call, retry_after=error.retry_after, detail=detail)
        case GrantDiedError():
            is_there = PipedriveConnection.objects.filter(pk=connection.pk).exists()
            return wait(Reason.PIPEDRIVE_REAUTHORIZE if is_there else Reason.PIPEDRIVE_NOT_CONNECTED, detail=detail)
        case AccountClosedError():
            mark_state(connection, PipedriveConnection.State.ACCOUNT_CLOSED)
            return wait(Reason.PIPEDRIVE_ACCOUNT_CLOSED, detail=detail)
        case RefusedError() if call.sending_since is None:
            return fail(Reason.PIPEDRIVE_REFUSED, detail=detail)
        case TryLaterError():
            did_not_answer(connection.account)
    return retry(call, detail=detail)
