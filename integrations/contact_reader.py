"""With whose eyes an account's persons are read, and one person at a time."""

import logging
from contextlib import suppress

from django.db.models import Q
from django.utils import timezone

from integrations.connections import client_for
from integrations.contacts import IndexGoneError, forget_person, write_persons
from integrations.errors import IntegrationError, NotFoundError, RefusedError
from integrations.models import ContactIndex, PipedriveAccount, PipedriveConnection, PipedriveSubscription
from integrations.pauses import note_trouble, pause_of
from integrations.pipedrive.client import PipedriveClient
from integrations.pipedrive.payloads import Person
from integrations.pipedrive.refusals import hides

logger = logging.getLogger(__name__)


def reader_of(account: PipedriveAccount) -> PipedriveConnection | None:
    """The connection that sees most: an admin's before others, the longest connected first; None where none works.
    Those that may not read persons, or are deactivated in Pipedrive, only where there is nobody else.
    """
    live = account.connections.filter(state=PipedriveConnection.State.CONNECTED)
    may_read = Q(reading_refused_until__isnull=True) | Q(reading_refused_until__lt=timezone.now())
    for connections in (live.filter(may_read, is_deactivated=False), live):
        # Its account is the very object that was given: who goes ahead after a pause may do so with these eyes, too.
        reader = connections.order_by("-is_admin", "connected_at").first()
        if reader is not None:
            return reader
    return None


def may_see_more(connection: PipedriveConnection) -> bool:
    """Whether a user may see persons that are not in the index: neither an admin reads it, who sees all, nor this user.
    Who has read everything and who reads the changes now may be two.
    """
    reader, index = reader_of(connection.account), ContactIndex.objects.filter(account=connection.account_id).first()
    if reader is None or index is None:
        return False
    is_own = reader.pk == index.reader_id == connection.pk
    return not is_own and not (reader.is_admin and index.reader_is_admin)


def hears_of_changes(account: PipedriveAccount) -> bool:
    """Whether the webhooks of an account arrive, deletions among them."""
    subscription = PipedriveSubscription.objects.filter(account=account).first()
    return subscription is not None and subscription.is_proven


def may_ask(reader: PipedriveConnection) -> bool:
    """Whether nothing speaks against asking Pipedrive with these eyes now."""
    refused_until = reader.reading_refused_until
    is_refused = refused_until is not None and refused_until > timezone.now()
    return not is_refused and pause_of(reader) is None


def recheck(account: PipedriveAccount, person_id: int) -> bool:
    """Read one person anew, with the reader's eyes (1 token). One that is not there any more, or hidden from them now,
    leaves the index. Where the reader cannot say (False), everything stays as it is: the trouble is not that of whose
    call it is.
    """
    index, reader = ContactIndex.objects.filter(account=account).first(), reader_of(account)
    if index is None or reader is None or not may_ask(reader):
        return False
    with suppress(IndexGoneError):
        try:
            person = _visible(client_for(reader), person_id, phone_fields=index.phone_fields)
        except IntegrationError as error:
            logger.warning("Pipedrive account %s: a person could not be looked at: %s", account.pk, error)
            note_trouble(reader, error)
            return False
        if person is None or person.is_deleted:
            forget_person(index, person_id)
        else:
            write_persons(index, [person])
    return True


def _visible(client: PipedriveClient, person_id: int, *, phone_fields: list[str]) -> Person | None:
    """A person as this user sees it now; None where it is not there, or not for these eyes. A 403 may say that, or that
    the user may read nobody: the list, which leaves out who is hidden, tells (10 tokens).

    Raises:
        IntegrationError: it cannot be told.
    """
    try:
        return client.person(person_id, phone_fields=phone_fields)
    except NotFoundError:
        return None
    except RefusedError as error:
        if not hides(error) or client.persons([person_id]):
            raise
        return None
