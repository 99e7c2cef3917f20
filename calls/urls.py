from django.urls import path, register_converter
from drf_spectacular.views import SpectacularAPIView

from calls import api, views, webhook


class TextConverter:
    """A part of a path without NUL, which PostgreSQL does not take even to compare."""

    regex = r"[^/\x00]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(TextConverter, "text")

app_name = "calls"
urlpatterns = [
    path("webhooks/mustalinja/<text:key>/", webhook.MustalinjaWebhookView.as_view(), name="mustalinja_webhook"),
    path("calls/", views.CallListView.as_view(), name="list"),
    path("calls/<text:reference>/", views.CallDetailView.as_view(), name="detail"),
    path("settings/company/", views.CompanySettingsView.as_view(), name="company_settings"),
    path("api/v1/calls/", api.CallViewSet.as_view({"get": "list"}), name="api_list"),
    path("api/v1/calls/<text:id>/", api.CallViewSet.as_view({"get": "retrieve"}), name="api_detail"),
    path("api/v1/settings/company/", api.CompanySettingsView.as_view(), name="api_company_settings"),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api_schema"),
]
