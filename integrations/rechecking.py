"""Checking a person's links again when somebody looks at them. The queue does it: a page shows what is known, and does
not wait for Pipedrive or Mustalinja.
"""

import datetime

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from accounts.models import User
from integrations.chain import Chain, chain_of
from integrations.connections import check
from integrations.models import MustalinjaAccount, PipedriveConnection
from integrations.mustalinja_link import check_credentials
from integrations.pauses import pause_seen
from integrations.queue import wake

CHECK_AGAIN_AFTER = datetime.timedelta(minutes=5)
QUEUED_AGAIN_AFTER_SECONDS = 30
"""An open page asks every few seconds; the queue may have lost what was queued longer ago."""


def check_soon(chain: Chain) -> bool:
    """Whether a link was last checked more than five minutes ago; then it is being checked now."""
    if not (_is_connection_stale(chain.connection) or _are_credentials_stale(chain.mustalinja)):
        return False
    if cache.add(f"links-queued-{chain.user.pk}", True, QUEUED_AGAIN_AFTER_SECONDS):  # noqa: FBT003 - any value does
        wake("integrations.tasks.check_links", chain.user.pk)
    return True


def check_links_of(user_id: int) -> None:
    """Check those links of a person that nobody has checked since."""
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        return
    chain = chain_of(user)
    if chain.connection is not None and _is_connection_stale(chain.connection):
        check(chain.connection)
    if chain.mustalinja is not None and _are_credentials_stale(chain.mustalinja):
        check_credentials(chain.mustalinja)


def _is_connection_stale(connection: PipedriveConnection | None) -> bool:
    """A dead grant stays dead, and during a pause nobody asks; an account that was closed may be open again."""
    if connection is None or connection.state == PipedriveConnection.State.REAUTHORIZE:
        return False
    is_closed = connection.state == PipedriveConnection.State.ACCOUNT_CLOSED
    return _is_old(connection.checked_at) and (is_closed or pause_seen(connection) is None)


def _are_credentials_stale(account: MustalinjaAccount | None) -> bool:
    if account is None or account.credentials_checked_at is None or not settings.MUSTALINJA_API_URL:
        return False
    return _is_old(account.credentials_checked_at)


def _is_old(checked_at: datetime.datetime) -> bool:
    return checked_at < timezone.now() - CHECK_AGAIN_AFTER
