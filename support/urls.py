from django.urls import path

from support import company_data_views, company_log_views, order_api

app_name = "support"
urlpatterns = [
    path("settings/log/", company_log_views.CompanyLogView.as_view(), name="log"),
    path("settings/company/data/", company_data_views.CompanyDataView.as_view(), name="company_data"),
    path(
        "settings/company/data/<uuid:key>.zip",
        company_data_views.CompanyDataFileView.as_view(),
        name="company_data_file",
    ),
    path("api/v1/orders/", order_api.OrdersView.as_view(), name="api_orders"),
]
