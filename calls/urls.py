from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from calls import (
    api,
    book_views,
    export_views,
    history_views,
    leaving_views,
    mending_views,
    own_api,
    own_views,
    privacy_views,
    settings_views,
    statistics_views,
    team_views,
    trial_call_views,
    views,
    webhook,
)
from integrations.path_text import TEXT

app_name = "calls"
urlpatterns = [
    path(f"webhooks/mustalinja/<{TEXT}:key>/", webhook.mustalinja_webhook, name="mustalinja_webhook"),
    path("calls/", history_views.CallListView.as_view(), name="list"),
    path("calls/live/", history_views.LiveCallsView.as_view(), name="live"),
    path("calls/export.csv", export_views.CsvExportView.as_view(), name="export_csv"),
    path("calls/export.xlsx", export_views.XlsxExportView.as_view(), name="export_xlsx"),
    path("calls/days/", book_views.CallsByDayView.as_view(), name="days"),
    path(f"calls/<{TEXT}:reference>/", views.CallDetailView.as_view(), name="detail"),
    path(f"calls/<{TEXT}:reference>/contact/", views.ContactChoiceView.as_view(), name="choose_contact"),
    path(f"calls/<{TEXT}:reference>/log/", mending_views.LogNowView.as_view(), name="log_now"),
    path(f"calls/<{TEXT}:reference>/person/", mending_views.CreatePersonView.as_view(), name="create_person"),
    path(f"calls/<{TEXT}:reference>/private/", privacy_views.MarkPrivateView.as_view(), name="mark_private"),
    path("team/", team_views.TeamView.as_view(), name="team"),
    path("settings/", own_views.OwnSettingsView.as_view(), name="settings"),
    path("settings/private-numbers/", own_views.PrivateNumbersView.as_view(), name="private_numbers"),
    path("settings/export.zip", leaving_views.OwnDataView.as_view(), name="own_data"),
    path("settings/delete/", leaving_views.DeleteAccountView.as_view(), name="delete_account"),
    path("settings/company/", settings_views.CompanySettingsView.as_view(), name="company_settings"),
    path("settings/company/texts/", settings_views.TextPreviewView.as_view(), name="preview_texts"),
    path("settings/company/trial/", settings_views.TrialView.as_view(), name="try_settings"),
    path("integrations/test-call/", trial_call_views.TestCallView.as_view(), name="test_call"),
    path("integrations/test-call/steps/", trial_call_views.TestCallStepsView.as_view(), name="test_call_steps"),
    path("statistics/", statistics_views.StatisticsView.as_view(), name="statistics"),
    path("statistics/export.csv", statistics_views.StatisticsCsvView.as_view(), name="statistics_csv"),
    path("api/v1/calls/", api.CallViewSet.as_view({"get": "list"}), name="api_list"),
    path(f"api/v1/calls/<{TEXT}:id>/", api.CallViewSet.as_view({"get": "retrieve"}), name="api_detail"),
    path("api/v1/settings/company/", api.CompanySettingsView.as_view(), name="api_company_settings"),
    path("api/v1/settings/me/", own_api.OwnSettingsView.as_view(), name="api_own_settings"),
    path("api/v1/schema/", SpectacularAPIView.as_view(), name="api_schema"),
]
