"""A person's own settings as JSON."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.access import person
from accounts.audit import record
from accounts.audit_entry import Action
from accounts.changes import named
from calls.own_settings import OwnSettingsSerializer, read_own_settings, write_own_settings


class OwnSettingsView(APIView):
    """For everybody who is logged in, or has a token."""

    http_method_names = ("get", "patch", "head", "options")

    @extend_schema(responses=OwnSettingsSerializer)
    def get(self, request: Request) -> Response:
        return Response(read_own_settings(person(request)))

    @extend_schema(request=OwnSettingsSerializer(partial=True), responses=OwnSettingsSerializer)
    def patch(self, request: Request) -> Response:
        serializer = OwnSettingsSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        write_own_settings(person(request), serializer.validated_data)
        changes = named(serializer.validated_data)
        record(action=Action.OWN_SETTINGS, request=request._request, subject=person(request), changes=changes)
        return Response(read_own_settings(person(request)))
