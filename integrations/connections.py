"""Who holds which token: connect, keep alive, disconnect, uninstall. Refreshing is in token_refresh.py."""

import datetime
import logging
from collections.abc import Mapping
from functools import partial

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from accounts.models import Company, User
from integrations.burst_limit import pace_of
from integrations.contacts import erase_if_abandoned
from integrations.errors import GrantDiedError, IntegrationError, RefusedError
from integrations.models import PendingRevocation, PipedriveAccount, PipedriveConnection
from integrations.pauses import answered, note_trouble, open_account, pause_of
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.operations import TOKENS, Operation
from integrations.pipedrive.payloads import PipedriveUser, TokenGrant
from integrations.pipedrive_app import api_url_of, oauth_app
from integrations.signals import pipedrive_connected, pipedrive_disconnected
from integrations.token_budget import Tally, spent_by
from integrations.token_refresh import access_token_for, mark_state, refresh_now

logger = logging.getLogger(__name__)

KEEP_ALIVE_AFTER = datetime.timedelta(days=7)
"""A refresh token dies after 60 days without use, each use gives it 60 new ones, and refreshing costs no tokens."""
CHECK_READ_SECONDS = 3.0


def whose_grant(grant: TokenGrant) -> PipedriveUser:
    """Ask Pipedrive which user and company a fresh grant belongs to.

    Raises:
        IntegrationError: Pipedrive could not be asked, or the grant names a host that is not Pipedrive's.
    """
    return PipedriveClient(base_url=api_url_of(grant), access_token=lambda _refused: grant.access_token).me()


def connect(*, user: User, grant: TokenGrant, pipedrive_user: PipedriveUser) -> PipedriveConnection:
    """Bind a grant to a person. Whoever proves to be a Pipedrive user takes over that user's earlier connection; the
    person's own grant as another Pipedrive user is revoked.
    """
    assert user.company is not None  # noqa: S101 - the views let only people of a company connect
    now = timezone.now()
    previous = PipedriveConnection.objects.filter(user=user).select_related("account").first()
    with transaction.atomic():
        account = _account_of(user.company, pipedrive_user)
        taken_over = _put_aside(user, pipedrive_user)
        connection, _created = PipedriveConnection.objects.update_or_create(
            user=user,
            defaults={
                "account": account,
                "pipedrive_user_id": pipedrive_user.user_id,
                **_profile(pipedrive_user),
                "api_url": api_url_of(grant),
                "access_token": grant.access_token,
                "refresh_token": grant.refresh_token,
                "access_token_ends_at": now + datetime.timedelta(seconds=grant.expires_in),
                "refreshed_at": now,
                "refreshing_until": None,
                "paused_until": None,
                "state": PipedriveConnection.State.CONNECTED,
                "is_deactivated": False,
                "told_at": None,
                "pauses_in_a_row": 0,
                "person_mailed_at": None,
                "admins_mailed_at": None,
                "reading_refused_until": None,
                "checked_at": now,
                "connected_at": now,
            },
        )
    PipedriveConnection.objects.filter(pk__in=taken_over, pipedrive_user_id__lt=0).delete()
    spent_by(connection)(Operation.PROFILE, TOKENS[Operation.PROFILE], {})
    if previous is not None and not _is_same_pipedrive_user(previous, connection):
        revoke(previous.refresh_token)
        erase_if_abandoned(previous.account)
    open_account(account)
    pipedrive_connected.send(sender=PipedriveConnection, user=user)
    return connection


def _account_of(company: Company, pipedrive_user: PipedriveUser) -> PipedriveAccount:
    """The account, with the names that it has now. Not by `update_or_create`: that locks the row against everything
    that refers to it, and an index being written would wait for it, and it for the index.
    """
    names = {"name": pipedrive_user.company_name, "domain": pipedrive_user.company_domain}
    account, created = PipedriveAccount.objects.get_or_create(
        company=company, pipedrive_company_id=pipedrive_user.company_id, defaults=names
    )
    if not created:
        PipedriveAccount.objects.filter(pk=account.pk).update(**names)
        account.name, account.domain = pipedrive_user.company_name, pipedrive_user.company_domain
    return account


def _put_aside(user: User, pipedrive_user: PipedriveUser) -> list[int]:
    """The connections of others to the same Pipedrive user, of no use any more and out of the way of the new one. They
    are deleted last: an account that is without a connection for a moment would lose its index.
    """
    others = PipedriveConnection.objects.filter(
        account__pipedrive_company_id=pipedrive_user.company_id, pipedrive_user_id=pipedrive_user.user_id
    ).exclude(user=user)
    pks = list(others.values_list("pk", flat=True))
    others.update(pipedrive_user_id=-F("id"), state=PipedriveConnection.State.REAUTHORIZE)
    return pks


def _is_same_pipedrive_user(one: PipedriveConnection, other: PipedriveConnection) -> bool:
    return (one.account.pipedrive_company_id, one.pipedrive_user_id) == (
        other.account.pipedrive_company_id,
        other.pipedrive_user_id,
    )


def _profile(pipedrive_user: PipedriveUser) -> dict[str, object]:
    return {"name": pipedrive_user.name, "email": pipedrive_user.email, "is_admin": pipedrive_user.is_admin}


def client_for(connection: PipedriveConnection, *, tally: Tally | None = None, **options: float) -> PipedriveClient:
    """Pipedrive as a connected person sees it: tokens are refreshed on the way, requests leave no faster than they may,
    and what they cost is counted: at once, or by a `tally` whose owner writes it down.
    """
    pace = pace_of(connection.pk)
    count = spent_by(connection) if tally is None else tally.spent_by(connection)

    def spent(operation: Operation, tokens: int, headers: Mapping[str, str]) -> None:
        pace.learn(operation, headers)
        count(operation, tokens, headers)

    return PipedriveClient(
        base_url=connection.api_url,
        access_token=lambda refused: access_token_for(connection, refused=refused),
        before=pace.wait,
        spent=spent,
        answered=partial(answered, connection),
        **options,
    )


def check(connection: PipedriveConnection) -> None:
    """See how the connection is now, and keep what Pipedrive says of the user (2 tokens). A dead grant stays dead,
    though its last access token may live on for an hour.
    """
    was_closed = connection.state == PipedriveConnection.State.ACCOUNT_CLOSED
    if connection.state == PipedriveConnection.State.REAUTHORIZE or (not was_closed and pause_of(connection)):
        return
    try:
        pipedrive_user = client_for(connection, read_seconds=CHECK_READ_SECONDS).me()
    except GrantDiedError:
        return
    except IntegrationError as error:
        logger.warning("connection %s could not be checked: %s", connection.pk, error)
        note_trouble(connection, error)
        PipedriveConnection.objects.filter(pk=connection.pk).update(checked_at=timezone.now())
        return
    for name, value in _profile(pipedrive_user).items():
        setattr(connection, name, value)
    connection.checked_at, connection.is_deactivated = timezone.now(), False
    connection.save(update_fields=["name", "email", "is_admin", "is_deactivated", "checked_at"])
    mark_state(connection, PipedriveConnection.State.CONNECTED)
    if open_account(connection.account) or was_closed:
        pipedrive_connected.send(sender=PipedriveConnection, user=connection.user)


def disconnect(*, user: User) -> None:
    """Forget a person's tokens and tell Pipedrive, now or, where it does not answer, later."""
    connection = PipedriveConnection.objects.filter(user=user).select_related("user", "account__company").first()
    if connection is None:
        return
    refresh_token = connection.refresh_token
    _forget(connection)
    revoke(refresh_token)


def _forget(connection: PipedriveConnection) -> None:
    """Delete a connection, and let whoever waits for it say so at the same moment."""
    user, company = connection.user, connection.account.company
    with transaction.atomic():
        connection.delete()
        pipedrive_disconnected.send(sender=PipedriveConnection, user=user, company=company)


def decline(*, grant: TokenGrant, pipedrive_user: PipedriveUser) -> None:
    """Give back a grant that nobody wants. Revoking ends all of the Pipedrive user's grants, so one in use stays."""
    in_use = PipedriveConnection.objects.filter(
        account__pipedrive_company_id=pipedrive_user.company_id, pipedrive_user_id=pipedrive_user.user_id
    )
    if not in_use.exists():
        revoke(grant.refresh_token)


def revoke(refresh_token: str) -> None:
    """Revoke a refresh token; when Pipedrive cannot be told, keep it (encrypted) for `retry_revocations`."""
    if not refresh_token:
        return
    try:
        oauth_app().revoke(refresh_token=refresh_token)
    except IntegrationError as error:
        logger.warning("a refresh token is to be revoked later: %s", error)
        PendingRevocation.objects.create(refresh_token=refresh_token)


def retry_revocations() -> None:
    """Tell Pipedrive of the tokens it could not be told of before."""
    for pending in PendingRevocation.objects.all()[:100]:
        try:
            if pending.refresh_token:
                oauth_app().revoke(refresh_token=pending.refresh_token)
        except RefusedError as error:
            logger.warning("revocation %s was refused: %s", pending.pk, error)
            continue
        except IntegrationError as error:
            logger.warning("revocation %s failed again: %s", pending.pk, error)
            return
        pending.delete()


def uninstalled(*, pipedrive_company_id: int, pipedrive_user_id: int, at: datetime.datetime | None) -> None:
    """Pipedrive says that a user uninstalled the app: the tokens are dead. A word older than the connection is ignored.

    Where its time has whole seconds, an uninstall in the second of a connection counts as later.
    """
    connections = PipedriveConnection.objects.filter(
        account__pipedrive_company_id=pipedrive_company_id, pipedrive_user_id=pipedrive_user_id
    )
    if at is not None:
        connections = connections.filter(connected_at__lte=_end_of(at))
    for connection in connections.select_related("user", "account__company"):
        _forget(connection)


def _end_of(moment: datetime.datetime) -> datetime.datetime:
    """The last instant that a time of whole seconds or milliseconds can mean."""
    if moment.microsecond == 0:
        return moment.replace(microsecond=999_999)
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000 + 999)


def keep_alive() -> None:
    """Refresh the tokens that nobody has used for a week, so that an idle rep's grant does not die silently."""
    idle = PipedriveConnection.objects.filter(
        state=PipedriveConnection.State.CONNECTED, refreshed_at__lt=timezone.now() - KEEP_ALIVE_AFTER
    )
    for connection in idle.iterator():
        try:
            refresh_now(connection)
        except IntegrationError as error:
            logger.warning("connection %s could not be kept alive: %s", connection.pk, error)


def check_closed_accounts() -> None:
    """See whether accounts that Pipedrive had closed are open again: one request each, by whoever may still ask."""
    states = PipedriveConnection.State
    closed = PipedriveConnection.objects.filter(state=states.ACCOUNT_CLOSED).select_related("account", "user")
    looked_at: set[int] = set()
    for connection in closed.order_by("account", "-is_admin", "pk"):
        if connection.account_id not in looked_at:
            check(connection)
            if connection.state != states.REAUTHORIZE:
                looked_at.add(connection.account_id)
