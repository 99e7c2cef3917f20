"""Ending a kind of mails by the link in one of them, without logging in."""

from django.conf import settings
from django.core import signing
from django.urls import reverse

from accounts.models import Letter, User

SALT = "unsubscribe"


def unsubscribe_url(person: User, kind: str) -> str:
    """The link in a person's mail that ends mails of its kind."""
    token = signing.dumps([person.pk, str(kind)], salt=SALT)
    path = reverse("accounts:unsubscribe", args=[token])
    return f"{settings.SITE_URL}{path}"


def whose_mails(token: str) -> tuple[User, Letter.Kind] | None:
    """The person and the kind of mails that a link stands for; None for one that we have not made, or of somebody who
    has gone.
    """
    try:
        pk, kind = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        return None
    person = User.objects.filter(pk=pk).first()
    return (person, Letter.Kind(kind)) if person is not None else None


def gets(person: User, kind: Letter.Kind) -> bool:
    """Whether a person still gets mails of a kind."""
    return person.gets_digest if kind == Letter.Kind.DIGEST else person.summary != User.Summary.NONE


def unsubscribe(person: User, kind: Letter.Kind) -> None:
    """Send no more mails of a kind. The person's settings say so, too."""
    if kind == Letter.Kind.DIGEST:
        person.gets_digest = False
        person.save(update_fields=["gets_digest"])
    else:
        person.summary = User.Summary.NONE
        person.save(update_fields=["summary"])
