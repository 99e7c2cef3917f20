"""Testing a link now, by a button: Pipedrive with the person's tokens, Mustalinja with the company's credentials."""

import datetime

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views import View

from accounts.access import CompanyAdminMixin, PeopleOnlyMixin
from integrations.chain import chain_of
from integrations.connections import check
from integrations.links import Link
from integrations.mustalinja_link import check_credentials
from integrations.mustalinja_status import link_to_mustalinja
from integrations.pipedrive_status import link_to_pipedrive

AGAIN_AFTER = datetime.timedelta(seconds=10)
"""A test costs the customer tokens, and Mustalinja a request."""


class TestPipedriveView(PeopleOnlyMixin, View):
    """Ask Pipedrive whether the person's authorization works (2 tokens)."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        chain = chain_of(self.person)
        if chain.connection is not None and _is_due(chain.connection.checked_at):
            check(chain.connection)
        _tell(request, link_to_pipedrive(chain))
        return redirect("integrations:overview")


class TestMustalinjaView(CompanyAdminMixin, View):
    """Ask Mustalinja whether it accepts the company's credentials."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        chain = chain_of(self.person)
        if chain.mustalinja is not None and _is_due(chain.mustalinja.credentials_checked_at):
            check_credentials(chain.mustalinja)
        _tell(request, link_to_mustalinja(chain))
        return redirect("integrations:overview")


def _is_due(checked_at: datetime.datetime | None) -> bool:
    return checked_at is None or checked_at <= timezone.now() - AGAIN_AFTER


def _tell(request: HttpRequest, link: Link) -> None:
    """What the test has shown."""
    if link.state == "ok":
        messages.success(request, _("Tested just now: %(result)s") % {"result": link.sentence})
    else:
        messages.warning(request, link.sentence)
