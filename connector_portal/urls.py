from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.language import choose_language
from accounts.views import FrontPageView, SignupView
from connector_portal import health
from connector_portal.metrics import metrics

urlpatterns = [
    path("", FrontPageView.as_view(), name="front"),
    path("", include("accounts.urls")),
    path("", include("integrations.urls")),
    path("", include("calls.urls")),
    path("", include("guide.urls")),
    path("", include("support.urls")),
    path("accounts/signup/", SignupView.as_view(), name="account_signup"),
    path("accounts/", include("allauth.account.urls")),
    path("accounts/security/", include("allauth.mfa.urls")),
    path("admin/", admin.site.urls),
    path("i18n/setlang/", choose_language, name="set_language"),
    path("favicon.ico", RedirectView.as_view(url=static("img/logo.svg")), name="favicon"),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("metrics", metrics, name="metrics"),
]
