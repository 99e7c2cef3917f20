"""What can go wrong with the outside world, sorted by what to do next.

IntegrationError
├── TryLaterError             nothing happened; the same request may succeed later
│   └── RateLimitedError      ... but not before `retry_after` seconds
│       ├── HeldBackError     ... because so much of our own waits to be sent; nobody outside was asked
│       └── BlockedError      ... because the vendor's network shuts us out
├── RefusedError              understood and refused (4xx); the same request will be refused again
│   ├── NotFoundError         the thing is not there, or not for these eyes (404, 410)
│   └── AccountClosedError    the customer's account is not open (402)
├── UnauthorizedError         the access token or the credentials are not accepted (401)
│   └── GrantDiedError        the person must authorize again (invalid_grant)
└── OutcomeUnknownError       a write may or may not have been carried out: look before sending again
"""


class IntegrationError(Exception):
    """Something outside did not work. `str()` is safe to log: no secret and no phone number is in it."""

    def __init__(self, message: str, *, vendor_message: str = "", status: int | None = None) -> None:
        super().__init__(message)
        self.vendor_message = vendor_message
        """The vendor's own words, for support staff."""
        self.status = status
        """The HTTP status of a refusal."""


class TryLaterError(IntegrationError):
    """Nothing happened; the same request may succeed later."""


class RateLimitedError(TryLaterError):
    """Asked too often."""

    def __init__(
        self,
        message: str,
        *,
        retry_after: float,
        is_told: bool = False,
        vendor_message: str = "",
        tokens_left: int | None = None,
    ) -> None:
        super().__init__(message, vendor_message=vendor_message)
        self.retry_after = retry_after
        """Seconds to wait."""
        self.is_told = is_told
        """Whether the vendor has said how long, in `Retry-After`."""
        self.tokens_left = tokens_left
        """What is left of the day's tokens, where the vendor has said so."""


class HeldBackError(RateLimitedError):
    """So many requests of our own wait to be sent that this one had better come again later."""


class BlockedError(RateLimitedError):
    """The vendor's network shuts us out; each request that is sent all the same makes it longer."""


class RefusedError(IntegrationError):
    """Understood and refused; nothing was created."""


class NotFoundError(RefusedError):
    """The thing is not there, or this user may not see it."""


class AccountClosedError(RefusedError):
    """The customer's account at the vendor is not open, for example unpaid."""


class UnauthorizedError(IntegrationError):
    """The access token or the credentials are not accepted."""


class GrantDiedError(UnauthorizedError):
    """The authorization itself is gone; the person has to authorize again."""


class OutcomeUnknownError(IntegrationError):
    """A write was sent and no clear answer came back."""
