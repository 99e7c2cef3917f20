"""django-allauth's hooks: links in mails carry the portal's public address."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings

LINKS = ("activate_url", "password_reset_url", "signup_url")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Builds the links of mails from SITE_URL: a Host header is the sender's word and no basis for a mailed link."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        links = {name: _public(context[name]) for name in LINKS if name in context}
        super().send_mail(template_prefix, email, context | links)


def _public(url: str) -> str:
    public, parts = urlsplit(settings.SITE_URL), urlsplit(url)
    return parts._replace(scheme=public.scheme, netloc=public.netloc).geturl()
