"""Calls and the company's settings as JSON, for programs and for the browser's session."""

import datetime
from typing import Any, ClassVar, cast

from django.db import transaction
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from accounts.access import person
from accounts.models import Company
from calls.company_settings import CompanySettingsSerializer, read_settings, write_settings
from calls.filters import CallFilter
from calls.models import Call, CallQuerySet
from calls.paging import NewestFirst
from calls.settings_log import settings_recorded
from calls.story_lines import STATES, StoryLine, story_of

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
        is_shown = call.person_id and call.private_since is None
        return {"id": call.person_id, "name": call.person_name} if is_shown else None

    @extend_schema_field(NamedThingSerializer(allow_null=True))
    def get_organization(self, call: Call) -> dict[str, Any] | None:
        return {"id": call.organization_id, "name": call.organization_name} if call.organization_id else None

    def get_activity_url(self, call: Call) -> str | None:
        return call.activity_url or None


class StepSerializer(serializers.Serializer[Any]):
    """One line of a call's story."""

    at = serializers.DateTimeField(
        default_timezone=datetime.UTC, allow_null=True, help_text="The last time; null: now, or not noted."
    )
    first_at = serializers.DateTimeField(default_timezone=datetime.UTC, allow_null=True)
    times = serializers.IntegerField(help_text="How often the same has happened.")
    state = serializers.ChoiceField(choices=sorted(STATES.values()))
    text = serializers.CharField(help_text="One sentence in the reader's language.")
    details = serializers.SerializerMethodField(help_text="What is behind it.")

    def get_details(self, line: StoryLine) -> list[str]:
        return [detail.text for detail in line.details]


class CallWithStepsSerializer(CallSerializer):
    """One call, with its story."""

    support_code = serializers.CharField(read_only=True)
    steps = serializers.SerializerMethodField()

    class Meta(CallSerializer.Meta):
        fields: ClassVar = [*CallSerializer.Meta.fields, "support_code", "steps"]
        read_only_fields = fields

    @extend_schema_field(StepSerializer(many=True))
    def get_steps(self, call: Call) -> Any:
        return StepSerializer(story_of(call), many=True).data


class CallViewSet(ListModelMixin, RetrieveModelMixin, GenericViewSet[Call]):
    """A person's own calls; all of the company's for who may see them. Newest start first."""

    queryset = Call.objects.none()
    serializer_class = CallSerializer
    pagination_class = NewestFirst
    filter_backends = (DjangoFilterBackend,)
    filterset_class = CallFilter
    lookup_field = "reference"
    lookup_url_kwarg = "id"

    def get_serializer_class(self) -> type[CallSerializer]:
        return CallWithStepsSerializer if self.action == "retrieve" else CallSerializer

    def get_queryset(self) -> CallQuerySet:
        calls: CallQuerySet = Call.objects.visible_to(person(self.request)).select_related("rep", "company")
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
        company = cast("Company", person(request).company)
        with transaction.atomic(), settings_recorded(request._request, company):
            write_settings(person(request), serializer.validated_data)
        return Response(read_settings(person(request)))
