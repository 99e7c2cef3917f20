"""The users of a Pipedrive account, as far as they have connected: whether a person is an admin, is still active, has
another email now. Of the others nothing is kept.
"""

import datetime
import logging

from django.db.models import Q
from django.utils import timezone

from integrations.errors import AccountClosedError, RateLimitedError, RefusedError, TryLaterError
from integrations.models import PipedriveAccount, PipedriveConnection
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.payloads import User

logger = logging.getLogger(__name__)

ASKED_AGAIN_AFTER = datetime.timedelta(minutes=10)
READ_AGAIN_AFTER = datetime.timedelta(days=1)
"""Reading them costs 20 tokens; webhooks tell of changes in between."""


def keep_users(account: PipedriveAccount, client: PipedriveClient) -> None:
    """Read the users once a day. Where Pipedrive does not let them be read, each connection's own profile has to do.

    Raises:
        RateLimitedError, GrantDiedError, AccountClosedError: nothing else would work now either.
    """
    now = timezone.now()
    if account.users_read_at is not None and account.users_read_at > now - READ_AGAIN_AFTER:
        return
    try:
        users = client.users()
    except AccountClosedError:
        raise
    except RefusedError as error:
        logger.warning("Pipedrive account %s: the users may not be read: %s", account.pk, error)
        users = []
    except RateLimitedError:
        raise
    except TryLaterError as error:
        logger.warning("Pipedrive account %s: the users could not be read: %s", account.pk, error)
        users, now = [], now - READ_AGAIN_AFTER + ASKED_AGAIN_AFTER
    account.users_read_at = now
    account.save(update_fields=["users_read_at"])
    for user in users:
        _tell_connection(account, user)


def take_over(account: PipedriveAccount, user: User, *, told_at: datetime.datetime) -> None:
    """A webhook tells that a user is new or has changed; an older word than the last one is dropped."""
    not_newer = Q(told_at__isnull=True) | Q(told_at__lte=told_at)
    of_user = PipedriveConnection.objects.filter(account=account, pipedrive_user_id=user.user_id)
    if of_user.filter(not_newer).update(told_at=told_at):
        _tell_connection(account, user)


def has_left(account: PipedriveAccount, user_id: int, *, told_at: datetime.datetime) -> None:
    """A webhook tells that a user was deleted."""
    not_newer = Q(told_at__isnull=True) | Q(told_at__lte=told_at)
    of_user = PipedriveConnection.objects.filter(not_newer, account=account, pipedrive_user_id=user_id)
    of_user.update(told_at=told_at, is_deactivated=True)


def _tell_connection(account: PipedriveAccount, user: User) -> None:
    now: dict[str, object] = {"name": user.name, "is_deactivated": not user.is_active}
    if user.email:
        now["email"] = user.email
    if user.is_admin is not None:
        now["is_admin"] = user.is_admin
    of_user = PipedriveConnection.objects.filter(account=account, pipedrive_user_id=user.user_id)
    of_user.exclude(**now).update(**now)
