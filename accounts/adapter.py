"""django-allauth's hooks: links in mails carry the portal's public address, and mails have their HTML."""

from typing import Any
from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives

from accounts.mail_html import html_of
from accounts.models import User

LINKS = ("activate_url", "password_reset_url", "signup_url")


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Builds the links of mails from SITE_URL: a Host header is the sender's word and no basis for a mailed link."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        links = {name: _public(context[name]) for name in LINKS if name in context}
        super().send_mail(template_prefix, email, context | links)

    def render_mail(
        self,
        template_prefix: str,
        email: str | list[str],
        context: dict[str, Any],
        headers: dict[str, str] | None = None,
    ) -> EmailMessage:
        """allauth's own text with HTML beside it."""
        text: EmailMessage = super().render_mail(template_prefix, email, context, headers)
        both = EmailMultiAlternatives(text.subject, text.body, text.from_email, text.to, headers=text.extra_headers)
        both.attach_alternative(html_of(str(text.body), subject=str(text.subject)), "text/html")
        return both

    def send_notification_mail(
        self, template_prefix: str, user: User, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        """Tell of changes of the two-step login only: allauth asks for all its notifications or none."""
        if template_prefix.startswith("mfa/"):
            self.send_mail(template_prefix, email or user.email, context or {})


def _public(url: str) -> str:
    public, parts = urlsplit(settings.SITE_URL), urlsplit(url)
    return parts._replace(scheme=public.scheme, netloc=public.netloc).geturl()
