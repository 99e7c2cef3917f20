"""What is wrong with a company's links, as conditions of the database: for the admin's filters and support's desk."""

import datetime

from django.db.models import F, Q
from django.utils import timezone

from integrations.token_budget import RESERVE_SHARE

SILENT_AFTER = datetime.timedelta(days=4)
"""A long weekend without a call is nothing unusual; the fourth day is."""


def has_fallen_silent() -> Q:
    """Mustalinja accounts that nothing has been heard from for long, or never; not those of suspended companies."""
    before = timezone.now() - SILENT_AFTER
    never = Q(last_heard_at__isnull=True, created_at__lt=before)
    return (never | Q(last_heard_at__lt=before)) & Q(company__suspended_at__isnull=True)


def is_refused() -> Q:
    """Mustalinja accounts whose latest call event did not prove itself."""
    never_accepted = Q(last_heard_at__isnull=True, last_refused_at__isnull=False)
    return never_accepted | Q(last_refused_at__gt=F("last_heard_at"))


def is_left_alone() -> Q:
    """Pipedrive accounts to which nothing is sent now."""
    return Q(paused_until__gt=timezone.now())


def cannot_be_read() -> Q:
    """Pipedrive accounts whose persons cannot be read."""
    return Q(contact_index__problem__gt="")


def has_few_tokens() -> Q:
    """Pipedrive accounts that have told today that nearly nothing is left; their day is taken to be UTC's."""
    midnight = timezone.now().astimezone(datetime.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    told_today = Q(tokens_left_at__gte=midnight, daily_tokens__isnull=False)
    return told_today & Q(tokens_left__lt=F("daily_tokens") * RESERVE_SHARE)
