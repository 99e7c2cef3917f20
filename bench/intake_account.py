"""A company whose webhooks the portal takes, and what it has taken. Runs inside the portal's Django."""

from django.apps import apps
from django.contrib.auth import get_user_model

from calls.models import Call, WebhookDelivery
from integrations.models import ContactIndex, MustalinjaAccount
from integrations.mustalinja.signature import new_secret

REPS = 20


def open_account() -> dict[str, str]:
    """Make a company with reps and a link to Mustalinja; its key and its signing secret."""
    user, company = get_user_model(), apps.get_model("accounts", "Company")(name="Kuorma Oy")
    company.save()
    user.objects.bulk_create(user(email=f"rep{number}@kuorma.example", company=company) for number in range(REPS))
    MustalinjaAccount.objects.create(company=company, api_key="key", api_secret="", secret=new_secret())
    return account()


def account() -> dict[str, str]:
    """The key and the signing secret of the one company that there is."""
    only = MustalinjaAccount.objects.get()
    return {"key": only.webhook_key, "secret": only.secret}


def is_swept() -> bool:
    """Whether the persons of a Pipedrive account have been read."""
    return ContactIndex.objects.filter(swept_at__isnull=False).exists()


def stored() -> dict[str, int]:
    """How many calls and deliveries are in the database."""
    return {"calls": Call.objects.count(), "deliveries": WebhookDelivery.objects.count()}
