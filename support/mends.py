"""What support mends in a company with one button; each deed is in the audit log, in one transaction with it, or before
it where it is done in pieces.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.db import models, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.audit import record
from accounts.audit_entry import Action
from accounts.models import Company
from calls.models import Call
from calls.queue import resume_soon
from calls.reasons import Status
from calls.resending import try_in_pieces
from integrations.backfills import Backfill
from integrations.contact_upkeep import sweep_soon
from integrations.missing_calls import ask_for_calls_now
from integrations.models import ContactIndex, MustalinjaAccount


class NothingToMendError(Exception):
    """There is nothing to do, or it cannot be done; the message says why, in the reader's language."""


@dataclass(frozen=True, kw_only=True)
class Mend:
    """A button.

    Attributes:
        right: what somebody must be allowed to do with which model, such as `mend`.
        warning: what somebody has to confirm, with a reason; empty where the mend is harmless.
        do: does it and says what was done.
        fits: whether the button has anything to do with this company.
    """

    name: str
    label: Promise | str
    model: type[models.Model]
    right: str
    warning: Promise | str
    do: Callable[[HttpRequest, Company, str], str]
    fits: Callable[[Company], bool]


def try_calls_again(request: HttpRequest, company: Company, reason: str) -> str:
    """Try every call of the company that failed or waits."""
    keys = list(calls_to_try(company).order_by("pk").values_list("pk", flat=True))
    _record(Action.SEND_AGAIN, request, company, reason)
    count = try_in_pieces(keys)
    return ngettext("%d call is in the queue.", "%d calls are in the queue.", count) % count


def calls_to_try(company: Company) -> "QuerySet[Call]":
    """The company's calls that failed or wait; the second condition leads SQLite to their index."""
    open_ones = Call.objects.filter(company=company, status__in=(Status.FAILED, Status.WAITING))
    return open_ones.exclude(status=Status.LOGGED)


def read_persons_anew(request: HttpRequest, company: Company, reason: str) -> str:
    """Have the persons of the company's Pipedrive read from the first to the last.

    Raises:
        NothingToMendError: nobody has connected Pipedrive.
    """
    indexes = list(ContactIndex.objects.filter(account__company=company).select_related("account"))
    if not indexes:
        raise NothingToMendError(_("Nobody of this company has connected Pipedrive."))
    with transaction.atomic():
        for index in indexes:
            sweep_soon(index)
        _record(Action.READ_ANEW, request, company, reason)
    return _("The persons are being read anew.")


def fetch_missing_calls(request: HttpRequest, company: Company, reason: str) -> str:
    """Pull the company's calls of the last 30 days that no webhook has brought.

    Raises:
        NothingToMendError: there are no credentials, or Mustalinja's API has no address.
    """
    if not settings.MUSTALINJA_API_URL:
        raise NothingToMendError(_("The address of Mustalinja's API is not set."))
    account = MustalinjaAccount.objects.filter(company=company).first()
    if account is None:
        raise NothingToMendError(
            _("The company has no Mustalinja credentials. Its admin enters them on the Integrations page.")
        )
    with transaction.atomic():
        ask_for_calls_now(account, Backfill.Cause.SUPPORT)
        _record(Action.FETCH_MISSING_CALLS, request, company, reason)
    return _("Missing calls are being fetched.")


def suspend(request: HttpRequest, company: Company, reason: str) -> str:
    """Receive and keep the company's calls, and log none, until it is resumed.

    Raises:
        NothingToMendError: somebody was faster.
    """
    now = timezone.now()
    with transaction.atomic():
        if not Company.objects.filter(pk=company.pk, suspended_at=None).update(suspended_at=now):
            raise NothingToMendError(_("The company is suspended already."))
        _record(Action.SUSPENDED, request, company, reason)
    return _("The company is suspended: its calls are kept and not logged.")


def resume(request: HttpRequest, company: Company, reason: str) -> str:
    """Log the company's calls again, those kept meanwhile first.

    Raises:
        NothingToMendError: somebody was faster.
    """
    with transaction.atomic():
        suspended = Company.objects.filter(pk=company.pk, suspended_at__isnull=False)
        if not suspended.update(suspended_at=None):
            raise NothingToMendError(_("The company is not suspended."))
        _record(Action.RESUMED, request, company, reason)
        resume_soon(company.pk)
    return _("The company is in force again; the calls kept meanwhile are being logged.")


def _record(action: Action, request: HttpRequest, company: Company, reason: str) -> None:
    record(action=action, request=request, company=company, subject=company, reason=reason)


MENDS = {
    mend.name: mend
    for mend in (
        Mend(
            name="calls",
            label=gettext_lazy("Try the calls again"),
            model=Call,
            right="mend",
            warning=gettext_lazy(
                "Every call of this company that failed or waits is tried again now. What still has its cause waits or"
                " fails again; each costs the customer Pipedrive tokens."
            ),
            do=try_calls_again,
            fits=lambda _company: True,
        ),
        Mend(
            name="persons",
            label=gettext_lazy("Read the persons anew"),
            model=ContactIndex,
            right="mend",
            warning="",
            do=read_persons_anew,
            fits=lambda _company: True,
        ),
        Mend(
            name="missing",
            label=gettext_lazy("Fetch missing calls"),
            model=MustalinjaAccount,
            right="mend",
            warning="",
            do=fetch_missing_calls,
            fits=lambda company: hasattr(company, "mustalinja"),
        ),
        Mend(
            name="suspend",
            label=gettext_lazy("Suspend the company"),
            model=Company,
            right="change",
            warning=gettext_lazy(
                "From now on this company's calls are received and kept, and none is logged, until somebody resumes it."
            ),
            do=suspend,
            fits=lambda company: not company.is_suspended,
        ),
        Mend(
            name="resume",
            label=gettext_lazy("Resume the company"),
            model=Company,
            right="change",
            warning=gettext_lazy("The calls that were kept meanwhile are logged now, the oldest first."),
            do=resume,
            fits=lambda company: company.is_suspended,
        ),
    )
}
"""By the name in the address, in the order of the buttons."""
