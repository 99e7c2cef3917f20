"""One refresh at a time: a lease on the row, taken by conditional update, works on every database.

The winner refreshes without holding a transaction open. The others use the old token while it lives (we refresh five
minutes early) or wait for the winner's.
"""

import datetime
import logging
import time

from django.db.models import Q
from django.utils import timezone

from integrations.errors import GrantDiedError, TryLaterError
from integrations.models import PipedriveConnection
from integrations.pipedrive_app import api_url_of, oauth_app
from integrations.queue import wake

logger = logging.getLogger(__name__)

REFRESH_EARLY = datetime.timedelta(minutes=5)
"""Or a tenth of a token's life where that is shorter, so that a short-lived one is not refreshed for every request."""
MAIL_TASK = "integrations.tasks.mail_reauthorize"
LEASE = datetime.timedelta(seconds=30)
WAIT_STEP_SECONDS = 0.1
TOKEN_FIELDS = [
    "access_token",
    "refresh_token",
    "access_token_ends_at",
    "refreshed_at",
    "state",
    "refreshing_until",
    "api_url",
]


def access_token_for(connection: PipedriveConnection, *, refused: str | None) -> str:
    """The access token to use now; `refused` is one that Pipedrive has just not accepted.

    Raises:
        GrantDiedError: the person has to authorize again.
        IntegrationError: the token has ended and cannot be refreshed now.
    """
    if refused is None and _is_fresh(connection):
        return connection.access_token
    _read_again(connection)
    if refused is None and _is_fresh(connection):
        return connection.access_token
    if refused is not None and connection.access_token != refused:
        return connection.access_token
    return refresh_now(connection, refused=refused)


def _is_fresh(connection: PipedriveConnection) -> bool:
    lifetime = connection.access_token_ends_at - connection.refreshed_at
    early = min(REFRESH_EARLY, lifetime / 10)
    return bool(connection.access_token) and connection.access_token_ends_at > timezone.now() + early


def refresh_now(connection: PipedriveConnection, *, refused: str | None = None) -> str:
    """Refresh, unless another process is at it; then its result.

    Raises:
        GrantDiedError, IntegrationError: as `access_token_for`.
    """
    if connection.state == PipedriveConnection.State.REAUTHORIZE:
        raise GrantDiedError("the grant died before")
    if not connection.refresh_token:
        # Not in the database: once the key is back, the connection works again by itself.
        connection.state = PipedriveConnection.State.REAUTHORIZE
        raise TryLaterError("no key in FIELD_ENCRYPTION_KEYS decrypts the refresh token")
    seen = connection.refreshed_at
    deadline = timezone.now() + LEASE
    while not _take_lease(connection, seen=seen):
        _read_again(connection)
        if connection.state == PipedriveConnection.State.REAUTHORIZE:
            raise GrantDiedError("the grant died in another process")
        lives = connection.access_token_ends_at > timezone.now() and connection.access_token != refused
        if connection.refreshed_at != seen or lives:
            return connection.access_token
        if timezone.now() > deadline:
            raise TryLaterError("another process has been refreshing this token for too long")
        time.sleep(WAIT_STEP_SECONDS)
    return _refresh(connection)


def _take_lease(connection: PipedriveConnection, *, seen: datetime.datetime) -> bool:
    now = timezone.now()
    free = Q(refreshing_until__isnull=True) | Q(refreshing_until__lt=now)
    rows = PipedriveConnection.objects.filter(free, pk=connection.pk, refreshed_at=seen)
    return rows.update(refreshing_until=now + LEASE) == 1


def _refresh(connection: PipedriveConnection) -> str:
    seen = connection.refreshed_at
    try:
        grant = oauth_app().refresh(refresh_token=connection.refresh_token)
        api_url = api_url_of(grant) if grant.api_domain else connection.api_url
    except GrantDiedError:
        return _after_invalid_grant(connection)
    except Exception:
        _release_lease(connection)
        raise
    now = timezone.now()
    tokens = {
        "access_token": grant.access_token,
        "refresh_token": grant.refresh_token or connection.refresh_token,
        "access_token_ends_at": now + datetime.timedelta(seconds=grant.expires_in),
        "refreshed_at": now,
        "api_url": api_url,
    }
    # Whoever has authorized anew while we asked, perhaps as another Pipedrive user, keeps the new tokens.
    PipedriveConnection.objects.filter(pk=connection.pk, refreshed_at=seen).update(**tokens, refreshing_until=None)
    _read_again(connection)
    return connection.access_token


def _after_invalid_grant(connection: PipedriveConnection) -> str:
    """Either the grant is dead, or the person has authorized anew while we asked with the old token."""
    used = connection.refresh_token
    _release_lease(connection)
    _read_again(connection)
    if connection.refresh_token != used:
        return connection.access_token
    mark_state(connection, PipedriveConnection.State.REAUTHORIZE)
    raise GrantDiedError("invalid_grant: the person has to authorize again")


def _read_again(connection: PipedriveConnection) -> None:
    try:
        connection.refresh_from_db(fields=TOKEN_FIELDS)
    except PipedriveConnection.DoesNotExist as error:
        raise GrantDiedError("the person has disconnected meanwhile") from error


def _release_lease(connection: PipedriveConnection) -> None:
    PipedriveConnection.objects.filter(pk=connection.pk).update(refreshing_until=None)


def mark_state(connection: PipedriveConnection, state: PipedriveConnection.State) -> None:
    """Set the state of exactly this authorization: one made in the meantime is left alone. Of a grant that has died its
    person and the company's admins are told.
    """
    same = PipedriveConnection.objects.filter(pk=connection.pk, connected_at=connection.connected_at)
    if same.exclude(state=state).update(state=state, checked_at=timezone.now()):
        logger.info("connection %s is now %s", connection.pk, state)
        if state == PipedriveConnection.State.REAUTHORIZE:
            wake(MAIL_TASK, connection.pk)
    connection.state = state
