"""`manage.py issue_licenses COMPANY --seats N [--until YYYY-MM-DD]`: new licence codes, one a line."""

import datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts.licenses import issue_licenses

LONGEST_NAME = 200


def _a_day(text: str) -> datetime.date:
    return datetime.date.fromisoformat(text)


class Command(BaseCommand):
    help = "Creates the company if it is new and prints new licence codes, one a line and nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("company", help="the company's name")
        parser.add_argument("--seats", type=int, required=True, help="how many licences")
        parser.add_argument("--until", type=_a_day, default=None, help="last day, YYYY-MM-DD; without it no end")

    def handle(self, *, company: str, seats: int, until: datetime.date | None, **options: Any) -> None:
        name = company.strip()
        if not name:
            raise CommandError("COMPANY must not be empty.")
        if len(name) > LONGEST_NAME:
            raise CommandError(f"COMPANY must not be longer than {LONGEST_NAME} characters.")
        if seats < 1:
            raise CommandError("--seats must be at least 1.")
        for license_ in issue_licenses(company_name=name, seats=seats, valid_until=until):
            self.stdout.write(license_.code)
