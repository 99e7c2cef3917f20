"""What the organization of a call's person is called: kept, since Pipedrive's list of persons has its id only."""

import datetime
from dataclasses import replace

from django.utils import timezone

from calls.matching import Match
from integrations.errors import AccountClosedError, RefusedError
from integrations.models import HiddenOrganization, Organization, PipedriveAccount, PipedriveConnection
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.refusals import hides

READ_AGAIN_AFTER = datetime.timedelta(days=30)
HIDDEN_FOR = datetime.timedelta(days=1)


def with_organization(match: Match, *, connection: PipedriveConnection, client: PipedriveClient) -> Match:
    """The match with its organization's name (1 token, once in 30 days for each). Where the rep may not see it, the
    name stays empty, unless a colleague's call has read it; where the rep's activities were refused with it today, it
    is left out.

    Raises:
        IntegrationError: Pipedrive could not be asked.
    """
    if match.organization_id is None:
        return match
    now = timezone.now()
    hidden = HiddenOrganization.objects.filter(connection=connection, organization_id=match.organization_id)
    if hidden.filter(hidden_at__gt=now - HIDDEN_FOR).exists():
        return without_organization(match)
    if match.organization_name:
        return match
    names = Organization.objects.filter(account=connection.account_id, organization_id=match.organization_id)
    known = names.filter(is_hidden=False, read_at__gt=now - READ_AGAIN_AFTER).first()
    if known is not None:
        return replace(match, organization_name=known.name)
    return replace(match, organization_name=_read(match.organization_id, account=connection.account, client=client))


def is_organization_hidden(match: Match, *, connection: PipedriveConnection, client: PipedriveClient) -> bool:
    """Whether the rep cannot see the organization with which Pipedrive has just refused an activity (1 token). For a
    day it is then left out of this rep's activities, since each refusal costs as much as a call; colleagues may see it.

    Raises:
        IntegrationError: Pipedrive could not be asked.
    """
    if match.organization_id is None:
        return False
    try:
        client.organization_name(match.organization_id)
    except AccountClosedError:
        raise
    except RefusedError as error:
        if not hides(error):
            return False
        _hide(match.organization_id, connection=connection)
        return True
    return False


def without_organization(match: Match) -> Match:
    """The person alone."""
    return replace(match, organization_id=None, organization_name="")


def _read(organization_id: int, *, account: PipedriveAccount, client: PipedriveClient) -> str:
    try:
        name = client.organization_name(organization_id)[:255]
    except AccountClosedError:
        raise
    except RefusedError:
        return ""
    now = {"name": name, "is_hidden": False, "read_at": timezone.now()}
    Organization.objects.update_or_create(account=account, organization_id=organization_id, defaults=now)
    return name


def _hide(organization_id: int, *, connection: PipedriveConnection) -> None:
    """Keep that for a day, and nothing that is older: neither what is over nor what a connection has left behind."""
    now = timezone.now()
    HiddenOrganization.objects.filter(hidden_at__lte=now - HIDDEN_FOR).delete()
    HiddenOrganization.objects.update_or_create(
        connection=connection, organization_id=organization_id, defaults={"hidden_at": now}
    )
