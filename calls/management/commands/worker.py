"""`manage.py worker`: does the portal's work in the background until SIGTERM or Ctrl-C."""

import argparse
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from calls.worker.supervisor import SILENCE_SECONDS, Supervisor


class Command(BaseCommand):
    help = "Runs the worker until SIGTERM or Ctrl-C; within 30 seconds, work in progress is finished or handed back."

    def add_arguments(self, parser: CommandParser) -> None:
        # For tests, which would only wait otherwise.
        parser.add_argument("--silence", type=float, default=SILENCE_SECONDS, help=argparse.SUPPRESS)

    def handle(self, *, silence: float, **options: Any) -> None:
        Supervisor(silence=silence).run()
