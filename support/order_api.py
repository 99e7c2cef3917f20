"""`POST /api/v1/orders/`: SaaShop's web shop orders, renews and cancels licences."""

import hmac
import logging
from typing import Any

from allauth.core.ratelimit import consume
from django.conf import settings
from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers, status
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import APIException, Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.license_deeds import MOST_AT_ONCE
from accounts.models import Company, Order
from accounts.orders import NumberTakenError, OrderRefusedError, Wanted, carry_out
from integrations.mustalinja.signature import PREFIX, is_signed

logger = logging.getLogger(__name__)

NEEDED = {
    Order.Kind.NEW: ("seats", "email"),
    Order.Kind.RENEWAL: ("email",),
    Order.Kind.CANCELLATION: ("valid_until",),
}


class NotTheShopError(APIException):
    """Neither the shop's token nor its signature."""

    status_code = status.HTTP_401_UNAUTHORIZED
    default_detail = _("Send the order's secret as a bearer token, or sign the order with it.")
    default_code = "not_authenticated"


class WebShopAuthentication(BaseAuthentication):
    """By one of ORDERS_SECRETS: sent as a bearer token, or the body signed with it by Standard Webhooks. Where none is
    set there is no such address; who fails too often is refused for a while.
    """

    def authenticate(self, request: Request) -> None:
        if not settings.ORDERS_SECRETS:
            raise Http404
        if not consume(request._request, action="orders", dry_run=True):
            raise Throttled
        if not (_has_token(request) or _is_signed(request)):
            consume(request._request, action="orders")
            logger.warning("an order was not authenticated")
            raise NotTheShopError


def _has_token(request: Request) -> bool:
    sent = request.headers.get("Authorization", "").encode()
    return any(hmac.compare_digest(sent, f"Bearer {secret}".encode()) for secret in settings.ORDERS_SECRETS)


def _is_signed(request: Request) -> bool:
    signing = [secret for secret in settings.ORDERS_SECRETS if secret.startswith(PREFIX)]
    return is_signed(headers=request.headers, body=request._request.body, valid_secrets=signing)


class WebShopScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    """How the OpenAPI document tells of it."""

    target_class = WebShopAuthentication
    name = "webShop"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "SaaShop's web shop: one of ORDERS_SECRETS, or a Standard Webhooks signature made with it.",
        }


class OrderSerializer(serializers.Serializer[Any]):
    """An order of the web shop."""

    number = serializers.CharField(max_length=64, help_text="The shop's own; an order of a number is done once.")
    kind = serializers.ChoiceField(choices=Order.Kind.values)
    company = serializers.CharField(max_length=200, help_text="The company's name; case does not matter.")
    seats = serializers.IntegerField(
        min_value=1,
        max_value=MOST_AT_ONCE,
        required=False,
        help_text="How many licenses. Of a renewal: how many go on; left out: all that the company has.",
    )
    valid_until = serializers.DateField(required=False, help_text="The last day, Helsinki time.")
    months = serializers.IntegerField(
        min_value=1, max_value=120, required=False, help_text="In place of valid_until: counted from today or the end."
    )
    email = serializers.EmailField(required=False, help_text="To whom the codes of new licenses are mailed.")
    language = serializers.ChoiceField(
        choices=Company.Language.choices, default="fi", help_text="Of the mail, and of a company that is new."
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """What each kind of order needs."""
        kind = attrs["kind"]
        missing = {name: [_("An order of this kind needs it.")] for name in NEEDED[kind] if name not in attrs}
        if missing:
            raise serializers.ValidationError(missing)
        if kind != Order.Kind.CANCELLATION and ("valid_until" in attrs) == ("months" in attrs):
            raise serializers.ValidationError({"valid_until": [_("Send either valid_until or months.")]})
        return attrs


class OrderAnswerSerializer(serializers.Serializer[Any]):
    """What was done. The codes themselves are mailed only."""

    number = serializers.CharField()
    kind = serializers.ChoiceField(choices=Order.Kind.values)
    company = serializers.CharField()
    licenses = serializers.IntegerField(help_text="How many were issued, renewed or ended.")
    valid_until = serializers.DateField(allow_null=True)


class OrdersView(APIView):
    """Orders of SaaShop's web shop."""

    authentication_classes = (WebShopAuthentication,)
    permission_classes = ()

    @extend_schema(
        request=OrderSerializer,
        responses={
            201: OrderAnswerSerializer,
            200: OpenApiResponse(OrderAnswerSerializer, description="The same order as before: nothing is done again."),
            400: OpenApiResponse(description="What is wrong, by field."),
            401: OpenApiResponse(description="Neither a token nor a signature of the web shop's."),
            409: OpenApiResponse(description="Another order had this number."),
        },
    )
    def post(self, request: Request) -> Response:
        serializer = OrderSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        try:
            order, is_new = carry_out(Wanted(**serializer.validated_data))
        except OrderRefusedError as refusal:
            raise serializers.ValidationError({refusal.field: [refusal.message]}) from refusal
        except NumberTakenError:
            text = _("An order of this number with another content was carried out before.")
            return Response({"number": [text]}, status=status.HTTP_409_CONFLICT)
        if is_new:
            logger.info("order %s: %s of %d licenses", order.pk, order.kind, order.seats)
        return Response(order.answer, status=status.HTTP_201_CREATED if is_new else status.HTTP_200_OK)
