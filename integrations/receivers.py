"""What integrations do when something happens to a person or a connection."""

from typing import Any

from django.db.models.signals import post_delete
from django.dispatch import receiver

from accounts.models import User
from accounts.signals import company_changed
from integrations.connections import disconnect
from integrations.contact_upkeep import read_soon
from integrations.contacts import erase_if_abandoned
from integrations.models import PipedriveAccount, PipedriveConnection
from integrations.signals import pipedrive_connected


@receiver(company_changed)
def drop_connection_of_old_company(user: User, **_kwargs: Any) -> None:
    """A person who moves to another company must not write its calls into the old company's Pipedrive."""
    disconnect(user=user)


@receiver(pipedrive_connected)
def read_contacts(user: User, **_kwargs: Any) -> None:
    """The first connection begins the index; an admin's may see more than the one it is read with."""
    read_soon(user.pipedrive_connection.account)


@receiver(post_delete, sender=PipedriveConnection)
def erase_contacts(instance: PipedriveConnection, **_kwargs: Any) -> None:
    """With an account's last connection its index goes; before, somebody else's eyes take over."""
    account = PipedriveAccount.objects.filter(pk=instance.account_id).first()
    if account is not None and not erase_if_abandoned(account):
        read_soon(account)
