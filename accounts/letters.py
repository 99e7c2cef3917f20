"""Mails that are sent once for an occasion, whichever of several workers comes first, and not too many a day."""

import datetime
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from accounts.mails import mail_person, send_each
from accounts.models import Company, Letter, User
from accounts.unsubscribing import unsubscribe_url

NOT_ESSENTIAL = (Letter.Kind.INVITATION, Letter.Kind.DIGEST, Letter.Kind.SUMMARY)
ENOUGH_A_DAY = 3
"""So many mails that are not essential one address gets on a day, Helsinki time."""
MORNING = datetime.time(7)
"""From then on, Helsinki time, the day's mails are sent."""
KEPT_FOR = datetime.timedelta(days=90)
"""Longer than any occasion lasts: nothing is sent again because its row is gone."""


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A mail to a person that is sent once for its occasion.

    Attributes:
        template: `<template>_subject.txt` and `<template>_message.txt` are sent.
    """

    person: User
    company: Company
    kind: Letter.Kind
    occasion: str
    template: str
    context: dict[str, Any]


@contextmanager
def one_letter(*, email: str, kind: str, occasion: str) -> Iterator[bool]:
    """Claim a mail before it is sent; the one who gets True sends it. When that fails, the claim is given back. A
    worker killed in between costs the mail: rather none than two.
    """
    letter, is_mine = Letter.objects.get_or_create(email=email, kind=kind, occasion=occasion)
    try:
        yield is_mine
    except Exception:
        if is_mine:
            letter.delete()
        raise


def is_enough_for_today(email: str) -> bool:
    """Whether an address has got as many mails today as it may."""
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    today = Letter.objects.filter(email=email, kind__in=NOT_ESSENTIAL, sent_at__gte=midnight)
    return today.count() >= ENOUGH_A_DAY


def send_all(drafts: Iterable[Draft]) -> None:
    """Send each that nobody has sent."""
    send_each(_send, drafts)


def _send(draft: Draft) -> None:
    if draft.kind in NOT_ESSENTIAL and is_enough_for_today(draft.person.email):
        return
    with one_letter(email=draft.person.email, kind=draft.kind, occasion=draft.occasion) as is_mine:
        if is_mine:
            way_out = unsubscribe_url(draft.person, draft.kind) if draft.kind in NOT_ESSENTIAL else ""
            mail_person(draft.person, draft.company, draft.template, context=draft.context, unsubscribe_url=way_out)


def forget_old_letters() -> None:
    """Drop what is too old to be sent again."""
    Letter.objects.filter(sent_at__lt=timezone.now() - KEPT_FOR).delete()
