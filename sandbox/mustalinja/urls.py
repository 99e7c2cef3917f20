"""Addresses of the Mustalinja stand-in."""

from django.urls import path

from sandbox.mustalinja import api, control, pages

urlpatterns = [
    path("", pages.overview),
    path("forms/ring", pages.ring),
    path("forms/resend", pages.resend),
    path("v1/account", api.account),
    path("v1/users", api.users),
    path("v1/calls", api.calls),
    path("v1/webhook", api.webhook),
    path("control/state", control.state),
    path("control/calls", control.calls),
    path("control/resend", control.resend),
    path("control/webhook", control.webhook),
    path("control/faults", control.faults),
    path("control/reset", control.reset),
]
