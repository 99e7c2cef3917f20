"""Pipedrive's webhooks for an account: registered with the reader's eyes, verified daily, renewed where they are gone.

Source: https://pipedrive.readme.io/docs/guide-for-webhooks-v2. Pipedrive drops a webhook that fails for three days, and
those of a user who uninstalls the app.
"""

import datetime
import logging

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from integrations.connections import client_for
from integrations.errors import (
    AccountClosedError,
    IntegrationError,
    RateLimitedError,
    RefusedError,
    TryLaterError,
)
from integrations.models import PipedriveAccount, PipedriveConnection, PipedriveSubscription
from integrations.pipedrive.client import PipedriveClient

logger = logging.getLogger(__name__)

ENTITIES = ("person", "user")
VERIFIED_FOR = datetime.timedelta(days=1)
ASKED_AGAIN_AFTER = datetime.timedelta(minutes=10)
BASIC_USER = "mustalinja-connector"


def webhook_url(subscription: PipedriveSubscription) -> str:
    """The public address to which Pipedrive sends the events of an account."""
    path = reverse("integrations:pipedrive_webhook", args=[subscription.key])
    return f"{settings.SITE_URL}{path}"


def keep_subscription(account: PipedriveAccount, reader: PipedriveConnection, client: PipedriveClient) -> None:
    """See to it that the webhooks are there and see what the reader sees. Where Pipedrive refuses them, because it does
    not reach this portal or because the app may not have any, and where it does not answer, the polls do without.

    Raises:
        RateLimitedError, GrantDiedError, AccountClosedError: nothing else would work now either.
    """
    subscription, _created = PipedriveSubscription.objects.get_or_create(account=account)
    now = timezone.now()
    is_same = subscription.owner_id == reader.pk and subscription.address == webhook_url(subscription)
    is_as_wanted = is_same and bool(subscription.webhook_ids)
    if subscription.verify_at > now and (is_as_wanted or subscription.problem):
        return
    subscription.verify_at = now + VERIFIED_FOR
    try:
        _renew(subscription, reader, client, is_as_wanted=is_as_wanted)
        subscription.problem = ""
    except AccountClosedError:
        raise
    except RefusedError as error:
        logger.warning("Pipedrive account %s: webhooks are refused: %s", account.pk, error)
        subscription.webhook_ids, subscription.problem = [], (error.vendor_message or str(error))[:255]
    except RateLimitedError:
        raise
    except TryLaterError as error:
        logger.warning("Pipedrive account %s: its webhooks could not be verified: %s", account.pk, error)
        subscription.verify_at, subscription.problem = now + ASKED_AGAIN_AFTER, str(error)[:255]
    _save(subscription)


def _renew(
    subscription: PipedriveSubscription, reader: PipedriveConnection, client: PipedriveClient, *, is_as_wanted: bool
) -> None:
    """Only webhooks with our own key are ours to end: the list may show those of others. Where it shows the former
    owner's, only the owner may be able to end them.
    """
    path = reverse("integrations:pipedrive_webhook", args=[subscription.key])
    existing = {number for number, address in client.webhooks().items() if address.endswith(path)}
    if is_as_wanted and set(subscription.webhook_ids) <= existing:
        _end(existing - set(subscription.webhook_ids), client)
        return
    _end(existing - _end_those_of_another(subscription, reader), client)
    subscription.owner, subscription.address, subscription.webhook_ids = reader, webhook_url(subscription), []
    _save(subscription)
    subscription.webhook_ids = [_register(subscription, client, entity) for entity in ENTITIES]


def _register(subscription: PipedriveSubscription, client: PipedriveClient, entity: str) -> int:
    return client.register_webhook(
        entity=entity,
        name=f"Mustalinja Connector: {entity}",
        url=subscription.address,
        user=BASIC_USER,
        password=subscription.password,
    )


def _end_those_of_another(subscription: PipedriveSubscription, reader: PipedriveConnection) -> set[int]:
    """A reader who sees more takes over; the earlier one's webhooks would tell everything twice. Gives those that are
    ended.
    """
    owner = subscription.owner
    if owner is None or owner.pk == reader.pk or not owner.is_live:
        return set()
    try:
        return _end(set(subscription.webhook_ids), client_for(owner))
    except IntegrationError as error:
        logger.warning("webhooks of connection %s could not be ended: %s", owner.pk, error)
        return set()


def _end(webhook_ids: set[int], client: PipedriveClient) -> set[int]:
    """End webhooks, and give those that are ended. One that is gone already, or not this user's to end, keeps neither
    the others nor new ones from their turn.
    """
    ended = set()
    for webhook_id in sorted(webhook_ids):
        try:
            client.delete_webhook(webhook_id)
        except AccountClosedError:
            raise
        except RefusedError as error:
            logger.info("webhook %s could not be ended: %s", webhook_id, error)
        else:
            ended.add(webhook_id)
    return ended


def _save(subscription: PipedriveSubscription) -> None:
    """By an update, since the account may have been disconnected meanwhile."""
    PipedriveSubscription.objects.filter(pk=subscription.pk).update(
        owner=subscription.owner,
        address=subscription.address,
        webhook_ids=subscription.webhook_ids,
        verify_at=subscription.verify_at,
        problem=subscription.problem,
    )
