"""The page for a callback that cannot be accepted: says what happened and leads back."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _


def connecting_failed(request: HttpRequest, sentence: str) -> HttpResponse:
    """Pipedrive was not connected, and why."""
    context = {"title": _("Pipedrive was not connected"), "sentence": sentence}
    return render(request, "integrations/pipedrive_problem.html", context, status=400)
