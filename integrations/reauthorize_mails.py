"""Telling a person, and the company's admins, that Pipedrive has to be connected again: once each, however many calls
and workers notice it.

Who sends a mail has claimed it on the connection's row. When the mail server does not take it, the claim is given back
and the mail is tried again every minute; connecting again makes all of it void.
"""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.mails import mail_admins_of, mail_person, send_each
from accounts.models import User
from integrations.models import PipedriveConnection


def _dead() -> "QuerySet[PipedriveConnection]":
    """Without those that somebody else has just taken over: they are about to go."""
    return PipedriveConnection.objects.filter(state=PipedriveConnection.State.REAUTHORIZE, pipedrive_user_id__gt=0)


def mail_reauthorize(connection_id: int) -> None:
    """Mail whoever has not been told yet that this connection must be authorized again.

    Raises:
        OSError: the mail server does not take it; what was not sent is tried again later.
    """
    connection = _dead().select_related("user", "account__company").filter(pk=connection_id).first()
    if connection is None:
        return
    person, company = connection.user, connection.account.company
    context: dict[str, Any] = {"person": person, "account": connection.account}
    with _Claim(connection, "person_mailed_at") as is_mine:
        if is_mine and person.is_active:
            mail_person(person, company, "integrations/email/reauthorize", context=context)
    with _Claim(connection, "admins_mailed_at") as is_mine:
        if is_mine:
            others = User.objects.exclude(pk=person.pk)
            mail_admins_of(company, "integrations/email/reauthorize_admin", context=context, among=others)


class _Claim:
    """One of a connection's mails, for this worker alone; given back when it could not be sent."""

    def __init__(self, connection: PipedriveConnection, field: str) -> None:
        self._rows = _dead().filter(pk=connection.pk, connected_at=connection.connected_at)
        self._field = field

    def __enter__(self) -> bool:
        unclaimed = self._rows.filter(**{f"{self._field}__isnull": True})
        return unclaimed.update(**{self._field: timezone.now()}) == 1

    def __exit__(self, error: type[BaseException] | None, *_details: object) -> None:
        if error is not None:
            self._rows.update(**{self._field: None})


def mail_all_untold() -> None:
    """Send the mails that were lost with a task, or that the mail server did not take."""
    untold = _dead().filter(Q(person_mailed_at=None) | Q(admins_mailed_at=None))
    send_each(mail_reauthorize, untold.values_list("pk", flat=True))
