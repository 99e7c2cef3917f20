"""What `manage.py check` says of the settings of the outside world."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register  # noqa: A004 - Django's own names


@register()
def check_pipedrive_app(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:
    """Without the registered app nobody can connect Pipedrive."""
    if settings.PIPEDRIVE_CLIENT_ID and settings.PIPEDRIVE_CLIENT_SECRET:
        return []
    return [
        Warning(
            "PIPEDRIVE_CLIENT_ID and PIPEDRIVE_CLIENT_SECRET are not set: nobody can connect Pipedrive.",
            hint="Register an app in Pipedrive's Developer Hub and set both; see docs/configuration.md.",
            id="integrations.W001",
        )
    ]


@register(deploy=True)
def check_urls_are_https(app_configs: Any, **_kwargs: Any) -> list[CheckMessage]:
    """In production tokens and calls travel encrypted."""
    names = ("SITE_URL", "PIPEDRIVE_OAUTH_URL", "PIPEDRIVE_API_URL", "MUSTALINJA_API_URL")
    return [
        Error(f"{name} is not https.", hint="Use the https address.", id="integrations.E001")
        for name in names
        if getattr(settings, name) and not getattr(settings, name).startswith("https://")
    ]
