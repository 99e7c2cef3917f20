"""What needs a hand now, for whom it is to mend: only what the reader may list, and nothing of what is fine."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import models
from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import License
from calls.models import Book, Call, Drift, WebhookDelivery, WorkerHeartbeat
from integrations.models import MustalinjaAccount, PipedriveAccount, PipedriveConnection
from support import call_figures as calls
from support import link_figures as links
from support.figures import Figure, Source
from support.rights import may_see

SOURCES: tuple[tuple[Promise | str, tuple[tuple[type[models.Model], Source], ...]], ...] = (
    (
        _("Links"),
        (
            (PipedriveConnection, links.of_authorizations),
            (MustalinjaAccount, links.of_mustalinja),
            (PipedriveAccount, links.of_pipedrive),
        ),
    ),
    (
        _("Calls"),
        (
            (WebhookDelivery, calls.of_quarantine),
            (Drift, calls.of_drift),
            (Call, calls.of_failed),
            (Call, calls.of_waiting),
            (Book, calls.of_books),
        ),
    ),
    (_("Licenses"), ((License, links.of_licenses),)),
    (
        _("Queue and workers"),
        ((Call, calls.of_delay), (WorkerHeartbeat, calls.of_workers), (WorkerHeartbeat, calls.of_queue)),
    ),
)
"""The groups of the desk: each figure with the model whose list shows it."""


@dataclass(frozen=True, kw_only=True)
class Group:
    """Figures of one kind."""

    title: Promise | str
    figures: list[Figure]


def what_needs_a_hand(request: HttpRequest) -> list[Group]:
    """The groups in which something is not fine, by the reader's rights."""
    groups = (Group(title=title, figures=list(_figures(request, sources))) for title, sources in SOURCES)
    return [group for group in groups if group.figures]


def _figures(request: HttpRequest, sources: tuple[tuple[type[models.Model], Source], ...]) -> Iterator[Figure]:
    for model, source in sources:
        if may_see(request, model):
            yield from source()
