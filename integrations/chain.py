"""What links a person's calls to Pipedrive, read in one query: pages ask for it every few seconds."""

from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.db.models import Exists, OuterRef, Q

from accounts.models import User
from integrations.models import MustalinjaAccount, PipedriveAccount, PipedriveConnection

READ_WITH_ACCOUNT = ("contact_index", "subscription")


@dataclass(frozen=True, kw_only=True)
class Chain:
    """The links themselves; what is missing is None.

    Attributes:
        account: of the person's own connection, else one of the company's.
        is_email_confirmed: the address with which the person logs in.
        has_colleagues_elsewhere: somebody of the company is connected to another Pipedrive company.
    """

    user: User
    connection: PipedriveConnection | None
    account: PipedriveAccount | None
    mustalinja: MustalinjaAccount | None
    is_email_confirmed: bool
    has_colleagues_elsewhere: bool


def chain_of(user: User) -> Chain:
    """The links of a person as they are in the database now."""
    account_fields = [f"pipedrive_connection__account__{name}" for name in READ_WITH_ACCOUNT]
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), email=OuterRef("email"), verified=True)
    elsewhere = PipedriveConnection.objects.filter(
        ~Q(account=OuterRef("pipedrive_connection__account")), user__company=OuterRef("company")
    )
    read = (
        User.objects.select_related("company__mustalinja", *account_fields)
        .annotate(is_email_confirmed=Exists(confirmed), has_colleagues_elsewhere=Exists(elsewhere))
        .get(pk=user.pk)
    )
    connection = getattr(read, "pipedrive_connection", None)
    return Chain(
        user=read,
        connection=connection,
        account=connection.account if connection else _account_of_company(read),
        mustalinja=getattr(read.company, "mustalinja", None),
        is_email_confirmed=read.is_email_confirmed,
        has_colleagues_elsewhere=connection is not None and read.has_colleagues_elsewhere,
    )


def _account_of_company(user: User) -> PipedriveAccount | None:
    if user.company is None:
        return None
    connected = PipedriveAccount.objects.filter(company=user.company, connections__isnull=False)
    return connected.select_related(*READ_WITH_ACCOUNT).distinct().first()
