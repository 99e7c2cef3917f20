"""Which users Mustalinja knows, by email. Asked for by a page, so the answer is kept for a few minutes."""

import logging

from django.conf import settings
from django.core.cache import cache

from integrations.errors import IntegrationError
from integrations.models import MustalinjaAccount
from integrations.mustalinja_link import api_of

logger = logging.getLogger(__name__)

KEPT_SECONDS = 300
KEPT_SECONDS_AFTER_FAILURE = 60


def cache_key(account_id: int) -> str:
    """Under which the emails of a company's users are kept."""
    return f"emails-in-mustalinja-{account_id}"


def emails_known(account: MustalinjaAccount) -> frozenset[str] | None:
    """The emails of a company's users in Mustalinja, in lower case; None when that is not known."""
    if not settings.MUSTALINJA_API_URL or account.credentials_accepted is False:
        return None
    key = cache_key(account.pk)
    kept: list[str] | None = cache.get(key)
    if kept is None:
        emails, seconds = _ask(account)
        cache.set(key, kept := emails, seconds)
    return frozenset(kept) or None


def _ask(account: MustalinjaAccount) -> tuple[list[str], int]:
    """The emails, and for how many seconds to keep them; none where Mustalinja cannot be asked."""
    try:
        emails = api_of(account).emails_of_users()
    except IntegrationError as error:
        logger.warning("company %s: Mustalinja's users could not be asked for: %s", account.company_id, error)
        return [], KEPT_SECONDS_AFTER_FAILURE
    return [email.strip().lower() for email in emails], KEPT_SECONDS
