"""A rep's own settings: in the account what concerns the person, in the RepPolicy what concerns their calls."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from rest_framework import serializers

from accounts.models import LONGEST_HOLD_MINUTES, User
from calls.company_settings import KnownFieldsSerializer
from calls.models import Call
from calls.personal import RepPolicy
from calls.policy import RULES
from calls.privacy import make_number_private
from calls.private_numbers import MOST_NUMBERS, count_of, replace_numbers
from calls.queue import call_up
from calls.reasons import Reason, Status
from calls.typed_numbers import clean_number

OF_ACCOUNT = ("language", "hold_minutes", "summary")


class PrivateNumberField(serializers.CharField):
    """A number in any spelling."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return clean_number(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class OwnSettingsSerializer(KnownFieldsSerializer):
    """The settings that everybody may read and change for themself."""

    language = serializers.ChoiceField(
        choices=User.Language.choices, allow_blank=True, help_text="Empty: the language of the browser."
    )
    hold_minutes = serializers.IntegerField(min_value=0, max_value=LONGEST_HOLD_MINUTES)
    summary = serializers.ChoiceField(choices=User.Summary.choices)
    not_logged = serializers.ListField(
        child=serializers.ChoiceField(choices=RULES),
        help_text="Kinds of calls that are not logged, in addition to those that the company does not log.",
    )
    private_numbers = serializers.ListField(
        child=PrivateNumberField(),
        max_length=MOST_NUMBERS,
        write_only=True,
        help_text="The whole list. It cannot be read back: only keyed digests are kept.",
    )
    private_number_count = serializers.IntegerField(read_only=True)

    def validate_not_logged(self, value: list[str]) -> list[str]:
        return [kind for kind in RULES if kind in value]


def read_own_settings(user: User) -> dict[str, Any]:
    """A person's settings as they are now."""
    return {
        **User.objects.values(*OF_ACCOUNT).get(pk=user.pk),
        "not_logged": RepPolicy.of(User.objects.get(pk=user.pk)).left_out,
        "private_number_count": count_of(user),
    }


def write_own_settings(user: User, changes: dict[str, Any]) -> None:
    """Change what `changes` names and leave the rest. Calls that are being held go by the new hold, and calls with a
    number that has become private are not logged; those that are logged already stay.
    """
    with transaction.atomic():
        of_account = {name: changes[name] for name in OF_ACCOUNT if name in changes}
        if of_account:
            User.objects.filter(pk=user.pk).update(**of_account)
        if "not_logged" in changes:
            RepPolicy.objects.update_or_create(user=user, defaults={"left_out": changes["not_logged"]})
        if "private_numbers" in changes:
            numbers = set(changes["private_numbers"])
            replace_numbers(user, numbers)
            for number in sorted(numbers):
                make_number_private(user, number, with_logged=False)
        if "hold_minutes" in changes:
            _look_again_at_held(user)


def _look_again_at_held(user: User) -> None:
    """Let a worker see how long the rep's held calls are held now."""
    now = timezone.now()
    pending = Call.objects.filter(rep=user, status=Status.PENDING, reason=Reason.QUEUED, claimed_until=None)
    if pending.filter(next_attempt_at__gt=now).update(next_attempt_at=now) and user.company_id is not None:
        call_up(user.company_id)
