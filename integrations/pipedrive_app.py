"""The app that SaaShop has registered with Pipedrive, as the settings name it."""

from django.conf import settings
from django.urls import reverse

from integrations.pipedrive.oauth import OAuthApp, checked_api_domain
from integrations.pipedrive.payloads import TokenGrant


def oauth_app() -> OAuthApp:
    """The app with its one registered callback URL."""
    return OAuthApp(
        server=settings.PIPEDRIVE_OAUTH_URL,
        client_id=settings.PIPEDRIVE_CLIENT_ID,
        client_secret=settings.PIPEDRIVE_CLIENT_SECRET,
        redirect_uri=settings.SITE_URL + reverse("integrations:pipedrive_callback"),
    )


def api_url_of(grant: TokenGrant) -> str:
    """Where the API of a grant is. A company may change its domain, so every answer of the token endpoint counts.

    Raises:
        UntrustedDomainError: the grant names a host that is not Pipedrive's.
    """
    return settings.PIPEDRIVE_API_URL or checked_api_domain(grant.api_domain)
