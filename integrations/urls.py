from django.urls import path

from integrations import pipedrive_callback, pipedrive_views, pipedrive_webhook, testing_links, views
from integrations.path_text import TEXT

app_name = "integrations"
urlpatterns = [
    path("integrations/", views.OverviewView.as_view(), name="overview"),
    path("integrations/checklist/", views.ChecklistView.as_view(), name="checklist"),
    path("integrations/pipedrive/test/", testing_links.TestPipedriveView.as_view(), name="pipedrive_test"),
    path("integrations/mustalinja/test/", testing_links.TestMustalinjaView.as_view(), name="mustalinja_test"),
    path("integrations/pipedrive/connect/", pipedrive_views.ConnectView.as_view(), name="pipedrive_connect"),
    path("integrations/pipedrive/confirm/", pipedrive_views.ConfirmView.as_view(), name="pipedrive_confirm"),
    path(
        "integrations/pipedrive/disconnect/",
        pipedrive_views.DisconnectView.as_view(),
        name="pipedrive_disconnect",
    ),
    path(
        "integrations/pipedrive/callback/",
        pipedrive_callback.PipedriveCallbackView.as_view(),
        name="pipedrive_callback",
    ),
    path("integrations/mustalinja/", views.MustalinjaView.as_view(), name="mustalinja"),
    path("integrations/mustalinja/rotate/", views.RotateSecretView.as_view(), name="mustalinja_rotate"),
    path("integrations/mustalinja/missing-calls/", views.MissingCallsView.as_view(), name="mustalinja_missing_calls"),
    path("integrations/mustalinja/authentication/", views.WebhookAuthView.as_view(), name="mustalinja_auth"),
    path(
        f"webhooks/pipedrive/<{TEXT}:key>/",
        pipedrive_webhook.PipedriveWebhookView.as_view(),
        name="pipedrive_webhook",
    ),
]
