"""The envelopes of answers, https://pipedrive.readme.io/docs/core-api-concepts-responses."""

from typing import Any

from django.http import JsonResponse

from sandbox.json_body import Json

SEE_DOCUMENTATION = "Please check developers.pipedrive.com"


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not a fault
    """The request is refused with this status and message."""

    def __init__(self, status: int, error: str, body: Json | None = None) -> None:
        super().__init__(error)
        self.status = status
        self.body = body or envelope_of_error(error)


def envelope_of_error(error: str) -> Json:
    """Return the body of a refusal."""
    return {
        "success": False,
        "error": error,
        "error_info": SEE_DOCUMENTATION,
        "data": None,
        "additional_data": None,
    }


def gateway_error(status: int, error: str) -> Json:
    """Return the body the gateway in front of the API uses: it has an `errorCode` and no data."""
    return {"success": False, "error": error, "errorCode": status, "error_info": SEE_DOCUMENTATION}


def default_error(status: int) -> Json:
    """Return what is known, or supposed, to stand in an answer of this status."""
    known = {
        401: "unauthorized access",
        402: "Company account is not open",
        403: "Scope and URL mismatch",
        429: "Rate limit exceeded",
    }
    if status in known:
        return gateway_error(status, known[status])
    return envelope_of_error("Internal server error" if status >= 500 else "Bad request")


def success(data: Any, *, status: int = 200, **beside: Any) -> JsonResponse:
    """Answer with data."""
    return JsonResponse({"success": True, "data": data, **beside}, status=status)


def refused(refusal: Refusal) -> JsonResponse:
    """Answer with a refusal."""
    return JsonResponse(refusal.body, status=refusal.status)
