"""Which numbers are the company's own: those of its people, never customers'."""

import datetime
import logging
import re

from django.utils import timezone

from accounts.models import Company
from calls.policy import OwnNumber
from integrations.errors import IntegrationError
from integrations.mustalinja_link import numbers_of_users

logger = logging.getLogger(__name__)

LEARNED_FOR = datetime.timedelta(days=90)
"""A number that nobody has named for so long may be somebody else's by now."""
E164 = re.compile(r"\+[0-9]{1,15}")
SEEN_AGAIN_AFTER = datetime.timedelta(days=1)


def is_own_number(company: Company, number: str) -> bool:
    """Whether an E.164 number is on the company's list."""
    own = OwnNumber.objects.filter(company=company, number=number, is_removed=False).first()
    return own is not None and (own.is_entered or own.seen_at >= timezone.now() - LEARNED_FOR)


def learn(company: Company, number: str) -> None:
    """Mustalinja has named a number as one of the company's people's."""
    now = timezone.now()
    if not E164.fullmatch(number):
        return
    own, created = OwnNumber.objects.get_or_create(company=company, number=number, defaults={"seen_at": now})
    if not created and own.seen_at < now - SEEN_AGAIN_AFTER:
        OwnNumber.objects.filter(pk=own.pk).update(seen_at=now)


def learn_from_mustalinja() -> None:
    """Take the numbers of every company's users from Mustalinja, where it can be asked."""
    for company in Company.objects.filter(mustalinja__isnull=False).exclude(mustalinja__credentials_accepted=False):
        learn_users_of(company)


def learn_users_of(company: Company) -> None:
    """Take the numbers of a company's users from Mustalinja."""
    try:
        numbers = numbers_of_users(company)
    except IntegrationError as error:
        logger.warning("company %s: Mustalinja's users could not be read: %s", company.pk, error)
        return
    for number in numbers:
        learn(company, number)


def own_numbers_of(company: Company) -> list[str]:
    """The company's list, in E.164."""
    own = OwnNumber.objects.filter(company=company, is_removed=False).order_by("number")
    lately = timezone.now() - LEARNED_FOR
    return [each.number for each in own if each.is_entered or each.seen_at >= lately]


def change_own_numbers(company: Company, *, added: set[str], removed: set[str]) -> None:
    """Somebody has edited the list by hand."""
    now = timezone.now()
    OwnNumber.objects.bulk_create(
        [OwnNumber(company=company, number=number, is_entered=True, seen_at=now) for number in sorted(added)],
        update_conflicts=True,
        unique_fields=["company", "number"],
        update_fields=["is_entered", "is_removed", "seen_at"],
    )
    OwnNumber.objects.filter(company=company, number__in=removed).update(is_removed=True, is_entered=False)
