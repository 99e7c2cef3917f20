"""`manage.py setup_schedules`: (re)create the periodic jobs."""

from typing import Any

from django.core.management.base import BaseCommand

from calls.schedules import EVERY_MINUTES, set_up_schedules


class Command(BaseCommand):
    help = "Makes the periodic jobs what the code says. Doing it again changes nothing."

    def handle(self, **options: Any) -> None:
        set_up_schedules()
        self.stdout.write(f"{len(EVERY_MINUTES)} periodic jobs are in place.")
