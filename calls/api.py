"""Calls and the company's settings as JSON, for programs and for the browser's session."""

import datetime
from typing import Any, ClassVar

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.pagination import Cursor, CursorPagination
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts.access import person
from calls.company_settings import CompanySettingsSerializer, read_settings, write_settings
from calls.filters import CallFilter, is_year_of_calls
from calls.models import Call, CallQuerySet

TIMES = ("started_at", "ended_at", "received_at", "logged_at")


class NamedThingSerializer(serializers.Serializer[Any]):
    """A person or an organisation of Pipedrive."""

    id = serializers.IntegerField()
    name = serializers.CharField()


class CallSerializer(serializers.ModelSerializer[Call]):
    """A call in the portal's own words."""

    id = serializers.CharField(source="reference", read_only=True)
    customer_number = serializers.SerializerMethodField(help_text="E.164; null when hidden or a short number.")
    rep = serializers.SerializerMethodField(help_text="The rep's email; null while nobody is registered with it.")
    explanation = serializers.CharField(read_only=True, help_text="One sentence in the reader's language.")
    person = serializers.SerializerMethodField()
    organization = serializers.SerializerMethodField()
    activity_url = serializers.SerializerMethodField()

    class Meta:
        model = Call
        fields: ClassVar = [
            "id",
            "external_id",
            "direction",
            "answered",
            "result",
            "customer_number",
            "own_number",
            "started_at",
            "ended_at",
            "ring_seconds",
            "talk_seconds",
            "rep",
            "rep_email",
            "status",
            "reason",
            "explanation",
            "person",
            "organization",
            "activity_id",
            "activity_url",
            "received_at",
            "logged_at",
        ]
        read_only_fields = fields
        extra_kwargs: ClassVar = {name: {"default_timezone": datetime.UTC} for name in TIMES}

    def get_customer_number(self, call: Call) -> str | None:
        return call.customer_number or None

    def get_rep(self, call: Call) -> str | None:
        return call.rep.email if call.rep else None

    @extend_schema_field(NamedThingSerializer(allow_null=True))
    def get_person(self, call: Call) -> dict[str, Any] | None:
        return {"id": call.person_id, "name": call.person_name} if call.person_id else None

    @extend_schema_field(NamedThingSerializer(allow_null=True))
    def get_organization(self, call: Call) -> dict[str, Any] | None:
        return {"id": call.organization_id, "name": call.organization_name} if call.organization_id else None

    def get_activity_url(self, call: Call) -> str | None:
        return call.activity_url or None


class NewestFirst(CursorPagination):
    """Pages that do not shift when calls come in."""

    ordering = ("-started_at", "-id")
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Cursor | None:
        """The cursor of a link that we gave; anything else is a page that does not exist.

        Raises:
            rest_framework.exceptions.NotFound: its position is no time.
        """
        cursor: Cursor | None = super().decode_cursor(request)
        if cursor is None or cursor.position is None:
            return cursor
        try:
            position = parse_datetime(str(cursor.position))
        except ValueError:
            position = None
        if position is None or position.tzinfo is None or not is_year_of_calls(position.year):
            raise NotFound(self.invalid_cursor_message)
        return cursor


class CallViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Call]):
    """A rep's own calls; all of the company's for its admin. Newest start first."""

    queryset = Call.objects.none()
    serializer_class = CallSerializer
    pagination_class = NewestFirst
    filter_backends = (DjangoFilterBackend,)
    filterset_class = CallFilter
    lookup_field = "reference"
    lookup_url_kwarg = "id"

    def get_queryset(self) -> CallQuerySet:
        calls: CallQuerySet = Call.objects.visible_to(person(self.request)).select_related("rep")
        return calls.order_by("-started_at", "-id")


class IsCompanyAdmin(BasePermission):
    """The company's own admin."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return person(request).manages_company


class CompanySettingsView(APIView):
    """What the company logs, and how; for its admin."""

    permission_classes = (IsAuthenticated, IsCompanyAdmin)
    http_method_names = ("get", "patch", "head", "options")

    @extend_schema(responses=CompanySettingsSerializer)
    def get(self, request: Request) -> Response:
        return Response(read_settings(person(request)))

    @extend_schema(request=CompanySettingsSerializer(partial=True), responses=CompanySettingsSerializer)
    def patch(self, request: Request) -> Response:
        serializer = CompanySettingsSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        with transaction.atomic():
            write_settings(person(request), serializer.validated_data)
        return Response(read_settings(person(request)))
