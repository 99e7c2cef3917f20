"""API tokens as JSON, for a logged-in browser: a token cannot make another one."""

import datetime
from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import person
from accounts.audit import record
from accounts.audit_entry import Action
from accounts.models import ApiToken
from accounts.tokens import MOST_TOKENS, TooManyTokensError, make_token, revoke_token

IN_A_BROWSER: Any = [{"cookieAuth": []}]
"""How the OpenAPI document says that a token is no way in."""


class IsInBrowser(BasePermission):
    """Whoever is logged in, and no token."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return request.auth is None


class ApiTokenSerializer(serializers.ModelSerializer[ApiToken]):
    """What is known of a token: not the token itself."""

    class Meta:
        model = ApiToken
        fields = ("id", "name", "created_at", "last_used_at")
        read_only_fields = ("id", "created_at", "last_used_at")
        extra_kwargs = {name: {"default_timezone": datetime.UTC} for name in ("created_at", "last_used_at")}  # noqa: RUF012


class NewTokenSerializer(ApiTokenSerializer):
    """A token that has just been made, with its key: it is never shown again."""

    token = serializers.CharField(read_only=True)

    class Meta(ApiTokenSerializer.Meta):
        fields = ("id", "name", "created_at", "last_used_at", "token")  # type: ignore[assignment]


class TokensView(APIView):
    """A person's own tokens."""

    permission_classes = (IsAuthenticated, IsInBrowser)

    @extend_schema(auth=IN_A_BROWSER, responses=ApiTokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(ApiTokenSerializer(ApiToken.objects.filter(user=person(request)), many=True).data)

    @extend_schema(auth=IN_A_BROWSER, request=ApiTokenSerializer, responses={201: NewTokenSerializer})
    def post(self, request: Request) -> Response:
        serializer = ApiTokenSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            token, key = make_token(person(request), name=serializer.validated_data["name"])
        except TooManyTokensError as error:
            text = _("You have %(count)d tokens already. Revoke one first.") % {"count": MOST_TOKENS}
            raise serializers.ValidationError({"name": [text]}) from error
        record(action=Action.TOKEN_MADE, request=request._request, subject=token)
        shown: dict[str, Any] = {**ApiTokenSerializer(token).data, "token": key}
        return Response(shown, status=status.HTTP_201_CREATED, headers={"Cache-Control": "no-store"})


class TokenView(APIView):
    """One of a person's own tokens."""

    permission_classes = (IsAuthenticated, IsInBrowser)

    @extend_schema(auth=IN_A_BROWSER, responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        if not revoke_token(person(request), pk):
            raise Http404
        record(action=Action.TOKEN_REVOKED, request=request._request, subject=person(request))
        return Response(status=status.HTTP_204_NO_CONTENT)
