from django.urls import path

from guide import views

app_name = "guide"
urlpatterns = [
    path("faq/", views.FaqView.as_view(), name="faq"),
    path("documentation/", views.DocumentationView.as_view(), name="documentation"),
    path("documentation/search/", views.SearchView.as_view(), name="search"),
    path("documentation/<slug:slug>/", views.PageView.as_view(), name="page"),
]
