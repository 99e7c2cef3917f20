"""Figures of companies' links and licences that are broken, or are about to be."""

import datetime
from collections.abc import Iterator

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import ngettext

from accounts.models import License
from accounts.readable import count_words
from integrations.models import MustalinjaAccount, PipedriveAccount, PipedriveConnection
from integrations.troubles import cannot_be_read, has_fallen_silent, has_few_tokens, is_left_alone, is_refused
from support.figures import Figure, list_url

ENDING_WITHIN = datetime.timedelta(days=30)
States = PipedriveConnection.State


def of_authorizations() -> Iterator[Figure]:
    """People whose grant at Pipedrive has died, or whose Pipedrive account is not open (402)."""
    counts = PipedriveConnection.objects.aggregate(
        dead=Count("pk", filter=Q(state=States.REAUTHORIZE)), closed=Count("pk", filter=Q(state=States.ACCOUNT_CLOSED))
    )
    if dead := counts["dead"]:
        text = ngettext("person must authorize Pipedrive again", "people must authorize Pipedrive again", dead)
        yield _figure(dead, text, list_url(PipedriveConnection, state__exact=States.REAUTHORIZE))
    if closed := counts["closed"]:
        text = ngettext("person's Pipedrive account is not open", "people's Pipedrive account is not open", closed)
        yield _figure(closed, text, list_url(PipedriveConnection, state__exact=States.ACCOUNT_CLOSED))


def of_mustalinja() -> Iterator[Figure]:
    """Companies whose credentials or call events are refused, or that have fallen silent."""
    counts = MustalinjaAccount.objects.aggregate(
        wrong=Count("pk", filter=Q(credentials_accepted=False)),
        refused=Count("pk", filter=is_refused()),
        silent=Count("pk", filter=has_fallen_silent()),
    )
    if wrong := counts["wrong"]:
        text = ngettext(
            "company's Mustalinja credentials are refused", "companies' Mustalinja credentials are refused", wrong
        )
        yield _figure(wrong, text, list_url(MustalinjaAccount, credentials_accepted__exact=0))
    if refused := counts["refused"]:
        text = ngettext("company's call events are refused", "companies' call events are refused", refused)
        yield _figure(refused, text, list_url(MustalinjaAccount, trouble="refused"))
    if silent := counts["silent"]:
        text = ngettext("company not heard of for 4 days", "companies not heard of for 4 days", silent)
        yield _figure(silent, text, list_url(MustalinjaAccount, trouble="silent"))


def of_pipedrive() -> Iterator[Figure]:
    """Pipedrive accounts that are left alone, whose persons cannot be read, or whose tokens are nearly spent."""
    counts = PipedriveAccount.objects.aggregate(
        paused=Count("pk", filter=is_left_alone()),
        unreadable=Count("pk", filter=cannot_be_read()),
        few=Count("pk", filter=has_few_tokens()),
    )
    if paused := counts["paused"]:
        text = ngettext("Pipedrive account is left alone now", "Pipedrive accounts are left alone now", paused)
        yield _figure(paused, text, list_url(PipedriveAccount, trouble="paused"))
    if unreadable := counts["unreadable"]:
        text = ngettext(
            "Pipedrive account whose persons cannot be read",
            "Pipedrive accounts whose persons cannot be read",
            unreadable,
        )
        yield _figure(unreadable, text, list_url(PipedriveAccount, trouble="unreadable"))
    if few := counts["few"]:
        text = ngettext(
            "Pipedrive account has few tokens left today", "Pipedrive accounts have few tokens left today", few
        )
        yield _figure(few, text, list_url(PipedriveAccount, trouble="tokens"))


def of_licenses() -> Iterator[Figure]:
    """Licences in force that end within 30 days, today included."""
    today = timezone.localdate()
    until = today + ENDING_WITHIN
    if count := License.objects.valid(today).filter(valid_until__lte=until).count():
        text = ngettext("license ends within 30 days", "licenses end within 30 days", count)
        in_force = {"suspended_at__isnull": True, "revoked_at__isnull": True}
        yield _figure(count, text, list_url(License, valid_until__gte=today, valid_until__lte=until, **in_force))


def _figure(count: int, text: str, url: str) -> Figure:
    return Figure(shown=count_words(count), text=text, url=url)
