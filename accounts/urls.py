from django.urls import path

from accounts import views

app_name = "accounts"
urlpatterns = [path("accounts/license/", views.LicenseView.as_view(), name="license")]
