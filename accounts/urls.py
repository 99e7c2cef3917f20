from django.urls import path

from accounts import team_views, token_api, token_views, unsubscribe_views, views

app_name = "accounts"
urlpatterns = [
    path("accounts/license/", views.LicenseView.as_view(), name="license"),
    path("accounts/join/<slug:code>/", views.JoinView.as_view(), name="join"),
    path("accounts/unsubscribe/<str:token>/", unsubscribe_views.UnsubscribeView.as_view(), name="unsubscribe"),
    path("team/invite/", team_views.InviteView.as_view(), name="invite"),
    path("team/invitations/<int:pk>/resend/", team_views.ResendInvitationView.as_view(), name="resend_invitation"),
    path(
        "team/invitations/<int:pk>/withdraw/",
        team_views.WithdrawInvitationView.as_view(),
        name="withdraw_invitation",
    ),
    path("team/people/<int:pk>/", team_views.ColleagueView.as_view(), name="colleague"),
    path("team/people/<int:pk>/release/", team_views.ReleaseSeatView.as_view(), name="release_seat"),
    path("team/people/<int:pk>/seat/", team_views.GiveSeatView.as_view(), name="give_seat"),
    path("team/aliases/", team_views.AddAliasView.as_view(), name="add_alias"),
    path("team/aliases/<int:pk>/remove/", team_views.RemoveAliasView.as_view(), name="remove_alias"),
    path("team/digest/", team_views.DigestView.as_view(), name="digest"),
    path("settings/tokens/", token_views.TokensPageView.as_view(), name="tokens"),
    path("settings/tokens/<int:pk>/revoke/", token_views.RevokeTokenView.as_view(), name="revoke_token"),
    path("api/v1/tokens/", token_api.TokensView.as_view(), name="api_tokens"),
    path("api/v1/tokens/<int:pk>/", token_api.TokenView.as_view(), name="api_token"),
]
