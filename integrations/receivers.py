"""What integrations do when something happens to a person."""

from typing import Any

from django.dispatch import receiver

from accounts.models import User
from accounts.signals import company_changed
from integrations.connections import disconnect


@receiver(company_changed)
def drop_connection_of_old_company(user: User, **_kwargs: Any) -> None:
    """A person who moves to another company must not write its calls into the old company's Pipedrive."""
    disconnect(user=user)
