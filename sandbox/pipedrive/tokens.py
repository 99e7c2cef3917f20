"""`POST /oauth/token` and `/oauth/revoke`: https://pipedrive.readme.io/docs/marketplace-oauth-authorization

Errors are worded as the token endpoint of Pipedrive words them, e.g. 400 `{"success": false,
"message": "Invalid grant: refresh token is invalid", "error": "invalid_grant"}`.
"""

import base64
import binascii
import hmac
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

from sandbox.pipedrive.gateway import Passage, through
from sandbox.pipedrive.grants import AccessToken, InvalidGrantError
from sandbox.pipedrive.state import app_credentials, pipedrive

View = Callable[[HttpRequest], HttpResponse]


class OAuthError(Exception):
    """A refusal of the OAuth server."""

    def __init__(self, error: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.answer = JsonResponse({"success": False, "message": message, "error": error}, status=status)


def oauth_view(handle: View) -> View:
    """Put log, delay, faults and the client's authentication in front."""

    def carry_out(request: HttpRequest) -> HttpResponse:
        try:
            _check_request(request)
            with pipedrive.lock:
                return handle(request)
        except OAuthError as error:
            return error.answer
        except InvalidGrantError as error:
            return OAuthError("invalid_grant", str(error)).answer

    def view(request: HttpRequest) -> HttpResponse:
        passage = Passage(request, f"{request.method} oauth", operation=None)
        return through(passage, lambda: carry_out(request))

    return view


@oauth_view
def token(request: HttpRequest) -> HttpResponse:
    """Exchange a code, or refresh."""
    seconds = pipedrive.switches.access_token_seconds
    kind = request.POST.get("grant_type")
    if kind == "authorization_code":
        scopes = frozenset(pipedrive.switches.scopes)
        issued = pipedrive.authorizations.redeem(
            _needed(request, "code"), _needed(request, "redirect_uri"), scopes, seconds
        )
    elif kind == "refresh_token":
        issued = pipedrive.authorizations.refresh(_needed(request, "refresh_token"), seconds)
    else:
        raise OAuthError("unsupported_grant_type", "Unsupported grant type: `grant_type` is invalid")
    return JsonResponse(_token_answer(request, issued, seconds))


@oauth_view
def revoke(request: HttpRequest) -> HttpResponse:
    """Revoke a token; unknown ones are answered 200 too (RFC 7009). A refresh token uninstalls the app."""
    grant = pipedrive.authorizations.revoke(_needed(request, "token"))
    if grant is not None:
        pipedrive.end_installation(grant.company_id, grant.user_id)
    return HttpResponse(status=200)


def _token_answer(request: HttpRequest, issued: AccessToken, seconds: int) -> dict[str, str | int]:
    return {
        "access_token": issued.value,
        "token_type": "Bearer",
        "refresh_token": issued.grant.refresh_token,
        "scope": ",".join(sorted(issued.grant.scopes)),
        "expires_in": seconds,
        "api_domain": request.build_absolute_uri("/pipedrive"),
    }


def _needed(request: HttpRequest, name: str) -> str:
    value = request.POST.get(name)
    if not value:
        message = f"Missing parameter: `{name}`"
        raise OAuthError("invalid_request", message)
    return str(value)


def _check_request(request: HttpRequest) -> None:
    if request.method != "POST" or request.content_type != "application/x-www-form-urlencoded":
        raise OAuthError("invalid_request", "Invalid request: content must be application/x-www-form-urlencoded")
    given = _credentials(request)
    expected = ":".join(app_credentials()[:2])
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise OAuthError("invalid_client", "Invalid client: client is invalid", status=401)


def _credentials(request: HttpRequest) -> str:
    """Return `id:secret` from HTTP Basic or, discouraged, from the body."""
    kind, _, value = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "basic":
        return f"{request.POST.get('client_id', '')}:{request.POST.get('client_secret', '')}"
    try:
        return base64.b64decode(value, validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return ""
