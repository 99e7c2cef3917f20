"""What a refusal of Pipedrive's is about."""

from integrations.errors import NotFoundError, RefusedError

FORBIDDEN = 403
SCOPE_IS_MISSING = "Scope and URL mismatch"
"""Of a 403 that is about the token and not about a record."""


def hides(error: RefusedError) -> bool:
    """Whether a question about one record was refused because it is not there, or not for this user's eyes: Pipedrive
    answers 403 or 404 then.
    """
    if isinstance(error, NotFoundError):
        return True
    return error.status == FORBIDDEN and SCOPE_IS_MISSING not in error.vendor_message
