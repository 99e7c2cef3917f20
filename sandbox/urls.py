"""Everything the sandbox serves: Pipedrive and Mustalinja side by side."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import include, path


def index(request: HttpRequest) -> HttpResponse:
    """Link the two halves."""
    return render(request, "sandbox/index.html")


urlpatterns = [
    path("", index),
    path("pipedrive/", include("sandbox.pipedrive.urls")),
    path("mustalinja/", include("sandbox.mustalinja.urls")),
]
