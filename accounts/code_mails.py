"""Mailing licence codes to an address, through the queue: an order's to whoever ordered, support's to whom they say."""

from collections.abc import Iterable

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from accounts.letters import one_letter
from accounts.mails import mail_address
from accounts.models import CodeMail, Company, Letter, License, User
from accounts.signals import codes_to_mail


def mail_codes_to(email: str, *, company: Company, licenses: Iterable[License], language: str = "") -> CodeMail:
    """Have codes of a company mailed to an address.

    Args:
        language: `fi` or `en`; empty: that of the address's account, else the company's.
    """
    with transaction.atomic():
        mail = CodeMail.objects.create(company=company, email=email.lower(), language=language)
        mail.licenses.set(licenses)
        codes_to_mail.send(sender=CodeMail, mail=mail)
    return mail


def send_codes(pk: int) -> None:
    """Send a mail that has not been sent, once, with those of its codes that are still free and in force.

    Raises:
        OSError: the mail server does not take it; it is tried again.
    """
    mail = CodeMail.objects.select_related("company").filter(pk=pk).first()
    if mail is None:
        return
    licenses = list(License.objects.valid().free().filter(pk__in=mail.licenses.all()).order_by("pk"))
    if licenses:
        with one_letter(email=mail.email, kind=Letter.Kind.CODES, occasion=str(mail.pk)) as is_mine:
            if is_mine:
                _send(mail, licenses)
    mail.delete()


def _send(mail: CodeMail, licenses: list[License]) -> None:
    account = User.objects.filter(email=mail.email).first()
    language = mail.language or (account.language if account else "") or mail.company.language
    context = {
        "company": mail.company,
        "licenses": licenses,
        "sign_up_url": f"{settings.SITE_URL}{reverse('account_signup')}",
    }
    mail_address(mail.email, "accounts/email/license_codes", language=language, context=context)


def unsent_codes() -> list[int]:
    """Mails whose task was lost, or that the mail server did not take."""
    return list(CodeMail.objects.order_by("pk").values_list("pk", flat=True))
