"""From what went wrong at Pipedrive to what happens with the call."""

from calls.models import Call
from calls.reasons import Reason
from calls.verdict import Verdict, fail, held_back, look_again, rate_limited, retry, wait
from integrations.errors import (
    AccountClosedError,
    GrantDiedError,
    HeldBackError,
    IntegrationError,
    OutcomeUnknownError,
    RateLimitedError,
    RefusedError,
)
from integrations.models import PipedriveConnection
from integrations.pauses import note_trouble

CRASHES_AT_MOST = 8
"""A fault of our own is tried this often, over about half an hour, before support has to look at it."""


def verdict_on(error: IntegrationError, *, call: Call, connection: PipedriveConnection) -> Verdict:
    """What to do next about an error of the tree in `integrations.errors`. What a deactivated user is refused may work
    once Pipedrive's admin has activated the user again.
    """
    detail = f"{error} {error.vendor_message}".strip()
    note_trouble(connection, error)
    call.findings["trouble"] = type(error).__name__
    match error:
        case OutcomeUnknownError():
            return look_again(call, detail=detail)
        case HeldBackError():
            return held_back(call, seconds=error.retry_after, detail=detail)
        case RateLimitedError():
            return rate_limited(call, retry_after=error.retry_after, detail=detail)
        case GrantDiedError():
            is_there = PipedriveConnection.objects.filter(pk=connection.pk).exists()
            return wait(Reason.PIPEDRIVE_REAUTHORIZE if is_there else Reason.PIPEDRIVE_NOT_CONNECTED, detail=detail)
        case AccountClosedError():
            return wait(Reason.PIPEDRIVE_ACCOUNT_CLOSED, detail=detail)
        case RefusedError() if call.sending_since is None and not connection.is_deactivated:
            return fail(Reason.PIPEDRIVE_REFUSED, detail=detail)
    return retry(call, detail=detail)
