from django.contrib import admin
from django.templatetags.static import static
from django.urls import include, path
from django.views.generic import RedirectView

from accounts.views import FrontPageView, SignupView
from connector_portal import health

urlpatterns = [
    path("", FrontPageView.as_view(), name="front"),
    path("", include("accounts.urls")),
    path("", include("integrations.urls")),
    path("", include("calls.urls")),
    path("accounts/signup/", SignupView.as_view(), name="account_signup"),
    path("accounts/", include("allauth.account.urls")),
    path("admin/", admin.site.urls),
    path("i18n/", include("django.conf.urls.i18n")),
    path("favicon.ico", RedirectView.as_view(url=static("img/logo.svg")), name="favicon"),
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
]
