"""The company's settings as one JSON object, though they live in three tables."""

from typing import Any, cast

from django.utils.translation import gettext as _
from rest_framework import serializers

from accounts.models import Company, User
from calls.blocked_numbers import clean_blocked_number
from calls.models import RULES, LoggingPolicy, LogRule
from calls.resume import settings_changed
from integrations.models import MustalinjaAccount

PLAIN = ("activity_type", "minimum_seconds", "blocked_numbers")


class BlockedNumberField(serializers.CharField):
    """A number in any spelling, or a prefix with `*` behind it; kept in E.164."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return clean_blocked_number(super().to_internal_value(data))
        except ValueError as error:
            raise serializers.ValidationError(str(error)) from error


class KnownFieldsSerializer(serializers.Serializer[Any]):
    """Refuses what is not a field: a word spelled wrong must not look saved."""

    def to_internal_value(self, data: Any) -> Any:
        unknown = sorted(set(data) - set(self.fields)) if isinstance(data, dict) else []
        if unknown:
            raise serializers.ValidationError({name: [_("There is no such setting.")] for name in unknown})
        return super().to_internal_value(data)


class RulesSerializer(KnownFieldsSerializer):
    """What becomes of each kind of call."""

    in_answered = serializers.ChoiceField(choices=LogRule.choices, required=False)
    in_missed = serializers.ChoiceField(choices=LogRule.choices, required=False)
    out_answered = serializers.ChoiceField(choices=LogRule.choices, required=False)
    out_unanswered = serializers.ChoiceField(choices=LogRule.choices, required=False)


class CompanySettingsSerializer(KnownFieldsSerializer):
    """The settings that a company's admin may read and change."""

    language = serializers.ChoiceField(choices=Company.Language.choices)
    activity_type = serializers.RegexField(r"^[\w-]+$", max_length=64)
    rules = RulesSerializer()
    blocked_numbers = serializers.ListField(child=BlockedNumberField(), max_length=1000)
    minimum_seconds = serializers.IntegerField(min_value=0, max_value=86_400)
    webhook_auth = serializers.ChoiceField(choices=MustalinjaAccount.WebhookAuth.choices, allow_null=True)

    def validate_webhook_auth(self, value: str | None) -> str:
        if value is None:
            raise serializers.ValidationError(_("Choose one of the ways of authentication."))
        return value


def read_settings(user: User) -> dict[str, Any]:
    """The settings of a person's company; `webhook_auth` is null before Mustalinja is linked."""
    company = cast("Company", user.company)
    policy = LoggingPolicy.of(company)
    account = MustalinjaAccount.objects.filter(company=company).first()
    return {
        "language": company.language,
        "activity_type": policy.activity_type,
        "rules": {rule: getattr(policy, rule) for rule in RULES},
        "blocked_numbers": policy.blocked_numbers,
        "minimum_seconds": policy.minimum_seconds,
        "webhook_auth": account.webhook_auth if account else None,
    }


def write_settings(user: User, changes: dict[str, Any]) -> None:
    """Change what `changes` names and leave the rest.

    Raises:
        rest_framework.serializers.ValidationError: Mustalinja is not linked yet.
    """
    company = cast("Company", user.company)
    if "language" in changes:
        company.language = changes["language"]
        company.save(update_fields=["language"])
    if "webhook_auth" in changes:
        accounts = MustalinjaAccount.objects.filter(company=company)
        if not accounts.update(webhook_auth=changes["webhook_auth"]):
            raise serializers.ValidationError({"webhook_auth": [_("Enter the Mustalinja credentials first.")]})
    values = {name: changes[name] for name in PLAIN if name in changes} | changes.get("rules", {})
    if values:
        LoggingPolicy.objects.update_or_create(company=company, defaults=values)
    settings_changed(company)
