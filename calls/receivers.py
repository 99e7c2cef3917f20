"""What calls do when something happens to people and their connections."""

from typing import Any

from django.db.models.signals import post_migrate
from django.dispatch import receiver

from accounts.models import User
from accounts.signals import license_redeemed
from calls.apps import CallsConfig
from calls.queue import resume_soon
from calls.schedules import set_up_schedules
from integrations.signals import pipedrive_connected


@receiver([license_redeemed, pipedrive_connected])
def let_waiting_calls_go_on(user: User, **_kwargs: Any) -> None:
    resume_soon(user.company_id)


@receiver(post_migrate)
def keep_schedules_in_place(sender: Any, **_kwargs: Any) -> None:
    if isinstance(sender, CallsConfig):
        set_up_schedules()
