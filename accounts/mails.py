"""Mails to the people of a company, as text and HTML, each in the language of their account, else in the company's."""

import logging
from collections.abc import Callable, Iterable
from smtplib import SMTPDataError, SMTPRecipientsRefused
from typing import Any, TypeVar

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils import translation

from accounts.mail_html import html_of
from accounts.models import Company, User

logger = logging.getLogger(__name__)

REFUSED_ALONE = (SMTPRecipientsRefused, SMTPDataError)
"""The mail server is there, and does not take this mail or does not know this address."""

Mail = TypeVar("Mail")


def send_each(send: Callable[[Mail], None], mails: Iterable[Mail]) -> None:
    """Send one after the other. One that the mail server refuses keeps no other back; when the server cannot be
    reached, the next one would wait for it as well, so the rest is left for the next time.
    """
    for each in mails:
        try:
            send(each)
        except REFUSED_ALONE as error:
            logger.warning("the mail server refuses a mail, it is tried again: %s", type(error).__name__)
        except OSError as error:
            logger.warning("a mail could not be sent, it is tried again: %s", type(error).__name__)
            return


def mail_admins_of(
    company: Company, template: str, *, context: dict[str, Any], among: "QuerySet[User] | None" = None
) -> None:
    """Send `<template>_subject.txt` and `<template>_message.txt` to each of a company's admins, or to those `among` the
    given people. Whom the mail server refuses gets none: tried again, the others would get theirs again and again.

    Raises:
        OSError: the mail server is away.
    """
    people = User.objects.all() if among is None else among
    admins = people.filter(company=company, is_company_admin=True, is_active=True)
    for admin in admins:
        try:
            mail_person(admin, company, template, context=context)
        except REFUSED_ALONE as error:
            logger.warning("the mail server refuses a mail to user %s: %s", admin.pk, type(error).__name__)


def mail_person(
    person: User, company: Company, template: str, *, context: dict[str, Any], unsubscribe_url: str = ""
) -> None:
    """Send the same two templates to one person of a company.

    Raises:
        OSError: the mail server does not take it.
    """
    language = person.language or company.language
    texts = {"company": company, **context}
    mail_address(person.email, template, language=language, context=texts, unsubscribe_url=unsubscribe_url)


def mail_address(
    email: str, template: str, *, language: str, context: dict[str, Any], unsubscribe_url: str = ""
) -> None:
    """Send the same two templates to an address, whether its owner has an account or not.

    Args:
        unsubscribe_url: ends mails of this kind when it is posted to; the mail program gets it, too (RFC 8058).

    Raises:
        OSError: the mail server does not take it.
    """
    with translation.override(language):
        texts = {"site_url": settings.SITE_URL, "unsubscribe_url": unsubscribe_url, **context}
        subject = " ".join(render_to_string(f"{template}_subject.txt", texts).split())
        message = render_to_string(f"{template}_message.txt", texts)
        html = html_of(message, subject=subject)
    one_click = {"List-Unsubscribe": f"<{unsubscribe_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    mail = EmailMultiAlternatives(subject, message, None, [email], headers=one_click if unsubscribe_url else None)
    mail.attach_alternative(html, "text/html")
    mail.send()
