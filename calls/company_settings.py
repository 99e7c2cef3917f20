"""The company's settings as one JSON object, though they live in three tables."""

from typing import Any, cast

from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

from accounts.models import Company, User
from calls.blocked_numbers import clean_blocked_number
from calls.call_texts import LONGEST_NOTE, LONGEST_SUBJECT
from calls.company_row import change_company
from calls.own_numbers import change_own_numbers, own_numbers_of
from calls.placeholders import check_placeholders
from calls.policy import (
    FOLLOW_UP_AFTER_AT_MOST,
    RULES,
    Deals,
    FollowUpFor,
    FollowUpUnit,
    LoggingPolicy,
    LogRule,
    OutsideHours,
    PlannedCalls,
    SeveralContacts,
    UnknownCaller,
)
from calls.resume import settings_changed
from calls.typed_numbers import clean_number
from calls.working_hours import clean_hours
from integrations.models import MustalinjaAccount
from integrations.phone_numbers import regions

OF_COMPANY = ("language", "region")
OF_POLICY = (
    "activity_type",
    "several_contacts",
    "unknown_caller",
    "create_person_for",
    "deals",
    "planned_calls",
    "blocked_numbers",
    "minimum_seconds",
    "working_hours",
    "outside_hours",
    "follow_up",
    "follow_up_after",
    "follow_up_unit",
    "follow_up_for",
)
NO_HOURS = _("Enter your working hours first: without them no call is outside.")
NO_KIND_CHOSEN = _("Choose at least one kind of call after which a person is created.")


class BlockedNumberField(serializers.CharField):
    """A number in any spelling, or a prefix with `*` behind it; kept in E.164."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return clean_blocked_number(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class OwnNumberField(serializers.CharField):
    """A number in any spelling; kept in E.164."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return clean_number(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class HoursField(serializers.CharField):
    """The working hours of a day in any spelling; kept as `08:00-16:00`."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return clean_hours(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class KnownFieldsSerializer(serializers.Serializer[Any]):
    """Refuses what is not a field: a word spelled wrong must not look saved. A field that is only read may be sent back
    as it was read, and is left out.
    """

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            raise serializers.ValidationError({name: [_("There is no such setting.")] for name in unknown})
        return super().to_internal_value(data)


def subject_field() -> serializers.CharField:
    """The subject of one kind of call."""
    return serializers.CharField(
        max_length=LONGEST_SUBJECT, allow_blank=True, required=False, validators=[check_placeholders]
    )


def note_field() -> serializers.CharField:
    """The note of one kind of call."""
    return serializers.CharField(
        max_length=LONGEST_NOTE, allow_blank=True, required=False, validators=[check_placeholders]
    )


class RulesSerializer(KnownFieldsSerializer):
    """What becomes of each kind of call."""

    in_answered = serializers.ChoiceField(choices=LogRule.choices, required=False)
    in_missed = serializers.ChoiceField(choices=LogRule.choices, required=False)
    out_answered = serializers.ChoiceField(choices=LogRule.choices, required=False)
    out_unanswered = serializers.ChoiceField(choices=LogRule.choices, required=False)


class SubjectsSerializer(KnownFieldsSerializer):
    """The company's own subject for each kind of call; empty: the portal's own."""

    in_answered = subject_field()
    in_missed = subject_field()
    out_answered = subject_field()
    out_unanswered = subject_field()


class NotesSerializer(KnownFieldsSerializer):
    """What stands above the facts in the note of each kind of call."""

    in_answered = note_field()
    in_missed = note_field()
    out_answered = note_field()
    out_unanswered = note_field()


class WorkingHoursSerializer(KnownFieldsSerializer):
    """The whole week; days that are left out are free."""

    mon = HoursField(required=False)
    tue = HoursField(required=False)
    wed = HoursField(required=False)
    thu = HoursField(required=False)
    fri = HoursField(required=False)
    sat = HoursField(required=False)
    sun = HoursField(required=False)


class CompanySettingsSerializer(KnownFieldsSerializer):
    """The settings that a company's admin may read and change."""

    language = serializers.ChoiceField(choices=Company.Language.choices)
    activity_type = serializers.RegexField(r"^[\w-]+$", max_length=64)
    rules = RulesSerializer()
    several_contacts = serializers.ChoiceField(choices=SeveralContacts.choices)
    unknown_caller = serializers.ChoiceField(choices=UnknownCaller.choices)
    create_person_for = serializers.ListField(
        child=serializers.ChoiceField(choices=RULES),
        help_text="Kinds of calls after which a person is created, where `unknown_caller` says so.",
    )
    deals = serializers.ChoiceField(choices=Deals.choices)
    planned_calls = serializers.ChoiceField(
        choices=PlannedCalls.choices,
        help_text="Mark the rep's open call activity with the person on that day as done, after an answered call.",
    )
    region = serializers.ChoiceField(
        choices=regions(), help_text="The country whose national numbers people write in Pipedrive."
    )
    own_numbers = serializers.ListField(
        child=OwnNumberField(),
        max_length=1000,
        help_text="The whole list of the company's own numbers, learned and entered ones; answered in E.164.",
    )
    blocked_numbers = serializers.ListField(child=BlockedNumberField(), max_length=1000)
    minimum_seconds = serializers.IntegerField(min_value=0, max_value=86_400)
    subjects = SubjectsSerializer()
    notes = NotesSerializer()
    working_hours = WorkingHoursSerializer(
        help_text="By the clock in Helsinki, for example {“mon”: “08:00-16:00”}; an empty object: no hours are set."
    )
    outside_hours = serializers.ChoiceField(choices=OutsideHours.choices)
    follow_up = serializers.BooleanField(help_text="Make a follow-up task for missed calls that are logged.")
    follow_up_after = serializers.IntegerField(min_value=1, max_value=FOLLOW_UP_AFTER_AT_MOST)
    follow_up_unit = serializers.ChoiceField(choices=FollowUpUnit.choices)
    follow_up_for = serializers.ChoiceField(choices=FollowUpFor.choices)
    webhook_auth = serializers.ChoiceField(choices=MustalinjaAccount.WebhookAuth.choices, allow_null=True)

    def validate_create_person_for(self, value: list[str]) -> list[str]:
        return [kind for kind in RULES if kind in value]


def read_settings(user: User) -> dict[str, Any]:
    """The settings of a person's company."""
    return settings_of(cast("Company", user.company))


def settings_of(company: Company) -> dict[str, Any]:
    """A company's settings; `webhook_auth` is null before Mustalinja is linked."""
    policy = LoggingPolicy.of(company)
    account = MustalinjaAccount.objects.filter(company=company).first()
    return {
        **{name: getattr(company, name) for name in OF_COMPANY},
        **{name: getattr(policy, name) for name in OF_POLICY},
        "rules": {kind: getattr(policy, kind) for kind in RULES},
        "subjects": {kind: policy.subject_for(kind) for kind in RULES},
        "notes": {kind: policy.note_for(kind) for kind in RULES},
        "own_numbers": own_numbers_of(company),
        "webhook_auth": account.webhook_auth if account else None,
    }


def write_settings(user: User, changes: dict[str, Any]) -> None:
    """Change what `changes` names and leave the rest. To be called in a transaction: what is refused is refused whole.

    Raises:
        rest_framework.serializers.ValidationError: Mustalinja is not linked yet, persons are to be created after no
            kind of call, or calls outside working hours left out where none are set.
    """
    company = cast("Company", user.company)
    before = LoggingPolicy.of(company)
    change_company(company, **{name: changes[name] for name in OF_COMPANY if name in changes})
    if "webhook_auth" in changes:
        _write_webhook_auth(company, changes["webhook_auth"])
    if "own_numbers" in changes:
        shown, wanted = set(own_numbers_of(company)), set(changes["own_numbers"])
        change_own_numbers(company, added=wanted - shown, removed=shown - wanted)
    _write_policy(company, _of_policy(changes))
    settings_changed(company, before=before)


def _write_webhook_auth(company: Company, mode: str | None) -> None:
    """None is what is told before Mustalinja is linked, and may be sent back until then."""
    accounts = MustalinjaAccount.objects.filter(company=company)
    if mode is None and accounts.exists():
        raise serializers.ValidationError({"webhook_auth": [_("Choose one of the ways of authentication.")]})
    if mode is not None and not accounts.update(webhook_auth=mode):
        raise serializers.ValidationError({"webhook_auth": [_("Enter the Mustalinja credentials first.")]})


def _of_policy(changes: dict[str, Any]) -> dict[str, Any]:
    """What of the changes lies in the policy, by its columns."""
    subjects = {f"subject_{kind}": text for kind, text in changes.get("subjects", {}).items()}
    notes = {f"note_{kind}": text for kind, text in changes.get("notes", {}).items()}
    values: dict[str, Any] = {name: changes[name] for name in OF_POLICY if name in changes}
    values.update(changes.get("rules", {}))
    return values | subjects | notes


def _write_policy(company: Company, values: dict[str, Any]) -> None:
    if not values:
        return
    policy, _created = LoggingPolicy.objects.update_or_create(company=company, defaults=values)
    if policy.unknown_caller == UnknownCaller.CREATE_PERSON and not policy.create_person_for:
        raise serializers.ValidationError({"create_person_for": [NO_KIND_CHOSEN]})
    if policy.outside_hours == OutsideHours.SKIP and not policy.working_hours:
        raise serializers.ValidationError({"outside_hours": [NO_HOURS]})
