"""`Authorization: Bearer …` in front of the JSON API: a program acts with the rights of whoever made its token."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException
from rest_framework.request import Request

from accounts.language import speak_to
from accounts.models import ApiToken, User
from accounts.tokens import token_of

SCHEME = "bearer"


class BadTokenError(APIException):
    """Answered with 401, wherever a token comes."""

    status_code = 401
    default_detail = _("This API token is not valid. Make a new one in your settings.")
    default_code = "authentication_failed"
    auth_header = 'Bearer error="invalid_token"'


class TokenAuthentication(BaseAuthentication):
    """By an API token. Whoever sends none may be logged in otherwise."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _space, key = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != SCHEME:
            return None
        token = token_of(key.strip())
        if token is None:
            raise BadTokenError
        speak_to(request._request, token.user)
        return token.user, token

    def authenticate_header(self, request: Request) -> str:
        """What `WWW-Authenticate` says to whoever sends no credentials."""
        return SCHEME.capitalize()


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document tells of it."""

    target_class = TokenAuthentication
    name = "apiToken"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": SCHEME,
            "description": "A token from POST /api/v1/tokens/ or from the page of your settings.",
        }
