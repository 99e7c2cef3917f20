"""A rep's list of private numbers, of which only keyed digests are kept.

A digest is HMAC-SHA256 over the E.164 number. The key is the rep's own, random, and lies encrypted like the tokens
(FIELD_ENCRYPTION_KEYS): a copy of the database tells nothing, though there are few enough telephone numbers to try them
all. When the encryption keys are rotated, `manage.py reencrypt` encrypts the reps' keys anew, and all digests stay.
"""

import hmac
import secrets
from hashlib import sha256

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import User
from calls.personal import PrivateNumber, RepPolicy

MOST_NUMBERS = 1000


class UnreadableListError(Exception):
    """No encryption key opens the rep's own key any more: nobody can tell whether a number is on the list."""


def count_of(user: User) -> int:
    return PrivateNumber.objects.filter(user=user).count()


def is_private(user: User, number: str, *, policy: RepPolicy | None = None) -> bool:
    """Whether an E.164 number is on a rep's list.

    Args:
        policy: the rep's, where it has been read already.

    Raises:
        UnreadableListError: that cannot be told.
    """
    policy = policy or _policy_of(user)
    listed = PrivateNumber.objects.filter(user=user)
    if policy.number_key:
        return listed.filter(digest=_digest(policy.number_key, number)).exists()
    if policy.pk is not None and listed.exists():
        raise UnreadableListError
    return False


def add_number(user: User, number: str) -> bool:
    """Put a number on the list; False when it was there.

    Raises:
        UnreadableListError: what is listed cannot be read, so the list has to be emptied first.
        ValueError: the list is full.
    """
    if is_private(user, number):
        return False
    if count_of(user) >= MOST_NUMBERS:
        raise ValueError(_("The list is full. Remove a number first."))
    _add(user, {number})
    return True


def remove_number(user: User, number: str) -> bool:
    """Take a number off the list; False when it was not there."""
    key = _policy_of(user).number_key
    listed = PrivateNumber.objects.filter(user=user, digest=_digest(key, number)) if key else None
    return listed is not None and bool(listed.delete()[0])


def remove_all(user: User) -> None:
    """Empty the list; the next number begins one with a key of its own."""
    with transaction.atomic():
        PrivateNumber.objects.filter(user=user).delete()
        RepPolicy.objects.filter(user=user).update(number_key="")


def replace_numbers(user: User, numbers: set[str]) -> None:
    """Make these the whole list."""
    with transaction.atomic():
        remove_all(user)
        if numbers:
            _add(user, numbers)


def _policy_of(user: User) -> RepPolicy:
    return RepPolicy.objects.filter(user=user).first() or RepPolicy(user=user)


def _add(user: User, numbers: set[str]) -> None:
    with transaction.atomic():
        policy, _created = RepPolicy.objects.select_for_update().get_or_create(user=user)
        if not policy.number_key:
            policy.number_key = secrets.token_hex(32)
            policy.save(update_fields=["number_key"])
        digests = sorted(_digest(policy.number_key, number) for number in numbers)
        rows = [PrivateNumber(user=user, digest=digest) for digest in digests]
        PrivateNumber.objects.bulk_create(rows, ignore_conflicts=True)


def _digest(key: str, number: str) -> str:
    return hmac.new(bytes.fromhex(key), number.encode(), sha256).hexdigest()
