"""A company's link to Mustalinja: credentials, the webhook's address and its signing secret."""

import datetime
import logging

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from accounts.models import Company, User
from integrations.errors import IntegrationError, UnauthorizedError
from integrations.models import MustalinjaAccount
from integrations.mustalinja.api import MustalinjaApi
from integrations.mustalinja.signature import new_secret
from integrations.phone_numbers import read_dialled
from integrations.signals import mustalinja_linked

logger = logging.getLogger(__name__)

OLD_SECRET_LIVES = datetime.timedelta(hours=24)


def webhook_url(account: MustalinjaAccount) -> str:
    """The public address to which Mustalinja sends this company's calls."""
    path = reverse("calls:mustalinja_webhook", args=[account.webhook_key])
    return f"{settings.SITE_URL}{path}"


def mustalinja_account_of(user: User) -> MustalinjaAccount | None:
    """The Mustalinja account of a person's company, if its admin has linked it."""
    return MustalinjaAccount.objects.filter(company=user.company).first() if user.company else None


def test_credentials(*, api_key: str, api_secret: str) -> None:
    """Ask Mustalinja whether the credentials are right; nothing is asked where no address of its API is set.

    Raises:
        UnauthorizedError: they are wrong.
        IntegrationError: Mustalinja could not be asked.
    """
    if settings.MUSTALINJA_API_URL:
        _api(api_key=api_key, api_secret=api_secret).company_name()


def save_credentials(*, company: Company, api_key: str, api_secret: str) -> tuple[MustalinjaAccount, str | None]:
    """Keep tested credentials and give the new signing secret; None when the company has one already."""
    now = timezone.now() if settings.MUSTALINJA_API_URL else None
    first_secret = new_secret()
    account, created = MustalinjaAccount.objects.get_or_create(
        company=company, defaults={"api_key": api_key, "api_secret": api_secret, "secret": first_secret}
    )
    account.api_key, account.api_secret = api_key, api_secret
    account.credentials_accepted, account.credentials_checked_at = (True if now else None), now
    account.save(update_fields=["api_key", "api_secret", "credentials_accepted", "credentials_checked_at"])
    register_webhook(account)
    mustalinja_linked.send(sender=MustalinjaAccount, company=company)
    return account, first_secret if created else None


def register_webhook(account: MustalinjaAccount) -> None:
    """Tell Mustalinja the webhook's address and secret. Where that fails, the admin hands them over by hand."""
    if not settings.MUSTALINJA_API_URL:
        return
    try:
        api_of(account).register_webhook(url=webhook_url(account), secret=account.secret)
    except IntegrationError as error:
        logger.warning("company %s: the webhook could not be registered: %s", account.company_id, error)
        account.webhook_registered_at = None
    else:
        account.webhook_registered_at = timezone.now()
    account.save(update_fields=["webhook_registered_at"])


def register_missing_webhooks() -> None:
    """Register what could not be registered before, so that a new signing secret reaches Mustalinja in its 24 hours."""
    unregistered = MustalinjaAccount.objects.filter(webhook_registered_at=None).exclude(credentials_accepted=False)
    for pk in unregistered.values_list("pk", flat=True):
        register_webhook(MustalinjaAccount.objects.get(pk=pk))


def numbers_of_users(company: Company) -> set[str]:
    """The numbers of a company's users in Mustalinja, in E.164; none where Mustalinja's API has no address.

    Raises:
        IntegrationError: Mustalinja could not be asked.
    """
    account = MustalinjaAccount.objects.filter(company=company).first()
    if account is None or not settings.MUSTALINJA_API_URL:
        return set()
    numbers = (read_dialled(number) for number in api_of(account).numbers_of_users())
    return {number.e164 for number in numbers if number is not None and number.e164}


def rotate_secret(account: MustalinjaAccount) -> str:
    """A new signing secret, which is also given to Mustalinja. The old one stays valid for 24 hours."""
    account.previous_secret = account.secret
    account.previous_secret_ends_at = timezone.now() + OLD_SECRET_LIVES
    account.secret = new_secret()
    account.save(update_fields=["previous_secret", "previous_secret_ends_at", "secret"])
    register_webhook(account)
    return account.secret


def check_credentials(account: MustalinjaAccount) -> None:
    """See whether Mustalinja accepts the credentials now; when it cannot be asked, the last answer stands."""
    if not settings.MUSTALINJA_API_URL:
        return
    try:
        api_of(account).company_name()
    except UnauthorizedError:
        account.credentials_accepted = False
    except IntegrationError as error:
        logger.warning("company %s: Mustalinja could not be asked: %s", account.company_id, error)
    else:
        account.credentials_accepted = True
    account.credentials_checked_at = timezone.now()
    account.save(update_fields=["credentials_accepted", "credentials_checked_at"])


def _api(*, api_key: str, api_secret: str) -> MustalinjaApi:
    return MustalinjaApi(base_url=settings.MUSTALINJA_API_URL, api_key=api_key, api_secret=api_secret)


def api_of(account: MustalinjaAccount) -> MustalinjaApi:
    """Mustalinja's REST API with a company's credentials."""
    return _api(api_key=account.api_key, api_secret=account.api_secret)
