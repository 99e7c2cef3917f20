from django.urls import path

from integrations import pipedrive_callback, pipedrive_views, views

app_name = "integrations"
urlpatterns = [
    path("integrations/", views.OverviewView.as_view(), name="overview"),
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
    path("integrations/mustalinja/authentication/", views.WebhookAuthView.as_view(), name="mustalinja_auth"),
    path("team/", views.TeamView.as_view(), name="team"),
]
