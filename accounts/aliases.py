"""Email aliases: the addresses by which Mustalinja knows people whom we and Pipedrive know by another."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.models import EmailAlias, User
from accounts.signals import alias_added


class AliasRefusedError(Exception):
    """An address cannot be an alias; the message says why, in the reader's language."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


def add_alias(person: User, *, email: str) -> EmailAlias:
    """Let calls that Mustalinja has under an address be this person's. Those that wait for it go on.

    Raises:
        AliasRefusedError: the address stands for somebody of the company already.
    """
    email = email.lower()
    company = person.company
    if company is None:
        raise AliasRefusedError(_("This person does not belong to a company."))
    if User.objects.filter(company=company, email=email).exists():
        text = _("%(email)s is a colleague's own address. Calls with it are that colleague's without an alias.")
        raise AliasRefusedError(text % {"email": email})
    try:
        with transaction.atomic():
            alias = EmailAlias.objects.create(company=company, email=email, person=person)
    except IntegrityError as error:
        text = _("%(email)s is somebody's alias already. Remove it there first.")
        raise AliasRefusedError(text % {"email": email}) from error
    alias_added.send(sender=EmailAlias, company=company)
    return alias
